//! What a finding says to a data owner: what was seen, why it may disclose, what to do.
//! No value of the data comes here: `why` is a sentence of this crate, or what a caller
//! named an earlier release.

use crate::finding::FindingKind;

pub(crate) fn detail(kind: FindingKind, times: u64, why: Option<&str>, k: u32) -> String {
    let places = match times {
        0 => "somewhere in the file".to_owned(),
        1 => "in one place".to_owned(),
        times => format!("in {times} places"),
    };
    match kind {
        FindingKind::SmallCount => format!(
            "{places}, it counts fewer than {k} people, who can be recognised by somebody who \
             knows one of them. Merge small groups or leave them out, or release without this file."
        ),
        FindingKind::RowCopy => format!(
            "{places}, it has a row of the private data as it is, and whoever reads it reads what \
             is known of one person. Release without this file."
        ),
        FindingKind::NearRowCopy => format!(
            "{places}, it has a row of the private data, rounded or with few cells changed, which \
             still says what is known of one person. Release without this file."
        ),
        FindingKind::RowLike => "it has about as many rows as the private data, so that a row is \
             likely to be about one person. Ask for groups of people instead, or release without \
             this file."
            .to_owned(),
        FindingKind::ManyValues => "one column has very many different values or texts, and such \
             a list can be the private column itself. Ask for groups of values instead, or release \
             without this file."
            .to_owned(),
        FindingKind::Dominance => format!(
            "{places}, it has a total or a mean that is mostly one person's or that of fewer than \
             {k}, so that their own number can be told from it. Round it or merge the group with \
             another, or release without this file."
        ),
        FindingKind::PrivateValue => format!(
            "{places}, it has a value that stands for one person in the private data, such as a \
             name or a number of theirs. Release without this file, or ask for the value to be \
             left out."
        ),
        FindingKind::OddType => format!(
            "{}, so that private data in it would not be seen. Release without this file, or ask \
             for the result as CSV, JSON or text.",
            why.unwrap_or("it holds a long run of encoded data")
        ),
        FindingKind::Image => "the picture is very large or its file holds more than the picture, \
             and either has room for private data. Look at it, and ask for a smaller one without \
             comments, or release without this file."
            .to_owned(),
        FindingKind::Difference => format!(
            "{places}, it differs from a result that was released before ({}) by fewer than {k} \
             people, whose own numbers are the difference. Round both, or release without this \
             file.",
            why.unwrap_or("of another run")
        ),
        FindingKind::Unreadable => format!(
            "{}, so that it was not looked into. Look at it yourself, or release without this \
             file.",
            why.unwrap_or("it could not be read")
        ),
        FindingKind::NotCompared => format!(
            "{}, so that copies of private rows in it would not be seen. Look at it yourself, or \
             release without this file.",
            why.unwrap_or(
                "it, or what was made with it, is so large that not all of its rows were compared"
            )
        ),
        FindingKind::UnroundedCount => format!(
            "{places}, it has a count of people that is not rounded; together with another exact \
             count it can tell of one person. Rounding to 5 or 10 avoids that."
        ),
    }
}
