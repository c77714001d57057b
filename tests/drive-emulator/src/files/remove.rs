//! `files.delete`

use hyper::StatusCode;
use syft_loopback::Response;

use super::parents::{no_root, owned};
use crate::accounts::Caller;
use crate::error::Result;
use crate::item::Id;
use crate::state::State;

/// Deletes for good what the caller owns, and all below a folder that he owns too.
/// What others own there is left without a folder.
pub(crate) fn delete(state: &mut State, caller: &Caller, id: &str) -> Result<Response> {
    let id = state.resolve(id, &caller.email);
    let view = state.store.now();
    let item = view.seen(&id, &caller.email)?;
    no_root(item)?;
    owned(item, caller)?;
    let below = view.below(&id);
    let (own, others): (Vec<_>, Vec<_>) =
        below.into_iter().partition(|item| item.is_owned_by(&caller.email));
    let mut gone: Vec<Id> = own.into_iter().map(|item| item.id.clone()).collect();
    gone.push(id);
    let mut orphans: Vec<_> = others.into_iter().map(|item| item.as_ref().clone()).collect();
    let now = state.now();
    for orphan in &mut orphans {
        if orphan.parent.as_ref().is_some_and(|parent| gone.contains(parent)) {
            orphan.parent = None;
            orphan.version += 1;
        }
    }
    for orphan in orphans {
        state.store.put(orphan, now);
    }
    for id in gone {
        state.store.remove(&id, now);
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
