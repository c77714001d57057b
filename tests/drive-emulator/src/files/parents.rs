//! Where files lie, and may be moved to. A file has one folder at most.

use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::item::{Id, Item, same_email};
use crate::state::State;

/// The folder for something new: the one that is said, or one's own root.
pub(super) fn folder_for(state: &State, caller: &Caller, parents: &[Id]) -> Result<Id> {
    let id = match parents {
        [] => "root",
        [one] => one,
        _ => return Err(Error::second_parent()),
    };
    let id = state.resolve(id, &caller.email);
    state.store.now().writable_folder(&id, &caller.email)?;
    Ok(id)
}

/// The folder of an item after `addParents` and `removeParents`.
pub(super) fn moved(
    state: &State,
    caller: &Caller,
    item: &Item,
    add: &[Id],
    remove: &[Id],
) -> Result<Option<Id>> {
    let (resolve, view) = (|id: &Id| state.resolve(id, &caller.email), state.store.now());
    let remove: Vec<Id> = remove.iter().map(resolve).collect();
    let left = item.parent.clone().filter(|parent| !remove.contains(parent));
    let target = match add {
        [] => None,
        [one] => Some(resolve(one)),
        _ => return Err(Error::second_parent()),
    };
    let Some(target) = target else {
        // Without its last folder an item falls back to the root of its owner.
        return Ok(
            left.or_else(|| item.parent.as_ref().and_then(|_| state.accounts.root_of(&item.owner)))
        );
    };
    let folder = view.writable_folder(&target, &caller.email)?;
    if left.as_ref() == Some(&target) {
        return Ok(left);
    }
    if left.is_some() {
        return Err(Error::second_parent());
    }
    let is_below = folder.id == item.id || view.above(folder).iter().any(|f| f.id == item.id);
    if is_below {
        return Err(Error::bad_request("A folder cannot be moved into a folder below it."));
    }
    Ok(Some(target))
}

/// A Drive's own root cannot be changed by anybody.
pub(super) fn no_root(item: &Item) -> Result<()> {
    if item.is_root { Err(Error::insufficient(&item.id)) } else { Ok(()) }
}

pub(super) fn owned(item: &Item, caller: &Caller) -> Result<()> {
    let own = same_email(&item.owner, &caller.email);
    if own { Ok(()) } else { Err(Error::insufficient(&item.id)) }
}
