//! `files/delete_v2`.

use serde_json::{Value, json};

use super::resolve::{self, Kind, tagged as refused};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::Result;
use crate::render::tagged;
use crate::state::State;

const LOOKUP: &[&str] = &["path_lookup"];

/// Deletes a file, or a folder with all that is in it, and tells what it was.
pub(crate) fn delete(state: &mut State, account: &Account, args: &Args) -> Result<Value> {
    let args = args.clone().known(&["path", "parent_rev"])?;
    let tree = state.tree(account)?;
    let path = resolve::path(tree, &args, "path", Kind::WriteOrId, LOOKUP)?;
    let node = resolve::node(tree, &path, LOOKUP)?;
    if let Some(rev) = args.maybe_text("parent_rev")?
        && node.file.as_ref().is_none_or(|file| file.rev != rev)
    {
        return Err(refused(&["path_write"], &["conflict", "file"]));
    }
    let value = json!({"metadata": tagged(node)});
    tree.take(&path);
    Ok(value)
}
