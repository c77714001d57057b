//! Objects as tables: of columns, of rows by their keys, or one row.

use super::super::{Read, Room, TOO_MANY_CELLS};
use super::node::Node;
use super::rows::Rows;
use crate::table::Table;

type Entries = [(String, Node)];

pub(super) fn of_map(entries: &Entries, name: &str, room: &mut Room) -> Read<Vec<Table>> {
    let all = |is: fn(&Node) -> bool| entries.iter().all(|(_, node)| is(node));
    if all(|node| matches!(node, Node::Map(_))) {
        return of_maps(entries, name, room);
    }
    let mut rows = Rows::new(room);
    if all(|node| matches!(node, Node::List(_))) {
        put_lists(entries, &mut rows)?;
    } else {
        rows.begin();
        rows.put_all(entries, "")?;
    }
    Ok(vec![rows.table(name)?])
}

/// An object of objects, either way: rows by their keys, or columns by their names.
fn of_maps(entries: &Entries, name: &str, room: &mut Room) -> Read<Vec<Table>> {
    let inner = entries.iter().filter_map(|(_, node)| match node {
        Node::Map(inner) => Some(inner),
        _ => None,
    });
    let numbered = inner.flatten().all(|(key, _)| key.parse::<u64>().is_ok());
    let too_wide = |table: &Read<Table>| table.as_ref().is_err_and(|why| *why == TOO_MANY_CELLS);
    let columns = by_column(entries, name, room);
    // Numbers are rows, and would be very many columns.
    if numbered {
        return Ok(vec![columns?]);
    }
    let rows = by_row(entries, name, room);
    match (too_wide(&columns), too_wide(&rows)) {
        (true, _) => Ok(vec![rows?]),
        (_, true) => Ok(vec![columns?]),
        _ => Ok(vec![columns?, rows?]),
    }
}

/// An object of columns, each an object of its rows, as pandas writes it.
fn by_column(entries: &Entries, name: &str, room: &mut Room) -> Read<Table> {
    let mut keys: Vec<&str> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let mut cells: Vec<Vec<(usize, &Node)>> = Vec::new();
    for (column, (_, node)) in entries.iter().enumerate() {
        let Node::Map(inner) = node else { continue };
        for (key, node) in inner {
            let row = *places.entry(key.as_str()).or_insert(keys.len());
            if row == keys.len() {
                keys.push(key);
                cells.push(Vec::new());
            }
            if let Some(cells) = cells.get_mut(row) {
                cells.push((column, node));
            }
        }
    }
    // Numbers from 0 on are no keys but where a list has its items.
    let listed = keys.iter().enumerate().all(|(at, key)| *key == at.to_string());
    let mut rows = Rows::new(room);
    if !listed {
        rows.column("")?;
    }
    let mut columns = Vec::new();
    for (key, _) in entries {
        // Even the empty name is another one than that of the keys.
        columns.push(rows.column(if key.is_empty() { " " } else { key })?);
    }
    for (key, cells) in keys.into_iter().zip(cells) {
        rows.begin();
        if !listed {
            rows.put(0, &Node::Leaf(key.to_owned()))?;
        }
        for (column, node) in cells {
            if let Some(column) = columns.get(column) {
                rows.put(*column, node)?;
            }
        }
    }
    rows.table(name)
}

/// An object of rows, each key with what it is about.
fn by_row(entries: &Entries, name: &str, room: &mut Room) -> Read<Table> {
    let mut rows = Rows::new(room);
    rows.column("")?;
    for (key, node) in entries {
        rows.begin();
        rows.put(0, &Node::Leaf(key.clone()))?;
        if let Node::Map(inner) = node {
            rows.put_all(inner, "")?;
        }
    }
    rows.table(name)
}

/// An object of lists: each key with its column.
fn put_lists(entries: &Entries, rows: &mut Rows<'_>) -> Read<()> {
    let length = |node: &Node| if let Node::List(items) = node { items.len() } else { 0 };
    let longest = entries.iter().map(|(_, node)| length(node)).max().unwrap_or_default();
    for (key, _) in entries {
        rows.column(key)?;
    }
    for at in 0..longest {
        rows.begin();
        for (column, (_, node)) in entries.iter().enumerate() {
            if let Node::List(items) = node
                && let Some(item) = items.get(at)
            {
                rows.put(column, item)?;
            }
        }
    }
    Ok(())
}
