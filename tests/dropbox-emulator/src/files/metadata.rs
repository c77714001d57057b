//! `files/get_metadata`.

use serde_json::Value;

use super::resolve::{self, Kind};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::Result;
use crate::render::{deleted, tagged};
use crate::state::State;

const FIELDS: &[&str] = &[
    "path",
    "include_media_info",
    "include_deleted",
    "include_has_explicit_shared_members",
    "include_property_groups",
];

pub(crate) fn get_metadata(state: &mut State, account: &Account, args: &Args) -> Result<Value> {
    let args = args.clone().known(FIELDS)?;
    let tree = state.tree(account)?;
    let path = resolve::path(tree, &args, "path", Kind::Read, &["path"])?;
    if args.flag("include_deleted")?
        && let Some(was) = tree.deleted(&path)
    {
        return Ok(deleted(was));
    }
    resolve::node(tree, &path, &["path"]).map(tagged)
}
