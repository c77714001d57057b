//! `files/list_folder` and what goes on from it.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::resolve::{self, Kind, tagged as refused};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::path::Path;
use crate::render::{deleted, tagged};
use crate::state::State;
use crate::tree::Tree;

const FIELDS: &[&str] = &[
    "path",
    "recursive",
    "include_media_info",
    "include_deleted",
    "include_has_explicit_shared_members",
    "include_mounted_folders",
    "limit",
    "shared_link",
    "include_property_groups",
    "include_non_downloadable_files",
    "include_restorable_info",
];

/// How many lines a page has if nothing is said.
const PAGE: usize = 500;

/// A listing, and how far it is.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    tree: usize,
    folder: Path,
    recursive: bool,
    limit: usize,
    /// Lines that are still to come.
    rest: VecDeque<Value>,
    /// The step after which changes are still to come, once the lines are at their end.
    until: u64,
}

/// All that were handed out. Each can be asked again.
#[derive(Debug, Default)]
pub(crate) struct Cursors(BTreeMap<String, Cursor>);

impl Cursors {
    /// None of them is good any more.
    pub(crate) fn reset(&mut self) {
        self.0.clear();
    }
}

pub(crate) fn list_folder(state: &mut State, account: &Account, args: &Args) -> Result<Value> {
    let cursor = begin(state, account, args)?;
    page(state, cursor)
}

/// A cursor for what changes from now on.
pub(crate) fn get_latest_cursor(
    state: &mut State,
    account: &Account,
    args: &Args,
) -> Result<Value> {
    let mut cursor = begin(state, account, args)?;
    cursor.rest.clear();
    Ok(json!({"cursor": keep(state, cursor)}))
}

pub(crate) fn list_folder_continue(
    state: &mut State,
    account: &Account,
    args: &Args,
) -> Result<Value> {
    let args = args.clone().known(&["cursor"])?;
    let known = state.cursors.0.get(args.text("cursor")?);
    let known = known.filter(|cursor| cursor.tree == account.tree);
    let mut cursor = known.cloned().ok_or_else(|| Error::route(&["reset"]))?;
    if cursor.rest.is_empty() {
        let tree = state.tree(account)?;
        is_folder(tree, &cursor.folder)?;
        let changes = tree.changes_after(cursor.until).into_iter();
        let heard = changes.filter(|(path, _)| {
            path.is_below(&cursor.folder) && (cursor.recursive || in_folder(path, &cursor.folder))
        });
        cursor.rest =
            heard.map(|(path, node)| node.map_or_else(|| deleted(path), tagged)).collect();
        cursor.until = tree.step();
    }
    page(state, cursor)
}

fn begin(state: &mut State, account: &Account, args: &Args) -> Result<Cursor> {
    let args = args.clone().known(FIELDS)?;
    let (recursive, limit) = (args.flag("recursive")?, args.number("limit", 1, 2000)?);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGE);
    let include_deleted = args.flag("include_deleted")?;
    let tree = state.tree(account)?;
    let folder = resolve::path(tree, &args, "path", Kind::List, &["path"])?;
    is_folder(tree, &folder)?;
    let mut rest = VecDeque::new();
    if recursive {
        // The folder itself is the first line, unless it is the root.
        rest.extend(tree.get(&folder).map(tagged));
    }
    rest.extend(tree.below(&folder, recursive).into_iter().map(tagged));
    if include_deleted {
        let gone = tree.changes_after(0).into_iter().filter(|(path, node)| {
            node.is_none() && path.is_below(&folder) && (recursive || in_folder(path, &folder))
        });
        rest.extend(gone.map(|(path, _)| deleted(path)));
    }
    let until = tree.step();
    Ok(Cursor { tree: account.tree, folder, recursive, limit, rest, until })
}

fn is_folder(tree: &Tree, path: &Path) -> Result<()> {
    if path.is_root() {
        return Ok(());
    }
    match resolve::node(tree, path, &["path"])?.file {
        Some(_) => Err(refused(&["path"], &["not_folder"])),
        None => Ok(()),
    }
}

fn in_folder(path: &Path, folder: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.lower == folder.lower)
}

/// The next lines, and a cursor for those behind them.
fn page(state: &mut State, mut cursor: Cursor) -> Result<Value> {
    let limit = state.faults.page_limit().unwrap_or(cursor.limit).min(cursor.limit).max(1);
    let length = limit.min(cursor.rest.len());
    let entries: Vec<Value> = cursor.rest.drain(..length).collect();
    let has_more = !cursor.rest.is_empty();
    Ok(json!({"entries": entries, "cursor": keep(state, cursor), "has_more": has_more}))
}

fn keep(state: &mut State, cursor: Cursor) -> String {
    let name = state.dice.word(60);
    state.cursors.0.insert(name.clone(), cursor);
    name
}
