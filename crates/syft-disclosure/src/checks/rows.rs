//! Rows of private data, as they are, or rounded, or with few cells changed.

use super::View;
use crate::cell::{Cell, real};
use crate::finding::FindingKind;
use crate::found::Found;
use crate::index::{Index, Spot, name_of};
use crate::known::Known;
use crate::rules::Rules;

/// A value in more rows than this leads to none of them.
const MOST_PLACES: usize = 256;
/// From how many cells of a row the way to private rows is looked for.
const STARTS: usize = 3;
/// Less than this many private rows fit by chance: it is this one.
const BY_CHANCE: f64 = 0.05;
/// Wider rows are compared in their first columns.
const MOST_COLUMNS: usize = 256;

/// How much of a row of an output is in a private row.
#[derive(Debug, Default)]
struct Match {
    exact: usize,
    near: usize,
    /// Cells in a column of the same name.
    named: usize,
    /// How many private rows are expected to fit by chance.
    chance: f64,
    identifying: bool,
}

/// Looks at each row. `false` if the limit of comparisons ended it.
pub(crate) fn check<'a>(
    view: &View<'_>,
    known: &Known<'a>,
    rules: &Rules,
    left: &mut u64,
    found: &mut Found<'a>,
) -> bool {
    let names: Vec<u64> = view.table.columns().iter().map(|name| name_of(name)).collect();
    let header: Vec<Cell> = view.table.columns().iter().map(|name| Cell::of(name)).collect();
    // The first line of a table without a header was taken for one.
    let rows = std::iter::once(header.as_slice()).chain(view.cells.rows());
    for (number, row) in rows.enumerate() {
        for table in &known.tables {
            let Some(kind) = look(row, &names, table, known, rules, left) else { continue };
            found.of(known.name).at(kind, number, None);
        }
        if *left == 0 {
            return false;
        }
    }
    true
}

fn look(
    row: &[Cell],
    names: &[u64],
    table: &Index,
    known: &Known<'_>,
    rules: &Rules,
    left: &mut u64,
) -> Option<FindingKind> {
    let filled: Vec<(usize, Cell)> = row
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, cell)| !cell.is_empty())
        .take(MOST_COLUMNS)
        .collect();
    if filled.len() < 2 || known.is_public_row(row) {
        return None;
    }
    let mut kind = None;
    for candidate in candidates(&filled, table) {
        let private = table.cells.row(candidate);
        let cost = filled.len() * private.len().min(MOST_COLUMNS);
        *left = left.saturating_sub(u64::try_from(cost).unwrap_or(u64::MAX));
        if *left == 0 {
            return kind;
        }
        let matched = compare(&filled, names, private, table, known);
        let cells = private.iter().filter(|cell| !cell.is_empty()).count();
        match judge(&matched, filled.len(), cells, rules) {
            Some(FindingKind::RowCopy) => return Some(FindingKind::RowCopy),
            other => kind = kind.or(other),
        }
    }
    kind
}

/// The private rows that share a rare value with the row, exactly or nearly.
fn candidates(row: &[(usize, Cell)], table: &Index) -> Vec<usize> {
    let mut ways: Vec<Vec<u32>> = Vec::new();
    for (_, cell) in row {
        let rows = |spots: &mut dyn Iterator<Item = Spot>| spots.map(|spot| spot.row).collect();
        let exact = table.places(*cell);
        if (1..=MOST_PLACES).contains(&exact.len()) {
            ways.push(rows(&mut exact.iter().map(|place| place.1)));
        }
        let Some(number) = cell.number else { continue };
        let near = table.near(number.value, number.rounding());
        if (1..=MOST_PLACES).contains(&near.len()) {
            ways.push(rows(&mut near.iter().map(|place| place.1)));
        }
    }
    ways.sort_by_key(Vec::len);
    let mut all: Vec<u32> = ways.into_iter().take(STARTS).flatten().collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().filter_map(|row| usize::try_from(row).ok()).collect()
}

/// Finds for each cell of the row one of the private row, each of which is used once.
fn compare(
    row: &[(usize, Cell)],
    names: &[u64],
    private: &[Cell],
    table: &Index,
    known: &Known<'_>,
) -> Match {
    let mut used = vec![false; private.len()];
    let mut found = Match::default();
    let all = real(table.len().max(1));
    found.chance = all;
    for (at, cell) in row {
        let name = names.get(*at).copied().unwrap_or_default();
        let fits = |column: usize, other: &Cell| {
            let same_name = table.columns.get(column).is_some_and(|c| c.name == name && name != 0);
            (!other.is_empty() && alike(*cell, *other)).then_some((
                cell.hash == other.hash,
                same_name,
                std::cmp::Reverse(column),
            ))
        };
        let places = private.iter().take(MOST_COLUMNS).enumerate();
        let free = places.filter(|(column, _)| used.get(*column) == Some(&false));
        let best = free.filter_map(|(column, other)| fits(column, other)).max();
        let Some((exact, same_name, std::cmp::Reverse(column))) = best else { continue };
        if let Some(place) = used.get_mut(column) {
            *place = true;
        }
        found.exact += usize::from(exact);
        found.near += 1;
        found.named += usize::from(same_name);
        found.identifying |= exact && identifies(*cell, column, table, known);
        let share = real(frequency(*cell, exact, table)) / all;
        found.chance *= share.min(1.0);
    }
    found
}

fn alike(cell: Cell, other: Cell) -> bool {
    match (cell.number, other.number) {
        _ if cell.hash == other.hash => true,
        (Some(printed), Some(meant)) => (printed.value - meant.value).abs() <= printed.rounding(),
        _ => false,
    }
}

fn frequency(cell: Cell, exact: bool, table: &Index) -> usize {
    match cell.number {
        Some(number) if !exact => table.near(number.value, number.rounding()).len(),
        _ => table.places(cell).len(),
    }
}

/// A value that says by itself which row it is from.
fn identifies(cell: Cell, column: usize, table: &Index, known: &Known<'_>) -> bool {
    let telling = match cell.number {
        Some(number) => number.significant >= 5,
        None => cell.letters >= 2,
    };
    telling
        && !known.is_public(cell)
        && table.columns.get(column).is_some_and(|column| column.is_identifying())
}

fn judge(found: &Match, row: usize, private: usize, rules: &Rules) -> Option<FindingKind> {
    let whole = row.min(private);
    let complete = found.named >= private && found.exact >= private && found.chance <= 1.0;
    let rare = found.chance < BY_CHANCE;
    let enough = complete || (found.near >= 3 && rare) || (found.near >= 2 && found.identifying);
    let share = real(found.near) / real(whole.max(1));
    match enough && whole >= 2 {
        true if found.exact >= whole => Some(FindingKind::RowCopy),
        true if share >= rules.near => Some(FindingKind::NearRowCopy),
        _ => None,
    }
}
