//! `files.create`

use bytes::Bytes;
use syft_loopback::{Request, Response};

use super::Meta;
use super::parents::folder_for;
use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::item::{Content, FOLDER, Id};
use crate::render::answer_file;
use crate::state::State;

/// The type of a file of which nobody said one.
const UNKNOWN: &str = "application/octet-stream";

/// So begins the type of what has no bytes.
const GOOGLES: &str = "application/vnd.google-apps.";

/// What was uploaded.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    pub(crate) bytes: Bytes,
    /// The type that the upload gave it.
    pub(crate) mime: Option<String>,
}

/// Makes a folder or an empty file from a body alone.
pub(crate) fn create_empty(
    state: &mut State,
    caller: &Caller,
    request: &Request,
) -> Result<Response> {
    let id = create(state, caller, &Meta::read(&request.body)?, None)?;
    let view = state.store.now();
    let item = view.get(&id).ok_or_else(|| Error::not_found(&id))?;
    answer_file(request, view, item, caller)
}

/// Whether somebody may create this, and where.
pub(crate) fn allow_create(state: &State, caller: &Caller, meta: &Meta) -> Result<Id> {
    if let Some(id) = &meta.id {
        if state.store.knows(id) {
            return Err(Error::id_in_use());
        }
        if state.reserved.get(id) != Some(&caller.email) {
            return Err(Error::bad_request("The provided file ID is not usable."));
        }
    }
    folder_for(state, caller, meta.parents.as_deref().unwrap_or_default())
}

/// Creates a file or folder that belongs to the caller, wherever it lies.
pub(crate) fn create(
    state: &mut State,
    caller: &Caller,
    meta: &Meta,
    media: Option<Media>,
) -> Result<Id> {
    let parent = allow_create(state, caller, meta)?;
    let sent = media.as_ref().and_then(|media| media.mime.clone());
    let mime = meta.mime.clone().or(sent).unwrap_or_else(|| UNKNOWN.to_owned());
    let bytes = media.map(|media| media.bytes).unwrap_or_default();
    if mime == FOLDER && !bytes.is_empty() {
        return Err(Error::bad_request("A folder cannot have media content."));
    }
    let id = meta.id.clone().unwrap_or_else(|| state.new_id());
    let name = meta.name.as_deref().unwrap_or("Untitled");
    let mut item = state.new_item(&id, name, &mime, &caller.email);
    meta.apply(&mut item, &caller.client)?;
    item.parent = Some(parent);
    // Folders, documents and shortcuts of Google's have no bytes.
    item.content = (!mime.starts_with(GOOGLES)).then(|| Content::new(bytes));
    let now = state.now();
    state.store.put(item, now);
    Ok(id)
}
