//! What is known of a dataset: its private tables, what of it is public, and which
//! values stand for one person.

use std::collections::HashSet;

use syft_core::DatasetName;

use crate::cell::{Cell, hash_of};
use crate::checker::Private;
use crate::checks::dominance::{self, Risky};
use crate::index::{Grid, Index};
use crate::rules::Rules;
use crate::table::Table;
use crate::tokens::{MOST_WORDS, grams, grams_of_value, tokens};

#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) name: &'a DatasetName,
    pub(crate) tables: Vec<Index>,
    /// Whether there is data of which nothing could be read to compare with.
    pub(crate) is_unread: bool,
    /// Totals and means that say much about one person.
    pub(crate) risky: Vec<Risky>,
    /// The values of the mock.
    public: HashSet<u64>,
    public_rows: HashSet<u64>,
    /// Values that stand for one person, as runs of words.
    telling: HashSet<u64>,
}

impl<'a> Known<'a> {
    pub(crate) fn of(private: &'a Private, rules: &Rules) -> Self {
        let tables: Vec<Index> = private.tables.iter().map(Index::of).collect();
        let mut known = Known {
            name: &private.name,
            is_unread: !private.whole && private.tables.is_empty(),
            risky: dominance::risky(&tables, rules),
            public: HashSet::new(),
            public_rows: HashSet::new(),
            telling: HashSet::new(),
            tables,
        };
        for (table, index) in private.tables.iter().zip(&known.tables) {
            known.telling.extend(telling(table, index));
        }
        for table in &private.public {
            known.publish(table);
        }
        // The names of the columns are those of the mock, and no values.
        for name in private.tables.iter().flat_map(Table::columns) {
            for gram in grams_of_value(&tokens(name)) {
                known.telling.remove(&gram.hash);
            }
        }
        known
    }

    fn publish(&mut self, table: &Table) {
        let grid = Grid::of(table);
        for row in grid.rows() {
            self.public.extend(row.iter().map(|cell| cell.hash));
            self.public_rows.insert(row_hash(row));
        }
        for row in 0..table.len() {
            for column in 0..table.columns().len() {
                for gram in grams_of_value(&tokens(table.cell(row, column))) {
                    self.telling.remove(&gram.hash);
                }
            }
        }
    }

    pub(crate) fn is_public(&self, cell: Cell) -> bool {
        self.public.contains(&cell.hash)
    }

    pub(crate) fn is_public_row(&self, row: &[Cell]) -> bool {
        self.public_rows.contains(&row_hash(row))
    }

    /// Whether a value is one of the dataset or of its mock: the name of a group.
    pub(crate) fn has(&self, cell: Cell) -> bool {
        self.is_public(cell) || self.tables.iter().any(|table| table.has(cell))
    }

    /// Whether a text holds a value that stands for one person.
    pub(crate) fn is_told_in(&self, text: &str) -> bool {
        !self.telling.is_empty()
            && grams(&tokens(text)).any(|gram| self.telling.contains(&gram.hash))
    }

    pub(crate) fn rows(&self) -> usize {
        self.tables.iter().map(Index::len).max().unwrap_or_default()
    }
}

/// The cells of a row, in any order.
fn row_hash(row: &[Cell]) -> u64 {
    let mut hashes: Vec<u64> =
        row.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.hash).collect();
    hashes.sort_unstable();
    hash_of(&format!("{hashes:?}"))
}

/// The values of columns in which nearly each row has its own.
fn telling(table: &Table, index: &Index) -> Vec<u64> {
    let mut found = Vec::new();
    let columns = index.columns.iter().enumerate().filter(|(_, column)| column.is_identifying());
    for (column, _) in columns {
        let mut parts = Vec::new();
        for row in 0..table.len() {
            let words = tokens(table.cell(row, column));
            let grams = grams_of_value(&words).into_iter().filter(|gram| gram.is_telling());
            let target = if words.len() > MOST_WORDS { &mut parts } else { &mut found };
            target.extend(grams.map(|gram| gram.hash));
        }
        // Four words that stand in the texts of several rows are a phrase.
        parts.sort_unstable();
        let runs = parts.chunk_by(|a, b| a == b).filter(|run| run.len() == 1);
        found.extend(runs.flatten());
    }
    found
}
