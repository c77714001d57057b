//! Uploads in one request or in many.

mod multipart;
mod resumable;

pub(crate) use multipart::{Part, head, parts};
pub(crate) use resumable::Sessions;

use bytes::Bytes;
use hyper::header::CONTENT_TYPE;
use syft_loopback::{Request, Response};

use crate::accounts::Caller;
use crate::auth::authorise;
use crate::error::{Error, Result};
use crate::files::{Media, Meta, create, update};
use crate::item::Id;
use crate::render::answer_file;
use crate::state::State;

/// What an upload makes: a new file, or new bytes of an old one.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Create,
    Update(Id),
}

/// Everything below `/upload/drive/v3/files`.
pub(crate) fn upload(state: &mut State, request: &Request, target: Target) -> Result<Response> {
    if let Some(session) = request.params.get("upload_id") {
        return resumable::chunk(state, request, session);
    }
    let caller = authorise(state, request)?;
    let (meta, media) = match request.params.get("uploadType") {
        Some("resumable") => return resumable::open(state, &caller, request, target),
        Some("multipart") => both(request)?,
        Some("media") => (Meta::default(), whole(request)),
        _ => return Err(Error::invalid("uploadType")),
    };
    finish(state, &caller, request, &target, &meta, media)
}

/// Makes the file; the answer has the fields that were asked for.
fn finish(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    target: &Target,
    meta: &Meta,
    media: Media,
) -> Result<Response> {
    let id = match target {
        Target::Create => create(state, caller, meta, Some(media))?,
        Target::Update(id) => update(state, caller, id, meta, &request.params, Some(media))?,
    };
    let view = state.store.now();
    let item = view.get(&id).ok_or_else(|| Error::not_found(&id))?;
    answer_file(request, view, item, caller)
}

/// A body that is nothing but the bytes.
fn whole(request: &Request) -> Media {
    let mime = request.header(CONTENT_TYPE.as_str()).map(str::to_owned);
    Media { bytes: request.body.clone(), mime }
}

/// A body of two parts: what is said of the file, and the file.
fn both(request: &Request) -> Result<(Meta, Media)> {
    let kind = request.header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let parts = parts(kind, &request.body).unwrap_or_default();
    let [meta, media] = parts.as_slice() else {
        let message = format!("Invalid multipart request with {} mime parts.", parts.len());
        return Err(Error::bad_request(message));
    };
    let bytes = decoded(media)?;
    let mime = media.header("content-type").map(str::to_owned);
    Ok((Meta::read(&meta.body)?, Media { bytes, mime }))
}

fn decoded(part: &Part) -> Result<Bytes> {
    use base64::Engine as _;
    let encoding = part.header("content-transfer-encoding").unwrap_or_default();
    if !encoding.eq_ignore_ascii_case("base64") {
        return Ok(part.body.clone());
    }
    let text: Vec<u8> = part.body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let decoded = base64::engine::general_purpose::STANDARD.decode(text);
    decoded.map(Bytes::from).map_err(|_| Error::bad_request("Invalid base64 in a media part."))
}
