//! Values that stand for one person, wherever they are.

use syft_core::DatasitePath;

use super::View;
use crate::finding::FindingKind;
use crate::found::Found;
use crate::known::Known;

/// As many characters of letters and digits without a blank are data in another form.
const ENCODED: usize = 256;

pub(crate) fn check<'a>(view: &View<'_>, known: &[Known<'a>], found: &mut Found<'a>) {
    let table = view.table;
    for known in known {
        let mut look = |text: &str, row: usize, column: usize| {
            if known.is_told_in(text) {
                found.of(known.name).at(FindingKind::PrivateValue, row, Some(column));
            }
        };
        // A key of JSON is the name of what it holds.
        look(&table.name, 0, 0);
        for (column, name) in table.columns().iter().enumerate() {
            look(name, 0, column);
        }
        for row in 0..table.len() {
            for column in 0..table.columns().len() {
                look(table.cell(row, column), row + 1, column);
            }
        }
    }
    for row in 0..table.len() {
        for column in 0..table.columns().len() {
            if is_encoded(table.cell(row, column)) {
                found.at(FindingKind::OddType, row + 1, Some(column));
            }
        }
    }
}

/// The name of a file, which the job chose.
pub(crate) fn check_name<'a>(path: &DatasitePath, known: &[Known<'a>], found: &mut Found<'a>) {
    for known in known.iter().filter(|known| known.is_told_in(path.as_str())) {
        found.of(known.name).whole(FindingKind::PrivateValue);
    }
}

/// Base64 or hexadecimal digits at length.
fn is_encoded(text: &str) -> bool {
    text.len() >= ENCODED
        && text.split_whitespace().any(|word| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b);
            word.len() >= ENCODED && word.bytes().all(plain)
        })
}
