//! Tables in text: CSV, TSV, and their relatives with other marks between cells.

use super::{NotRead, Read, Room};
use crate::cell::Cell;
use crate::rules::ReadLimits;
use crate::table::Table;

/// The mark that stands most often in the first line, outside of quotes.
pub(super) fn delimiter(text: &str) -> Option<u8> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for b in line.bytes() {
        quoted ^= b == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(mark, _)| *mark == b && !quoted) {
            *count += 1;
        }
    }
    // The first of those that are equal.
    let best = counts.iter().rev().max_by_key(|(_, count)| *count)?;
    (best.1 > 0).then_some(best.0)
}

pub(super) fn read(text: &str, delimiter: u8, name: &str, limits: &ReadLimits) -> Read<Table> {
    let mut room = Room::of(limits);
    let mut records = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
        .into_records();
    let Some(first) = records.next() else { return Ok(Table::default()) };
    let first = first.map_err(|_| NotRead("it is no valid table of text"))?;
    room.columns(first.len())?;
    room.take(first.len())?;
    let mut table = match is_header(first.iter()) {
        true => Table::new(first.iter()),
        false => {
            let mut table = Table::new(first.iter().map(|_| ""));
            table.push(first.iter());
            table
        }
    };
    table = table.named(name);
    for record in records {
        let record = record.map_err(|_| NotRead("it is no valid table of text"))?;
        room.columns(record.len())?;
        room.take(record.len() + 1)?;
        table.push(record.iter());
    }
    Ok(table)
}

/// A first line with a number in it is a row: a column is seldom called 52.
pub(super) fn is_header<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let (mut all, mut numbers) = (0, 0);
    for cell in cells {
        all += 1;
        numbers += usize::from(Cell::of(cell).number.is_some());
    }
    numbers == 0 || numbers * 2 < all
}
