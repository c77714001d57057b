//! Rows that are gathered while the columns are not all known yet.

use std::collections::HashMap;

use super::super::{Read, Room};
use super::node::Node;
use crate::table::Table;

pub(super) struct Rows<'r> {
    room: &'r mut Room,
    names: Vec<String>,
    places: HashMap<String, usize>,
    rows: Vec<Vec<(usize, String)>>,
}

impl<'r> Rows<'r> {
    pub(super) fn new(room: &'r mut Room) -> Self {
        Rows { room, names: Vec::new(), places: HashMap::new(), rows: Vec::new() }
    }

    /// The column of a name, which is a new one if it was not met before.
    pub(super) fn column(&mut self, name: &str) -> Read<usize> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        let place = self.names.len();
        self.room.columns(place + 1)?;
        self.room.text(name.len())?;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        Ok(place)
    }

    pub(super) fn begin(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(super) fn put(&mut self, column: usize, node: &Node) -> Read<()> {
        let text = text_of(node);
        self.room.columns(column + 1)?;
        self.room.take(1)?;
        self.room.text(text.len())?;
        if let Some(row) = self.rows.last_mut() {
            row.push((column, text));
        }
        Ok(())
    }

    /// The values of an object, those of objects in it under names with a point.
    pub(super) fn put_all(&mut self, entries: &[(String, Node)], before: &str) -> Read<()> {
        for (key, node) in entries {
            // A long name before many short ones would be written often.
            self.room.text(before.len())?;
            let name = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
            match node {
                Node::Map(inner) => self.put_all(inner, &name)?,
                other => {
                    let column = self.column(&name)?;
                    self.put(column, other)?;
                }
            }
        }
        Ok(())
    }

    /// The table; a single column without a name gets this one.
    pub(super) fn table(self, name: &str) -> Read<Table> {
        let width = |row: &Vec<(usize, String)>| row.iter().map(|(at, _)| at + 1).max();
        let widest = self.rows.iter().filter_map(width).max().unwrap_or_default();
        self.room.take(widest.saturating_mul(self.rows.len()))?;
        let mut names = self.names;
        if names.is_empty() && widest == 1 {
            names.push(name.to_owned());
        }
        let mut table = Table::new(names).named(name);
        for row in self.rows {
            let mut cells = vec![String::new(); widest];
            for (at, text) in row {
                if let Some(cell) = cells.get_mut(at) {
                    *cell = text;
                }
            }
            table.push(cells);
        }
        Ok(table)
    }
}

pub(super) fn text_of(node: &Node) -> String {
    match node {
        Node::Leaf(text) => text.clone(),
        Node::List(items) => items.iter().map(text_of).collect::<Vec<_>>().join(" "),
        Node::Map(entries) => {
            let pair = |(key, node): &(String, Node)| format!("{key} {}", text_of(node));
            entries.iter().map(pair).collect::<Vec<_>>().join(" ")
        }
    }
}
