//! Tables with about as many rows as the private data.

use super::View;
use crate::cell::real;
use crate::finding::FindingKind;
use crate::found::Found;
use crate::index::Index;
use crate::known::Known;
use crate::naming::Naming;
use crate::rules::Rules;

/// The share of the different values of a column that must be private ones.
const SAME_VALUES: f64 = 0.9;
/// Numbers are in many columns by chance: fewer different ones say nothing.
const FEW: usize = 5;
/// Tables with more rows than this and about as many as people are like the rows.
const MANY_ROWS: usize = 100;
/// So many rows and exactly as many private ones are no chance.
const SAME_ROWS: usize = 20;

/// What counts the rounds of a training and not people.
const ROUNDS: &[&str] = &["epoch", "step", "iteration", "iter", "round", "batch"];

pub(crate) fn check<'a>(view: &View<'_>, known: &Known<'a>, rules: &Rules, found: &mut Found<'a>) {
    let like = known
        .tables
        .iter()
        .any(|table| has_most_rows(view, table, rules) && shared_columns(view, table) >= 2);
    if like || is_one_row_each(view, known, rules) {
        found.of(known.name).whole(FindingKind::RowLike);
    }
}

fn has_most_rows(view: &View<'_>, table: &Index, rules: &Rules) -> bool {
    let few = usize::try_from(rules.k).unwrap_or(usize::MAX);
    view.cells.len() >= few && are_most(view.cells.len(), table.len(), rules)
}

/// Whether so many rows are like the rows of a private table of this length.
pub(crate) fn are_most(rows: usize, private: usize, rules: &Rules) -> bool {
    real(rows) >= real(private) * rules.rows_share
}

/// How many private columns the values of the table come from.
fn shared_columns(view: &View<'_>, table: &Index) -> usize {
    let mut used = vec![false; table.columns.len()];
    for column in 0..view.cells.width() {
        if view.counts.get(column) == Some(&true) {
            continue;
        }
        if let Some(source) = source(view, column, table)
            && let Some(place) = used.get_mut(source)
        {
            *place = true;
        }
    }
    used.into_iter().filter(|used| *used).count()
}

/// The private column that a column of the table comes from.
pub(crate) fn source(view: &View<'_>, column: usize, table: &Index) -> Option<usize> {
    let mut cells: Vec<_> = view.cells.column(column).filter(|cell| !cell.is_empty()).collect();
    cells.sort_unstable_by_key(|cell| cell.hash);
    cells.dedup_by_key(|cell| cell.hash);
    let numbers = cells.iter().filter(|cell| cell.number.is_some()).count();
    if cells.is_empty() || (numbers * 2 > cells.len() && cells.len() < FEW) {
        return None;
    }
    let mut hits = vec![0usize; table.columns.len()];
    for cell in &cells {
        let places = table.places(*cell);
        let mut columns: Vec<u32> = places.iter().map(|(_, spot)| spot.column).collect();
        columns.sort_unstable();
        columns.dedup();
        for column in columns {
            let hit = usize::try_from(column).ok().and_then(|column| hits.get_mut(column));
            if let Some(hit) = hit {
                *hit += 1;
            }
        }
    }
    let (best, hits) = hits.into_iter().enumerate().max_by_key(|(_, hits)| *hits)?;
    let share = real(hits) / real(cells.len());
    (share >= SAME_VALUES).then_some(best)
}

/// Many rows, about one for each private row, whatever is in them: predictions, say.
fn is_one_row_each(view: &View<'_>, known: &Known<'_>, rules: &Rules) -> bool {
    let (rows, private) = (view.cells.len(), known.rows());
    let first = view.table.columns().first().map_or("", String::as_str).to_lowercase();
    let counted = view.table.columns().iter().any(|name| Naming::of(name) == Naming::Count);
    let same = rows == private && rows >= SAME_ROWS;
    (same || rows > MANY_ROWS)
        && are_most(rows, private, rules)
        && rows <= private.saturating_mul(2)
        && view.cells.width() >= 2
        && !(counted && rows.saturating_mul(2) < private)
        && !ROUNDS.iter().any(|round| first.contains(round))
}
