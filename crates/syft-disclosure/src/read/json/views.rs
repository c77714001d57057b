//! The tables that a value of JSON can be taken for. A value may be seen more than once.

use super::super::{Read, Room};
use super::maps;
use super::node::Node;
use super::rows::Rows;
use crate::table::Table;

pub(super) fn tables(node: &Node, stem: &str, room: &mut Room) -> Read<Vec<Table>> {
    let mut tables = Vec::new();
    look(node, stem, room, &mut tables)?;
    Ok(tables)
}

fn look(node: &Node, name: &str, room: &mut Room, tables: &mut Vec<Table>) -> Read<()> {
    match node {
        Node::Leaf(_) => {
            let mut rows = Rows::new(room);
            rows.begin();
            rows.put(0, node)?;
            tables.push(rows.table(name)?);
        }
        Node::List(items) => {
            tables.push(of_list(items, name, room)?);
            look_into(items.iter().map(|item| (name, item)), room, tables)?;
        }
        Node::Map(entries) => {
            if let Some(table) = split(entries, name, room)? {
                tables.push(table);
                return Ok(());
            }
            tables.extend(maps::of_map(entries, name, room)?);
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
            Node::Map(entries) => entries.iter().any(|(_, node)| !matches!(node, Node::Leaf(_))),
        };
        if deep {
            look(item, name, room, tables)?;
        }
    }
    Ok(())
}

/// A list of objects, of lists or of values.
fn of_list(items: &[Node], name: &str, room: &mut Room) -> Read<Table> {
    let mut rows = Rows::new(room);
    for item in items {
        rows.begin();
        match item {
            Node::Map(entries) => rows.put_all(entries, "")?,
            Node::List(cells) => {
                for (column, cell) in cells.iter().enumerate() {
                    rows.put(column, cell)?;
                }
            }
            Node::Leaf(_) => rows.put(0, item)?,
        }
    }
    rows.table(name)
}

/// A table that tells the names of its columns and its rows by themselves.
fn split(entries: &[(String, Node)], name: &str, room: &mut Room) -> Read<Option<Table>> {
    let list = |name: &str| match entries.iter().find(|(key, _)| key == name) {
        Some((_, Node::List(items))) => Some(items),
        _ => None,
    };
    let (Some(names), Some(data)) = (list("columns"), list("data")) else { return Ok(None) };
    let plain = |key: &String| ["columns", "data", "index"].contains(&key.as_str());
    let is_split = data.iter().all(|row| matches!(row, Node::List(_)))
        && names.iter().all(|name| matches!(name, Node::Leaf(_)))
        && entries.iter().all(|(key, _)| plain(key));
    if !is_split {
        return Ok(None);
    }
    let mut rows = Rows::new(room);
    for name in names {
        if let Node::Leaf(name) = name {
            rows.column(name)?;
        }
    }
    let index = list("index").map_or(&[] as &[Node], Vec::as_slice);
    let behind = names.len();
    for (at, row) in data.iter().enumerate() {
        rows.begin();
        if let Node::List(cells) = row {
            for (column, cell) in cells.iter().enumerate() {
                rows.put(column, cell)?;
            }
        }
        // What names the rows may be data; numbers from 0 on are not.
        match index.get(at) {
            Some(Node::Leaf(key)) if *key == at.to_string() => {}
            Some(key) => rows.put(behind, key)?,
            None => {}
        }
    }
    Ok(Some(rows.table(name)?))
}
