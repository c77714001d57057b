//! `files.copy`

use syft_loopback::{Request, Response};

use super::parents::folder_for;
use super::{Meta, allow_create};
use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::item::{Id, Item};
use crate::render::answer_file;
use crate::state::State;

/// Makes a copy that belongs to the caller.
pub(crate) fn copy(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    id: &str,
) -> Result<Response> {
    let mut meta = Meta::read(&request.body)?;
    let source = state.store.now().seen(id, &caller.email)?.clone();
    if source.is_folder() {
        let message = "This file cannot be copied by the user.";
        return Err(Error::forbidden("cannotCopyFile", message));
    }
    meta.name.get_or_insert_with(|| format!("Copy of {}", source.name));
    if meta.parents.is_none() {
        meta.parents = Some(beside(state, caller, &source));
    }
    let parent = allow_create(state, caller, &meta)?;
    let id = meta.id.clone().unwrap_or_else(|| state.new_id());
    let mut item = state.new_item(&id, &source.name, &source.mime, &caller.email);
    item.content.clone_from(&source.content);
    item.properties.clone_from(&source.properties);
    let own = source.app_properties.iter().filter(|((client, _), _)| *client == caller.client);
    item.app_properties = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    item.parent = Some(parent);
    meta.apply(&mut item, &caller.client)?;
    let now = state.now();
    state.store.put(item, now);
    let view = state.store.now();
    let item = view.get(&id).ok_or_else(|| Error::not_found(&id))?;
    answer_file(request, view, item, caller)
}

/// The folder of the source if one may write there, or else one's own root.
fn beside(state: &State, caller: &Caller, source: &Item) -> Vec<Id> {
    let parents: Vec<Id> = source.parent.clone().into_iter().collect();
    if folder_for(state, caller, &parents).is_ok() { parents } else { Vec::new() }
}
