//! `files/create_folder_v2`, and the folders that are made on the way.

use serde_json::{Value, json};

use super::resolve::{self, Kind, tagged};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::path::Path;
use crate::render::plain;
use crate::state::State;
use crate::tree::{Node, Tree};

pub(crate) fn create_folder(state: &mut State, account: &Account, args: &Args) -> Result<Value> {
    let args = args.clone().known(&["path", "autorename"])?;
    let tree = state.tree(account)?;
    let path = resolve::path(tree, &args, "path", Kind::Write, &["path"])?;
    let path = if args.flag("autorename")? { free(tree, &path) } else { path };
    if let Some(node) = tree.get(&path) {
        return Err(conflict(node, &["path"]));
    }
    let path = prepare(state, account, &path, &["path"])?;
    let node = Node { id: state.new_id(), path, file: None };
    let value = json!({"metadata": plain(&node)});
    state.tree(account)?.put(node);
    Ok(value)
}

/// Makes the folders above a path that something is to be put at, unless a file is in
/// the way, and gives the path back as it will be shown.
pub(crate) fn prepare(
    state: &mut State,
    account: &Account,
    path: &Path,
    tags: &[&str],
) -> Result<Path> {
    if path.is_disallowed() {
        return Err(tagged(tags, &["disallowed_name"]));
    }
    if blocked(state.tree(account)?, path) {
        return Err(tagged(tags, &["conflict", "file_ancestor"]));
    }
    for folder in path.above() {
        let tree = state.tree(account)?;
        if tree.get(&folder).is_none() {
            let path = tree.spelled(&folder);
            let node = Node { id: state.new_id(), path, file: None };
            state.tree(account)?.put(node);
        }
    }
    Ok(state.tree(account)?.spelled(path))
}

/// Whether a file stands where a folder would have to.
pub(crate) fn blocked(tree: &Tree, path: &Path) -> bool {
    path.above().iter().filter_map(|folder| tree.get(folder)).any(|node| node.file.is_some())
}

/// The path, or the next one with a number behind it at which nothing is.
pub(crate) fn free(tree: &Tree, path: &Path) -> Path {
    free_with(tree, path, |number| number.to_string(), 2)
}

/// The next free path with what is made of a number, from `first` on.
pub(crate) fn free_with(
    tree: &Tree,
    path: &Path,
    suffix: impl Fn(u32) -> String,
    first: u32,
) -> Path {
    if tree.get(path).is_none() {
        return path.clone();
    }
    let mut tried = (first..).map(|number| path.with_suffix(&suffix(number)));
    tried.find(|path| tree.get(path).is_none()).unwrap_or_else(|| path.clone())
}

pub(crate) fn kind_of(node: &Node) -> &'static str {
    if node.file.is_some() { "file" } else { "folder" }
}

/// What is there is in the way. The tags are those above the conflict.
pub(crate) fn conflict(node: &Node, tags: &[&str]) -> Error {
    tagged(tags, &["conflict", kind_of(node)])
}
