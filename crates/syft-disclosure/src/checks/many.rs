//! Columns with very many different values.

use super::View;
use super::row_like::{are_most, source};
use crate::finding::FindingKind;
use crate::found::Found;
use crate::known::Known;
use crate::rules::Rules;
use crate::tokens::tokens;

/// Fewer different values than this are a list of groups.
const MANY: usize = 20;
/// A cell with as many words is a text that somebody wrote.
const WORDS: usize = 4;
const LETTERS: usize = 24;

/// Texts and numbers of one dataset.
pub(crate) fn check<'a>(view: &View<'_>, known: &Known<'a>, rules: &Rules, found: &mut Found<'a>) {
    for column in 0..view.cells.width() {
        if view.counts.get(column) == Some(&true) {
            continue;
        }
        let (distinct, filled, texts) = figures(view, column);
        if distinct < MANY {
            continue;
        }
        for table in &known.tables {
            // As many values as there are rows are the column itself, if they repeat or not.
            let unique = texts * 2 > filled && distinct * 10 > filled * 9;
            let many = unique || are_most(filled, table.len(), rules);
            if many && source(view, column, table).is_some() && !is_public(view, column, known) {
                found.of(known.name).at(FindingKind::ManyValues, 1, Some(column));
            }
        }
    }
}

/// Free text, wherever it is from.
pub(crate) fn check_texts(view: &View<'_>, found: &mut Found<'_>) {
    for column in 0..view.cells.width() {
        let (distinct, filled, texts) = figures(view, column);
        if distinct < MANY || distinct * 10 <= filled * 9 || texts * 2 <= filled {
            continue;
        }
        let cells = (0..view.table.len()).map(|row| view.table.cell(row, column));
        let is_written = |cell: &&str| {
            cell.chars().filter(|c| c.is_alphabetic()).count() >= LETTERS
                && tokens(cell).len() >= WORDS
        };
        if cells.filter(is_written).count() * 2 > filled {
            found.at(FindingKind::ManyValues, 1, Some(column));
        }
    }
}

fn is_public(view: &View<'_>, column: usize, known: &Known<'_>) -> bool {
    let cells = view.cells.column(column).filter(|cell| !cell.is_empty());
    let (mut all, mut public) = (0usize, 0usize);
    for cell in cells {
        all += 1;
        public += usize::from(known.is_public(cell));
    }
    public * 10 >= all * 9
}

/// Different values, cells with a value, cells with a text.
fn figures(view: &View<'_>, column: usize) -> (usize, usize, usize) {
    let mut hashes = Vec::new();
    let mut texts = 0;
    for cell in view.cells.column(column).filter(|cell| !cell.is_empty()) {
        hashes.push(cell.hash);
        texts += usize::from(cell.number.is_none());
    }
    let filled = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    (hashes.len(), filled, texts)
}
