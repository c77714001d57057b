use syft_core::DatasitePath;

use crate::read::{self, Content, NotRead};
use crate::rules::ReadLimits;

/// A table of texts, as it was read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The name of the part of the file that it is: a key of JSON, or the file's own.
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
    /// Where each row ends in `ends`.
    rows: Vec<usize>,
}

impl Table {
    /// Makes a table of these columns, without rows.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Table { columns: columns.into_iter().map(Into::into).collect(), ..Table::default() }
    }

    /// The tables in a file; a text is one of lines, beside the tables that it holds.
    ///
    /// # Errors
    /// [`NotRead`] says why there are none: a picture, a type that is not known, a
    /// damaged file, one beyond the limits.
    pub fn read(
        path: &DatasitePath,
        bytes: &[u8],
        limits: &ReadLimits,
    ) -> Result<Vec<Table>, NotRead> {
        match read::read(path, bytes, limits) {
            Content::Tables(tables) => Ok(tables),
            Content::Text { lines, mut tables } => {
                tables.push(lines);
                Ok(tables)
            }
            Content::Image(_) => Err(NotRead("it is a picture")),
            Content::Odd(why) | Content::Unreadable(why) => Err(NotRead(why)),
        }
    }

    /// Adds a row. Cells beyond the columns make columns without a name.
    pub fn push<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let first = self.ends.len();
        for cell in cells {
            self.text.push_str(cell.as_ref());
            self.ends.push(self.text.len());
        }
        let width = self.ends.len() - first;
        if width > self.columns.len() {
            self.columns.resize(width, String::new());
        }
        self.rows.push(self.ends.len());
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The number of rows, without the header.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A cell by its row and column from 0; empty where there is none.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        let first = row.checked_sub(1).map_or(Some(0), |before| self.rows.get(before).copied());
        let (Some(first), Some(&end)) = (first, self.rows.get(row)) else { return "" };
        let at = first + column;
        if at >= end {
            return "";
        }
        let from = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        match (from, self.ends.get(at)) {
            (Some(from), Some(&to)) => self.text.get(from..to).unwrap_or_default(),
            _ => "",
        }
    }

    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}
