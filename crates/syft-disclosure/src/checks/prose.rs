//! Numbers in sentences: "n = 3", "only 3 patients", a total of one person.

use crate::cell::Number;
use crate::checks::dominance;
use crate::finding::FindingKind;
use crate::found::Found;
use crate::known::Known;
use crate::naming::Naming;
use crate::rules::Rules;
use crate::table::Table;
use crate::tokens::tokens;

/// Words before a number of people: "there are 3 patients".
const BEFORE_PEOPLE: &[&str] = &[
    "are", "is", "were", "was", "only", "of", "just", "found", "with", "has", "have", "had", "for",
];

pub(crate) fn check<'a>(lines: &Table, known: &[Known<'a>], rules: &Rules, found: &mut Found<'a>) {
    for row in 0..lines.len() {
        let line = lines.cell(row, 0);
        let words = tokens(line);
        for (at, word) in words.iter().enumerate() {
            let Some(number) = Number::of(word) else { continue };
            for known in known.iter().filter(|known| dominance::is_risky(&number, known)) {
                found.of(known.name).at(FindingKind::Dominance, row + 1, None);
            }
            let Some(count) = number.count() else { continue };
            if !is_count(&words, at, line) {
                continue;
            }
            if count > 0 && count < u64::from(rules.k) {
                found.at(FindingKind::SmallCount, row + 1, None);
            } else if count % 5 != 0 {
                found.at(FindingKind::UnroundedCount, row + 1, None);
            }
        }
    }
}

fn is_count(words: &[String], at: usize, line: &str) -> bool {
    let word = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", String::as_str);
    let (before, after) = (word(at.checked_sub(1)), word(at.checked_add(1)));
    let number = word(Some(at));
    let counts = |word: &str| !word.is_empty() && Naming::of(word) == Naming::Count;
    // "patients: 3", "n=3", "patients 3".
    let told_before = counts(before)
        && ["=", ":", " "].iter().any(|mark| {
            let folded = line.to_lowercase();
            [format!("{before}{mark}{number}"), format!("{before}{mark} {number}")]
                .iter()
                .any(|text| folded.contains(text.as_str()))
                || folded.contains(&format!("{before} {mark} {number}"))
        });
    let told_after = counts(after)
        && (at == 0
            || BEFORE_PEOPLE.contains(&before)
            || [":", "=", "("].iter().any(|mark| {
                line.contains(&format!("{mark}{number}"))
                    || line.contains(&format!("{mark} {number}"))
            }));
    told_before || told_after
}
