//! Totals and means that say much about one person.

use std::collections::HashMap;

use super::View;
use crate::cell::Number;
use crate::finding::FindingKind;
use crate::found::Found;
use crate::index::{Column, Index};
use crate::known::Known;
use crate::rules::Rules;

/// A column with more groups than this is none to group by.
const MOST_GROUPS: usize = 50;
/// Totals of all groups of all columns; more are not remembered.
const MOST_TOTALS: usize = 200_000;
/// A number with fewer digits is met by chance.
const DIGITS: u16 = 3;

/// A total or a mean that one person dominates, or that is of few.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Risky(f64);

pub(crate) fn risky(tables: &[Index], rules: &Rules) -> Vec<Risky> {
    let mut all = Vec::new();
    for table in tables {
        // Of a column of yes and no, a total is a count.
        let amounts = |column: &Column| {
            column.is_numeric() && (column.distinct > 2 || column.is_identifying())
        };
        let numeric = |column: &usize| table.columns.get(*column).is_some_and(amounts);
        let numbers: Vec<usize> = (0..table.columns.len()).filter(numeric).collect();
        let everybody = vec![0u64; table.len()];
        add(table, &everybody, &numbers, rules, &mut all);
        for column in (0..table.columns.len()).filter(|column| is_group(table, *column, rules)) {
            let groups: Vec<u64> = table.cells.column(column).map(|cell| cell.hash).collect();
            let others: Vec<usize> = numbers.iter().copied().filter(|n| *n != column).collect();
            add(table, &groups, &others, rules, &mut all);
            if all.len() > MOST_TOTALS {
                break;
            }
        }
    }
    all.sort_unstable_by(|Risky(a), Risky(b)| a.total_cmp(b));
    all
}

/// Texts that repeat, and numbers of which each has its k rows on average.
fn is_group(table: &Index, column: usize, rules: &Rules) -> bool {
    table.columns.get(column).is_some_and(|column| {
        let each = match column.is_numeric() {
            true => usize::try_from(rules.k).unwrap_or(usize::MAX),
            false => 2,
        };
        column.distinct <= MOST_GROUPS && column.distinct.saturating_mul(each) <= column.filled
    })
}

#[derive(Default)]
struct Group {
    people: u32,
    sum: f64,
    /// Of the amounts, whatever their sign.
    size: f64,
    largest: f64,
}

fn add(table: &Index, groups: &[u64], numbers: &[usize], rules: &Rules, all: &mut Vec<Risky>) {
    for column in numbers {
        let mut totals: HashMap<u64, Group> = HashMap::new();
        for (cell, group) in table.cells.column(*column).zip(groups) {
            let Some(Number { value, .. }) = cell.number else { continue };
            let total = totals.entry(*group).or_default();
            total.people = total.people.saturating_add(1);
            total.sum += value;
            total.size += value.abs();
            total.largest = total.largest.max(value.abs());
        }
        for group in totals.into_values() {
            let few = group.people < rules.k;
            let dominated = group.size > 0.0 && group.largest > rules.dominance * group.size;
            if few || dominated {
                all.extend([Risky(group.sum), Risky(group.sum / f64::from(group.people))]);
            }
        }
    }
}

pub(crate) fn check<'a>(view: &View<'_>, known: &Known<'a>, found: &mut Found<'a>) {
    for (row, cells) in view.cells.rows().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let Some(number) = cell.number else { continue };
            if view.counts.get(column) == Some(&false) && is_risky(&number, known) {
                found.of(known.name).at(FindingKind::Dominance, row + 1, Some(column));
            }
        }
    }
}

pub(crate) fn is_risky(number: &Number, known: &Known<'_>) -> bool {
    if number.significant < DIGITS {
        return false;
    }
    let tolerance = number.tolerance();
    let from = known.risky.partition_point(|Risky(value)| *value < number.value - tolerance);
    known.risky.get(from).is_some_and(|Risky(value)| *value <= number.value + tolerance)
}
