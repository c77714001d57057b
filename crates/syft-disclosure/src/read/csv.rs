//! Tables in text: CSV, TSV, and their relatives with other marks between cells.

use super::{NotRead, Read, Room};
use crate::cell::Cell;
use crate::rules::ReadLimits;
use crate::table::Table;

const INVALID: NotRead = NotRead("it is no valid table of text");

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
    let first = first.map_err(|_| INVALID)?;
    room.columns(first.len())?;
    room.take(first.len())?;
    let mut records = records.peekable();
    let second = records.peek().and_then(|record| record.as_ref().ok());
    let second: Vec<&str> = second.into_iter().flatten().collect();
    let mut table = match is_header(first.iter(), &second) {
        true => Table::new(first.iter()),
        false => {
            let mut table = Table::new(first.iter().map(|_| ""));
            table.push(first.iter());
            table
        }
    };
    table = table.named(name);
    for record in records {
        let record = record.map_err(|_| INVALID)?;
        room.columns(record.len())?;
        room.take(record.len() + 1)?;
        table.push(record.iter());
    }
    Ok(table)
}

/// A first line with numbers is a row, unless it has a text above a number.
pub(super) fn is_header<'a>(first: impl Iterator<Item = &'a str>, second: &[&str]) -> bool {
    let is_number = |cell: &str| Cell::of(cell).number.is_some();
    let (mut all, mut numbers, mut above) = (0, 0, false);
    for (at, cell) in first.enumerate() {
        all += 1;
        let number = is_number(cell);
        numbers += usize::from(number);
        let below = second.get(at).is_some_and(|below| is_number(below));
        above |= !number && !Cell::of(cell).is_empty() && below;
    }
    numbers == 0 || numbers * 2 < all || above
}
