//! JSON as tables: lists of objects, objects of lists, objects of objects either way,
//! and what is left as one row.

mod maps;
mod node;
mod rows;
mod views;

use self::node::Node;
use super::{NotRead, Read, Room};
use crate::rules::ReadLimits;
use crate::table::Table;

pub(super) fn read(text: &str, stem: &str, limits: &ReadLimits) -> Read<Vec<Table>> {
    let mut room = Room::of(limits);
    let node = node::parse(&node::without_nan(text), &mut room)?;
    views::tables(&node, stem, &mut room)
}

/// Each line by itself; all lines that are objects together are the rows of a table.
pub(super) fn read_lines(text: &str, stem: &str, limits: &ReadLimits) -> Read<Vec<Table>> {
    let mut room = Room::of(limits);
    let text = node::without_nan(text);
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        lines.push(node::parse(line, &mut room)?);
    }
    if lines.is_empty() {
        return Err(NotRead("it holds no line of JSON"));
    }
    views::tables(&Node::List(lines), stem, &mut room)
}
