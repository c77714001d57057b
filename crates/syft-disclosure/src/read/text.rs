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
/// which the header may lack the name of the index, or one without a header.
fn aligned(block: &str, stem: &str, room: &mut Room) -> Read<Option<Table>> {
    let lines = block.lines().filter(|line| !line.trim().is_empty());
    let mut lines: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
    let Some(width) = lines.last().map(Vec::len).filter(|width| *width >= 2) else {
        return Ok(None);
    };
    let Some(first) = lines.first().map(Vec::len) else { return Ok(None) };
    let fits = first == width || first + 1 == width;
    if !fits || lines.len() < 2 || lines.iter().skip(1).any(|line| line.len() != width) {
        return Ok(None);
    }
    room.columns(width)?;
    room.take(width.saturating_mul(lines.len()))?;
    let second = lines.get(1).map_or(&[] as &[&str], Vec::as_slice);
    let is_header = |line: &Vec<&str>| csv::is_header(line.iter().copied(), second);
    let has_header = first < width || lines.first().is_some_and(is_header);
    let header = if has_header { lines.remove(0) } else { vec![""; width] };
    let index = (header.len() < width).then_some("");
    let mut table = Table::new(index.into_iter().chain(header)).named(stem);
    for row in lines {
        table.push(row);
    }
    Ok(Some(table))
}
