//! Counts of people: small ones, and ones that are not rounded.

use super::View;
use crate::cell::Cell;
use crate::finding::FindingKind;
use crate::found::Found;
use crate::index::Grid;
use crate::known::Known;
use crate::naming::{Naming, is_range, names_groups, names_things};
use crate::rules::Rules;
use crate::table::Table;

/// Counts that are all multiples of this are rounded.
const ROUNDED_TO: u64 = 5;

pub(crate) fn check(view: &View<'_>, rules: &Rules, found: &mut Found<'_>) {
    for (column, _) in view.counts.iter().enumerate().filter(|(_, is_count)| **is_count) {
        let counts: Vec<(usize, u64)> = view
            .cells
            .column(column)
            .enumerate()
            .filter_map(|(row, cell)| Some((row, cell.number?.count()?)))
            .collect();
        tell(&counts, column, rules, found);
    }
    let first = view.table.columns().first().map_or("", String::as_str);
    if !(first.is_empty() || names_things(first) || view.cells.width() == 2) {
        return;
    }
    // A row that says by its label that it is one of counts.
    for (row, cells) in view.cells.rows().enumerate() {
        if Naming::of(view.table.cell(row, 0)) != Naming::Count {
            continue;
        }
        for (column, cell) in cells.iter().enumerate() {
            let count = cell.number.and_then(|number| number.count());
            let new = view.counts.get(column) == Some(&false);
            if let Some(count) = count.filter(|_| new) {
                tell(&[(row, count)], column, rules, found);
            }
        }
    }
}

fn tell(counts: &[(usize, u64)], column: usize, rules: &Rules, found: &mut Found<'_>) {
    let small = |count: u64| count > 0 && count < u64::from(rules.k);
    for (row, _) in counts.iter().filter(|(_, count)| small(*count)) {
        found.at(FindingKind::SmallCount, *row + 1, Some(column));
    }
    let unrounded = counts.iter().filter(|(_, count)| count % ROUNDED_TO != 0 && !small(*count));
    for (row, _) in unrounded {
        found.at(FindingKind::UnroundedCount, *row + 1, Some(column));
    }
}

/// For each column, whether its numbers are counts of people.
pub(crate) fn columns(table: &Table, cells: &Grid, known: &[Known<'_>]) -> Vec<bool> {
    let look = Look { table, cells, known };
    (0..cells.width()).map(|column| look.is_count(column)).collect()
}

struct Look<'a> {
    table: &'a Table,
    cells: &'a Grid,
    known: &'a [Known<'a>],
}

impl Look<'_> {
    fn is_count(&self, column: usize) -> bool {
        let mut any = false;
        for cell in self.cells.column(column) {
            match cell.number {
                Some(number) if number.count().is_some() => any = true,
                Some(_) => return false,
                None if cell.is_empty() || self.is_suppressed(cell) => {}
                None => return false,
            }
        }
        any && self.is_count_by_name(column)
    }

    fn is_count_by_name(&self, column: usize) -> bool {
        let name = self.name(column);
        // `age.count` and `age_n` of a column that is private are counts all the same.
        match Naming::of(name) {
            Naming::Count => !self.is_private(name) || self.is_lone(),
            Naming::Other => false,
            Naming::Unknown if self.is_private(name) => false,
            Naming::Unknown => {
                self.is_lone()
                    || self.is_pivot(name)
                    || (self.has_groups(column) && !self.is_key(column))
            }
        }
    }

    /// The name of a column, or of what it stands in.
    fn name(&self, column: usize) -> &str {
        let name = self.table.columns().get(column).map_or("", String::as_str);
        if name.is_empty() && self.cells.width() == 1 { &self.table.name } else { name }
    }

    /// "fewer than 5", as somebody who rounds would write it.
    fn is_suppressed(&self, cell: Cell) -> bool {
        [5, 6, 10, 11].iter().any(|k| cell.hash == Cell::of(&format!("<{k}")).hash)
    }

    fn is_private(&self, name: &str) -> bool {
        self.known.iter().flat_map(|known| &known.tables).any(|table| table.named(name).is_some())
    }

    /// A number alone in its file.
    fn is_lone(&self) -> bool {
        self.cells.width() == 1 && self.cells.len() == 1
    }

    /// The name of the column is a group: a value of the data, or a range.
    fn is_pivot(&self, name: &str) -> bool {
        let one_row = self.cells.len() == 1 && names_groups(&self.table.name);
        let cell = Cell::of(name);
        let is_value = !cell.is_empty()
            && cell.number.is_none()
            && self.known.iter().any(|known| known.has(cell));
        one_row || is_value || is_range(name)
    }

    /// A column of labels that name groups of people.
    fn has_groups(&self, count: usize) -> bool {
        let enough = self.cells.len() > 1 || self.cells.width() == 2;
        enough && (0..self.cells.width()).any(|column| column != count && self.is_groups(column))
    }

    fn is_groups(&self, column: usize) -> bool {
        let (mut texts, mut all, mut groups) = (0, 0, 0);
        for (row, cell) in self.cells.column(column).enumerate().filter(|(_, c)| !c.is_empty()) {
            all += 1;
            let is_text = cell.number.is_none();
            let is_group = || {
                is_range(self.table.cell(row, column))
                    || self.known.iter().any(|known| known.has(cell))
            };
            texts += usize::from(is_text);
            groups += usize::from(is_text && is_group());
        }
        let name = self.name(column);
        let things = names_things(name) || all < 2;
        let by_texts = texts > 0 && texts * 2 > all && (groups * 2 > texts || !things);
        // Each age once, say, with how often it is there.
        by_texts || (self.is_private(name) && all > 1 && self.are_distinct(column))
    }

    fn are_distinct(&self, column: usize) -> bool {
        let mut hashes: Vec<u64> = self.cells.column(column).map(|cell| cell.hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.len() == self.cells.len()
    }

    /// The first column names the rows: it counts them from 0, or all its numbers differ
    /// and others are beside it.
    fn is_key(&self, column: usize) -> bool {
        let listed = |(row, cell): (usize, Cell)| {
            let number = cell.number.and_then(|number| number.count());
            number == u64::try_from(row).ok()
        };
        let others = (1..self.cells.width())
            .any(|other| self.cells.column(other).any(|cell| cell.number.is_some()));
        let distinct = others && self.are_distinct(column);
        column == 0 && (distinct || self.cells.column(0).enumerate().all(listed))
    }
}
