//! The checks, one file each. Each looks at one table or file and adds what it sees.

pub(crate) mod counts;
pub(crate) mod difference;
pub(crate) mod dominance;
pub(crate) mod many;
pub(crate) mod prose;
pub(crate) mod row_like;
pub(crate) mod rows;
pub(crate) mod types;
pub(crate) mod values;

use crate::index::Grid;
use crate::known::Known;
use crate::table::Table;

/// A table of an output.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) table: &'a Table,
    pub(crate) cells: Grid,
    /// Which columns are counts.
    pub(crate) counts: Vec<bool>,
}

impl<'a> View<'a> {
    pub(crate) fn of(table: &'a Table, known: &[Known<'_>]) -> Self {
        let cells = Grid::of(table);
        let counts = counts::columns(table, &cells, known);
        View { table, cells, counts }
    }
}
