//! Numbers in sentences: "n = 3", "only 3 patients", a total of one person.

use std::ops::Range;

use crate::cell::{Number, folded};
use crate::checks::dominance;
use crate::finding::FindingKind;
use crate::found::Found;
use crate::known::Known;
use crate::naming::Naming;
use crate::rules::Rules;
use crate::table::Table;
use crate::tokens::spans;

/// Words before a number of people: "there are 3 patients".
const BEFORE_PEOPLE: &[&str] = &[
    "are", "is", "were", "was", "only", "of", "just", "found", "with", "has", "have", "had", "for",
];

pub(crate) fn check<'a>(lines: &Table, known: &[Known<'a>], rules: &Rules, found: &mut Found<'a>) {
    for row in 0..lines.len() {
        let line = folded(lines.cell(row, 0));
        let words = spans(&line);
        for (at, word) in words.iter().enumerate() {
            let word = line.get(word.clone()).unwrap_or_default();
            let Some(number) = Number::of(word) else { continue };
            for known in known.iter().filter(|known| dominance::is_risky(&number, known)) {
                found.of(known.name).at(FindingKind::Dominance, row + 1, None);
            }
            let Some(count) = number.count() else { continue };
            if !is_count(&words, at, &line) {
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

/// Whether the number at this word counts people, by the words beside it and what stands
/// between them.
fn is_count(words: &[Range<usize>], at: usize, line: &str) -> bool {
    let span = |at: Option<usize>| at.and_then(|at| words.get(at));
    let word = |span: Option<&Range<usize>>| span.and_then(|it| line.get(it.clone())).unwrap_or("");
    let (before, after) = (span(at.checked_sub(1)), span(at.checked_add(1)));
    let gap = words.get(at).and_then(|number| {
        let end = before.map_or(0, |before| before.end);
        line.get(end..number.start)
    });
    let gap = gap.unwrap_or("").trim();
    let counts = |word: &str| !word.is_empty() && Naming::of(word) == Naming::Count;
    // "patients: 3", "n=3", "patients 3".
    let told_before = counts(word(before)) && matches!(gap, "" | "=" | ":");
    let told_after = counts(word(after))
        && (before.is_none()
            || BEFORE_PEOPLE.contains(&word(before))
            || gap.ends_with([':', '=', '(']));
    told_before || told_after
}
