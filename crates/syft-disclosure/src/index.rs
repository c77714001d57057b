//! A private table, so that a value, a number near another and a row are found quickly.

use crate::cell::{Cell, folded, hash_of};
use crate::table::Table;

#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) cells: Grid,
    pub(crate) columns: Vec<Column>,
    /// Each value with its places, in order.
    values: Vec<(u64, Spot)>,
    /// Each number with its places, in order.
    numbers: Vec<(f64, Spot)>,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: u64,
    /// Rows that have a value here.
    pub(crate) filled: usize,
    pub(crate) distinct: usize,
    pub(crate) numbers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) row: u32,
    pub(crate) column: u32,
}

impl Column {
    /// Whether a value of it mostly stands for one row.
    pub(crate) fn is_identifying(&self) -> bool {
        self.filled > 0 && self.distinct * 2 > self.filled
    }

    pub(crate) fn is_numeric(&self) -> bool {
        self.filled > 0 && self.numbers * 10 >= self.filled * 9
    }
}

/// The cells of a table in a form that can be compared.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    cells: Vec<Cell>,
    width: usize,
    rows: usize,
}

impl Grid {
    pub(crate) fn of(table: &Table) -> Self {
        let (width, rows) = (table.columns().len(), table.len());
        let places = (0..rows).flat_map(|row| (0..width).map(move |column| (row, column)));
        let cells = places.map(|(row, column)| Cell::of(table.cell(row, column))).collect();
        Grid { cells, width, rows }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    pub(crate) fn row(&self, row: usize) -> &[Cell] {
        self.cells.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        (0..self.rows).map(|row| self.row(row))
    }

    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = Cell> {
        let inside = column < self.width;
        let from_here = self.cells.iter().skip(column).step_by(self.width.max(1));
        from_here.take(if inside { self.rows } else { 0 }).copied()
    }
}

impl Index {
    pub(crate) fn of(table: &Table) -> Self {
        let cells = Grid::of(table);
        let mut values = Vec::new();
        let mut numbers = Vec::new();
        for (row, line) in cells.rows().enumerate() {
            for (column, cell) in line.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let spot = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let spot = Spot { row: spot(row), column: spot(column) };
                values.push((cell.hash, spot));
                numbers.extend(cell.number.map(|number| (number.value, spot)));
            }
        }
        values.sort_unstable();
        numbers.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let columns = table.columns().iter().enumerate();
        let columns = columns.map(|(at, name)| column_of(name, cells.column(at))).collect();
        Index { cells, columns, values, numbers }
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The places of a value.
    pub(crate) fn places(&self, cell: Cell) -> &[(u64, Spot)] {
        let from = self.values.partition_point(|(hash, _)| *hash < cell.hash);
        let to = self.values.partition_point(|(hash, _)| *hash <= cell.hash);
        self.values.get(from..to).unwrap_or_default()
    }

    /// The places of the numbers that may have been printed as this one.
    pub(crate) fn near(&self, value: f64, tolerance: f64) -> &[(f64, Spot)] {
        let from = self.numbers.partition_point(|(number, _)| *number < value - tolerance);
        let to = self.numbers.partition_point(|(number, _)| *number <= value + tolerance);
        self.numbers.get(from..to.max(from)).unwrap_or_default()
    }

    pub(crate) fn has(&self, cell: Cell) -> bool {
        !self.places(cell).is_empty()
    }

    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        let name = name_of(name);
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Names of columns are the same in any case and with any marks between their words; a
/// column without a name is like no other.
pub(crate) fn name_of(name: &str) -> u64 {
    let plain: String = folded(name).chars().filter(|c| c.is_alphanumeric()).collect();
    if plain.is_empty() { 0 } else { hash_of(&plain) }
}

fn column_of(name: &str, cells: impl Iterator<Item = Cell>) -> Column {
    let mut hashes = Vec::new();
    let mut numbers = 0;
    for cell in cells.filter(|cell| !cell.is_empty()) {
        hashes.push(cell.hash);
        numbers += usize::from(cell.number.is_some());
    }
    let filled = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    Column { name: name_of(name), filled, distinct: hashes.len(), numbers }
}
