//! `files/move_v2` and `files/copy_v2`.

use serde_json::{Value, json};

use super::folder::{conflict, free, prepare};
use super::resolve::{self, Kind};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::path::Path;
use crate::render::tagged;
use crate::state::State;
use crate::tree::{File, Node};

const FIELDS: &[&str] =
    &["from_path", "to_path", "allow_shared_folder", "autorename", "allow_ownership_transfer"];

pub(crate) fn move_(state: &mut State, account: &Account, args: &Args) -> Result<Value> {
    let (from, to) = paths(state, account, args)?;
    if to.is_below(&from) {
        return Err(Error::route(&["cant_move_folder_into_itself"]));
    }
    let to = prepare(state, account, &to, &["to"])?;
    let moved: Vec<Node> = state.tree(account)?.take(&from);
    put_all(state, account, &from, &to, moved)
}

pub(crate) fn copy(state: &mut State, account: &Account, args: &Args) -> Result<Value> {
    let (from, to) = paths(state, account, args)?;
    if to.is_below(&from) {
        return Err(Error::route(&["duplicated_or_nested_paths"]));
    }
    let to = prepare(state, account, &to, &["to"])?;
    let tree = state.tree(account)?;
    let own = tree.get(&from).into_iter();
    let mut copied: Vec<Node> = own.chain(tree.below(&from, true)).cloned().collect();
    for node in &mut copied {
        node.id = state.new_id();
    }
    put_all(state, account, &from, &to, copied)
}

/// From where and to where, if that can be.
fn paths(state: &mut State, account: &Account, args: &Args) -> Result<(Path, Path)> {
    let args = args.clone().known(FIELDS)?;
    let tree = state.tree(account)?;
    let lookup = ["from_lookup"];
    let from = resolve::path(tree, &args, "from_path", Kind::WriteOrId, &lookup)?;
    let from = resolve::node(tree, &from, &lookup)?.path.clone();
    let to = resolve::path(tree, &args, "to_path", Kind::WriteOrId, &["to"])?;
    let to = if args.flag("autorename")? { free(tree, &to) } else { to };
    match tree.get(&to) {
        Some(node) => Err(conflict(node, &["to"])),
        None => Ok((from, to)),
    }
}

/// Puts what was at and below one path at and below another, each file in a new
/// revision, and tells of the first.
fn put_all(
    state: &mut State,
    account: &Account,
    from: &Path,
    to: &Path,
    nodes: Vec<Node>,
) -> Result<Value> {
    let mut first = Value::Null;
    for node in nodes {
        let (rev, now) = (state.new_rev(), state.now());
        let file = node.file.map(|file| File { rev, server_modified: now, ..file });
        let node = Node { path: node.path.moved(from, to), file, ..node };
        if first.is_null() {
            first = tagged(&node);
        }
        state.tree(account)?.put(node);
    }
    Ok(json!({"metadata": first}))
}
