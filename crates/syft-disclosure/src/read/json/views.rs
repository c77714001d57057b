//! The tables that a value of JSON can be taken for. A value may be seen more than once.

use std::collections::HashMap;

use super::super::{Read, Room};
use super::node::Node;
use crate::table::Table;

pub(super) fn tables(node: &Node, stem: &str, room: &mut Room) -> Read<Vec<Table>> {
    let mut tables = Vec::new();
    look(node, stem, room, &mut tables)?;
    Ok(tables)
}

fn look(node: &Node, name: &str, room: &mut Room, tables: &mut Vec<Table>) -> Read<()> {
    match node {
        Node::Leaf(text) => {
            let mut table = Table::new([name]).named(name);
            table.push([text]);
            tables.push(table);
        }
        Node::List(items) => {
            tables.push(of_list(items, name, room)?.named(name));
            look_into(items.iter().map(|item| (name, item)), room, tables)?;
        }
        Node::Map(entries) => {
            if let Some(table) = split(entries, room)? {
                tables.push(table.named(name));
                return Ok(());
            }
            of_map(entries, name, room, tables)?;
            look_into(entries.iter().map(|(key, item)| (key.as_str(), item)), room, tables)?;
        }
    }
    Ok(())
}

/// What is inside and is not seen by the table around it.
fn look_into<'a>(
    items: impl Iterator<Item = (&'a str, &'a Node)>,
    room: &mut Room,
    tables: &mut Vec<Table>,
) -> Read<()> {
    for (name, item) in items {
        let deep = match item {
            Node::Leaf(_) => false,
            Node::List(items) => items.len() > 1,
            Node::Map(entries) => entries.iter().any(|(_, node)| is_list_or_map(node)),
        };
        if deep {
            look(item, name, room, tables)?;
        }
    }
    Ok(())
}

fn is_list_or_map(node: &Node) -> bool {
    !matches!(node, Node::Leaf(_))
}

/// A list of objects, of lists or of values.
fn of_list(items: &[Node], name: &str, room: &mut Room) -> Read<Table> {
    let mut columns = Columns::default();
    let mut rows = Vec::new();
    let mut longest = 0;
    for item in items {
        let mut row = Vec::new();
        match item {
            Node::Map(entries) => flatten(entries, "", &mut columns, &mut row),
            Node::List(cells) => {
                row.extend(cells.iter().enumerate().map(|(at, cell)| (at, text_of(cell))));
            }
            Node::Leaf(text) => row.push((0, text.clone())),
        }
        let width = row.iter().map(|(at, _)| at + 1).max().unwrap_or_default();
        longest = longest.max(width);
        room.columns(width)?;
        room.take(width + 1)?;
        rows.push(row);
    }
    let mut names = columns.names;
    if names.is_empty() && longest == 1 {
        names.push(name.to_owned());
    }
    let mut table = Table::new(names);
    for row in rows {
        push(&mut table, row);
    }
    Ok(table)
}

fn of_map(
    entries: &[(String, Node)],
    name: &str,
    room: &mut Room,
    tables: &mut Vec<Table>,
) -> Read<()> {
    let all = |is: fn(&Node) -> bool| entries.iter().all(|(_, node)| is(node));
    if all(|node| matches!(node, Node::Map(_))) {
        let table = keyed(entries, room)?.named(name);
        room.columns(table.len())?;
        room.take(table.len() * table.columns().len())?;
        // Numbers from 0 on are no keys but where a list has its items.
        match (is_sequence(table.columns().iter().skip(1)), is_sequence(keys(entries))) {
            (true, _) => tables.push(table.transposed().without_first()),
            (false, true) => tables.push(table.without_first()),
            (false, false) => tables.extend([table.transposed(), table]),
        }
        return Ok(());
    }
    if all(|node| matches!(node, Node::List(_))) {
        tables.push(of_columns(entries, room)?.named(name));
        return Ok(());
    }
    let mut columns = Columns::default();
    let mut row = Vec::new();
    flatten(entries, "", &mut columns, &mut row);
    room.columns(row.len())?;
    room.take(row.len())?;
    let mut table = Table::new(columns.names).named(name);
    push(&mut table, row);
    tables.push(table);
    Ok(())
}

/// A table that tells the names of its columns and its rows by themselves.
fn split(entries: &[(String, Node)], room: &mut Room) -> Read<Option<Table>> {
    let list = |name: &str| match entries.iter().find(|(key, _)| key == name) {
        Some((_, Node::List(items))) => Some(items),
        _ => None,
    };
    let (Some(names), Some(rows)) = (list("columns"), list("data")) else { return Ok(None) };
    if !rows.iter().all(|row| matches!(row, Node::List(_))) {
        return Ok(None);
    }
    let mut table = of_list(rows, "", room)?;
    for (column, name) in table.columns.iter_mut().zip(names) {
        *column = text_of(name);
    }
    Ok(Some(table))
}

fn keys(entries: &[(String, Node)]) -> impl Iterator<Item = &String> {
    entries.iter().map(|(key, _)| key)
}

fn is_sequence<'a>(keys: impl Iterator<Item = &'a String>) -> bool {
    let mut length = 0;
    keys.enumerate().inspect(|_| length += 1).all(|(at, key)| *key == at.to_string()) && length > 0
}

/// An object of objects: each key with what it is about.
fn keyed(entries: &[(String, Node)], room: &mut Room) -> Read<Table> {
    let mut columns = Columns::default();
    columns.at("");
    let mut rows = Vec::new();
    for (key, node) in entries {
        let mut row = vec![(0, key.clone())];
        if let Node::Map(inner) = node {
            flatten(inner, "", &mut columns, &mut row);
        }
        let width = row.iter().map(|(at, _)| at + 1).max().unwrap_or_default();
        room.columns(width)?;
        room.take(width)?;
        rows.push(row);
    }
    let mut table = Table::new(columns.names);
    for row in rows {
        push(&mut table, row);
    }
    Ok(table)
}

/// An object of lists: each key with its column.
fn of_columns(entries: &[(String, Node)], room: &mut Room) -> Read<Table> {
    room.columns(entries.len())?;
    let length = |node: &Node| if let Node::List(items) = node { items.len() } else { 0 };
    let longest = entries.iter().map(|(_, node)| length(node)).max().unwrap_or_default();
    room.take(longest.saturating_mul(entries.len()))?;
    let mut table = Table::new(entries.iter().map(|(key, _)| key.as_str()));
    for at in 0..longest {
        table.push(entries.iter().map(|(_, node)| match node {
            Node::List(items) => items.get(at).map(text_of).unwrap_or_default(),
            other => text_of(other),
        }));
    }
    Ok(table)
}

/// The columns in the order in which they were met.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Columns {
    fn at(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }
}

/// The values of an object, those of objects in it under names with a point.
fn flatten(
    entries: &[(String, Node)],
    before: &str,
    columns: &mut Columns,
    row: &mut Vec<(usize, String)>,
) {
    for (key, node) in entries {
        let name = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        match node {
            Node::Map(inner) => flatten(inner, &name, columns, row),
            other => row.push((columns.at(&name), text_of(other))),
        }
    }
}

fn text_of(node: &Node) -> String {
    match node {
        Node::Leaf(text) => text.clone(),
        Node::List(items) => items.iter().map(text_of).collect::<Vec<_>>().join(" "),
        Node::Map(entries) => entries
            .iter()
            .map(|(key, node)| format!("{key} {}", text_of(node)))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn push(table: &mut Table, row: Vec<(usize, String)>) {
    let width = row.iter().map(|(at, _)| at + 1).max().unwrap_or_default();
    let mut cells = vec![String::new(); width];
    for (at, text) in row {
        if let Some(cell) = cells.get_mut(at) {
            *cell = text;
        }
    }
    table.push(cells);
}
