//! `files.update`

use syft_loopback::{Params, Request, Response};

use super::parents::{moved, no_root, owned};
use super::{Media, Meta};
use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::item::{Content, Id, Role};
use crate::render::answer_file;
use crate::state::State;

/// Changes what is said of a file, and where it lies.
pub(crate) fn update_metadata(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    id: &str,
) -> Result<Response> {
    let meta = Meta::read(&request.body)?;
    let id = update(state, caller, id, &meta, &request.params, None)?;
    let view = state.store.now();
    let item = view.get(&id).ok_or_else(|| Error::not_found(&id))?;
    answer_file(request, view, item, caller)
}

/// Whether somebody may change a file so; its id.
pub(crate) fn allow_update(state: &State, caller: &Caller, id: &str, meta: &Meta) -> Result<Id> {
    let id = state.resolve(id, &caller.email);
    let item = state.store.now().held(&id, &caller.email, Role::Writer)?;
    no_root(item)?;
    if meta.parents.is_some() {
        let message = "The parents field is not directly writable in update requests. Use the addParents and removeParents parameters instead.";
        return Err(Error::forbidden("fieldNotWritable", message));
    }
    if meta.trashed.is_some_and(|trashed| trashed != item.trashed) {
        owned(item, caller)?;
    }
    Ok(id)
}

/// Changes a file, with new content or without.
pub(crate) fn update(
    state: &mut State,
    caller: &Caller,
    id: &str,
    meta: &Meta,
    params: &Params,
    media: Option<Media>,
) -> Result<Id> {
    let id = allow_update(state, caller, id, meta)?;
    let now = state.now();
    let old = state.store.now().seen(&id, &caller.email)?.clone();
    let mut item = old.as_ref().clone();
    item.parent =
        moved(state, caller, &old, &params.ids("addParents"), &params.ids("removeParents"))?;
    if media.is_some() || meta.changes_the_file() {
        item.modified = now;
        item.modified_by.clone_from(&caller.email);
    }
    if let Some(media) = media {
        if item.is_folder() {
            return Err(Error::bad_request("A folder cannot have media content."));
        }
        if let Some(mime) = media.mime {
            item.mime = mime;
        }
        item.content = Some(Content::new(media.bytes));
        item.revision = state.dice.word(28);
    }
    meta.apply(&mut item, &caller.client)?;
    item.version += 1;
    let spreads = item.parent != old.parent || item.trashed != old.trashed;
    state.store.put(item, now);
    if spreads {
        state.touch_below(&id);
    }
    Ok(id)
}
