//! What differs from a result that was released before: the difference is a result too.

use std::collections::HashMap;

use super::View;
use crate::cell::{Cell, Number, hash_of};
use crate::checker::Earlier;
use crate::finding::FindingKind;
use crate::found::Found;
use crate::index::{Grid, Index, name_of};
use crate::known::Known;
use crate::rules::Rules;
use crate::table::Table;

/// A number with fewer digits is met by chance.
const DIGITS: u16 = 3;

/// A table that was released before.
#[derive(Debug)]
pub(crate) struct Before<'a> {
    what: &'a str,
    columns: Vec<u64>,
    counts: Vec<bool>,
    rows: HashMap<u64, Vec<Cell>>,
}

impl<'a> Before<'a> {
    pub(crate) fn of(earlier: &'a Earlier, known: &[Known<'_>]) -> Self {
        let table = &earlier.table;
        let cells = Grid::of(table);
        let counts = super::counts::columns(table, &cells, known);
        let keys = keys(table, &cells, &counts);
        let rows =
            cells.rows().map(|row| (key(row, &keys), row.to_vec())).collect::<HashMap<_, _>>();
        Before { what: &earlier.what, columns: names(table), counts, rows }
    }
}

pub(crate) fn check<'a>(
    view: &View<'_>,
    before: &Before<'a>,
    known: &[Known<'a>],
    rules: &Rules,
    found: &mut Found<'a>,
) {
    if names(view.table) != before.columns {
        return;
    }
    let keys = keys(view.table, &view.cells, &view.counts);
    for (number, row) in view.cells.rows().enumerate() {
        let Some(old) = before.rows.get(&key(row, &keys)) else { continue };
        for (column, (new, old)) in row.iter().zip(old).enumerate() {
            let (Some(new), Some(old)) = (new.number, old.number) else { continue };
            let is = |counts: &[bool]| counts.get(column) == Some(&true);
            let few = is(&view.counts) && is(&before.counts) && is_few(&new, &old, rules);
            if few {
                found.at(FindingKind::Difference, number + 1, Some(column));
                continue;
            }
            let name = view.table.columns().get(column).map_or("", String::as_str);
            for known in known.iter().filter(|known| is_one(&new, &old, name, known)) {
                found.of(known.name).at(FindingKind::Difference, number + 1, Some(column));
            }
        }
    }
    found.explain(FindingKind::Difference, before.what);
}

fn names(table: &Table) -> Vec<u64> {
    table.columns().iter().map(|name| name_of(name)).collect()
}

/// The columns that say which row it is: texts, and a first column of whole numbers.
fn keys(table: &Table, cells: &Grid, counts: &[bool]) -> Vec<bool> {
    (0..cells.width())
        .map(|column| {
            let texts = cells.column(column).any(|cell| !cell.is_empty() && cell.number.is_none());
            let name = table.columns().get(column).map_or("", String::as_str);
            let first = column == 0
                && cells.width() > 1
                && cells.len() > 1
                && crate::naming::Naming::of(name) != crate::naming::Naming::Count
                && counts.get(column) == Some(&false)
                && cells.column(column).all(|c| c.number.is_some_and(|n| n.count().is_some()));
            texts || first
        })
        .collect()
}

fn key(row: &[Cell], keys: &[bool]) -> u64 {
    let parts: Vec<u64> =
        row.iter().zip(keys).filter(|(_, key)| **key).map(|(cell, _)| cell.hash).collect();
    hash_of(&format!("{parts:?}"))
}

fn is_few(new: &Number, old: &Number, rules: &Rules) -> bool {
    let (Some(new), Some(old)) = (new.count(), old.count()) else { return false };
    (1..u64::from(rules.k)).contains(&new.abs_diff(old))
}

/// Whether a total grew or shrank by exactly what one person has in its column.
fn is_one(new: &Number, old: &Number, name: &str, known: &Known<'_>) -> bool {
    let difference = (new.value - old.value).abs();
    let tolerance = new.tolerance().min(old.tolerance());
    let plain = Number::of(&format!("{difference:.6}"));
    if difference <= tolerance || plain.is_none_or(|number| number.significant + 1 < DIGITS) {
        return false;
    }
    known.tables.iter().any(|table| is_in_column(table, name, difference, tolerance))
}

fn is_in_column(table: &Index, name: &str, value: f64, tolerance: f64) -> bool {
    let parts = name.split(|c: char| !c.is_alphanumeric()).map(name_of);
    let names: Vec<u64> = parts.chain([name_of(name)]).filter(|name| *name != 0).collect();
    table.near(value, tolerance).iter().any(|(_, spot)| {
        let column = usize::try_from(spot.column).ok().and_then(|at| table.columns.get(at));
        column.is_some_and(|column| names.contains(&column.name))
    })
}
