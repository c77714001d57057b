//! A text, and the tables that stand in it: with marks, or aligned with blanks.

use super::{Content, Read, Room, csv};
use crate::rules::ReadLimits;
use crate::table::Table;

pub(super) fn read(text: &str, stem: &str, limits: &ReadLimits) -> Read<Content> {
    let mut room = Room::of(limits);
    let mut lines = Table::new([""]).named(stem);
    for line in text.lines() {
        room.take(1)?;
        lines.push([line]);
    }
    let mut tables = Vec::new();
    for block in blocks(text) {
        if let Some(table) = aligned(block, stem, &mut room)? {
            tables.push(table);
        }
        if let Some(table) = marked(block, stem, limits)? {
            room.take(table.len() * table.columns().len())?;
            tables.push(table);
        }
    }
    Ok(Content::Text { lines, tables })
}

/// Lines that stand together.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").flat_map(|block| block.split("\r\n\r\n")).filter(|b| !b.trim().is_empty())
}

/// A block whose lines have the same number of cells, two or more, between marks.
fn marked(block: &str, stem: &str, limits: &ReadLimits) -> Read<Option<Table>> {
    let Some(mark) = csv::delimiter(block) else { return Ok(None) };
    let rule = |line: &str| line.bytes().all(|b| b"|-+: \t".contains(&b));
    let lines: Vec<&str> = block
        .lines()
        .filter(|line| !rule(line))
        .map(|line| if mark == b'|' { line.trim().trim_matches('|') } else { line })
        .collect();
    let marks = |line: &&str| line.bytes().filter(|b| *b == mark).count();
    let same = lines.first().map(marks).unwrap_or_default();
    if (same == 0 && mark != b'|')
        || lines.len() < 2
        || !lines.iter().all(|line| marks(line) == same)
    {
        return Ok(None);
    }
    Ok(Some(csv::read(&lines.join("\n"), mark, stem, limits)?))
}

/// A block of lines with the same number of words: a table as pandas prints it, in
/// which the header may lack the name of the index.
fn aligned(block: &str, stem: &str, room: &mut Room) -> Read<Option<Table>> {
    let mut lines = block.lines().filter(|line| !line.trim().is_empty());
    let Some(header) = lines.next() else { return Ok(None) };
    let header: Vec<&str> = header.split_whitespace().collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
    let Some(width) = rows.first().map(Vec::len) else { return Ok(None) };
    let fits = header.len() == width || header.len() + 1 == width;
    if width < 2 || !fits || rows.iter().any(|row| row.len() != width) {
        return Ok(None);
    }
    room.columns(width)?;
    room.take(width * (rows.len() + 1))?;
    let index = (header.len() < width).then_some("");
    let mut table = Table::new(index.into_iter().chain(header)).named(stem);
    for row in rows {
        table.push(row);
    }
    Ok(Some(table))
}
