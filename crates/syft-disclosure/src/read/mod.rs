//! From the bytes of a file to tables, a text, or the reason why there are none.
//! Whatever the bytes are, this ends within the limits and does not panic.

mod csv;
mod image;
mod json;
mod kind;
#[cfg(feature = "parquet")]
mod parquet;
mod text;

use syft_core::DatasitePath;

use self::kind::Kind;
use crate::rules::ReadLimits;
use crate::table::Table;

pub(crate) use self::image::Picture;

/// Why a file holds no table that could be compared. It quotes nothing of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotRead(pub(crate) &'static str);

type Read<T> = Result<T, NotRead>;

const TOO_LARGE: NotRead = NotRead("it is larger than what is looked at");
const TOO_MANY_CELLS: NotRead = NotRead("it has more cells or columns than are looked at");

/// A value may be in several tables of its file: those by rows, by columns and around it.
const VIEWS: usize = 3;

#[derive(Debug)]
pub(crate) enum Content {
    Tables(Vec<Table>),
    /// The lines as a table of one column, and the tables that stand in the text.
    Text {
        lines: Table,
        tables: Vec<Table>,
    },
    Image(Picture),
    /// A type that cannot be looked into.
    Odd(&'static str),
    /// A type that could be, but not this file.
    Unreadable(&'static str),
}

pub(crate) fn read(path: &DatasitePath, bytes: &[u8], limits: &ReadLimits) -> Content {
    if bytes.is_empty() {
        return Content::Tables(Vec::new());
    }
    let kind = match kind::of(path, bytes) {
        Ok(kind) => kind,
        Err(NotRead(why)) => return Content::Odd(why),
    };
    if bytes.len() > limits.bytes {
        return Content::Unreadable(TOO_LARGE.0);
    }
    let stem = stem(path);
    match tables_or_text(kind, stem, bytes, limits) {
        Ok(content) if !fits(&content, limits) => Content::Unreadable(TOO_MANY_CELLS.0),
        Ok(content) => content,
        Err(NotRead(why)) => Content::Unreadable(why),
    }
}

fn tables_or_text(kind: Kind, stem: &str, bytes: &[u8], limits: &ReadLimits) -> Read<Content> {
    Ok(match kind {
        Kind::Image => Content::Image(image::look(bytes)?),
        #[cfg(feature = "parquet")]
        Kind::Parquet => Content::Tables(parquet::read(bytes, stem, limits)?),
        #[cfg(not(feature = "parquet"))]
        Kind::Parquet => return Err(NotRead("this program was built without Parquet")),
        Kind::Csv => {
            let text = kind::decoded(bytes)?;
            let delimiter = csv::delimiter(&text).unwrap_or(b',');
            Content::Tables(vec![csv::read(&text, delimiter, stem, limits)?])
        }
        Kind::Tsv => Content::Tables(vec![csv::read(&kind::decoded(bytes)?, b'\t', stem, limits)?]),
        Kind::Json => Content::Tables(json::read(&kind::decoded(bytes)?, stem, limits)?),
        Kind::JsonLines => Content::Tables(json::read_lines(&kind::decoded(bytes)?, stem, limits)?),
        Kind::Text => text::read(&kind::decoded(bytes)?, stem, limits)?,
    })
}

/// The name of a file without its ending.
fn stem(path: &DatasitePath) -> &str {
    let name = path.file_name();
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

/// Whether the tables fit the limits with all cells that no row has written.
fn fits(content: &Content, limits: &ReadLimits) -> bool {
    let (lines, tables) = match content {
        Content::Tables(tables) => (None, tables.as_slice()),
        Content::Text { lines, tables } => (Some(lines), tables.as_slice()),
        _ => (None, &[] as &[Table]),
    };
    let cells = |table: &Table| table.len().saturating_mul(table.columns().len().max(1));
    let all = tables.iter().chain(lines).map(cells);
    all.fold(0, usize::saturating_add) <= limits.cells.saturating_mul(VIEWS)
}

/// Takes what is read off what is left of the limits.
#[derive(Debug)]
pub(crate) struct Room {
    cells: usize,
    columns: usize,
    text: usize,
}

impl Room {
    pub(crate) fn of(limits: &ReadLimits) -> Self {
        let text = limits.bytes.saturating_mul(VIEWS);
        let cells = limits.cells.saturating_mul(VIEWS);
        Room { cells, columns: limits.columns, text }
    }

    pub(crate) fn columns(&self, columns: usize) -> Read<()> {
        if columns > self.columns { Err(TOO_MANY_CELLS) } else { Ok(()) }
    }

    pub(crate) fn take(&mut self, cells: usize) -> Read<()> {
        self.cells = self.cells.checked_sub(cells).ok_or(TOO_MANY_CELLS)?;
        Ok(())
    }

    pub(crate) fn text(&mut self, bytes: usize) -> Read<()> {
        self.text = self.text.checked_sub(bytes).ok_or(TOO_LARGE)?;
        Ok(())
    }
}
