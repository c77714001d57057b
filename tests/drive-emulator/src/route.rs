//! From a request to what answers it.

use hyper::Method;
use syft_loopback::{Request, Response};

use crate::auth::authorise;
use crate::error::{Error, Result};
use crate::state::State;
use crate::upload::Target;
use crate::{batch, changes, files, oauth, permissions, upload};

/// Answers anything.
pub(crate) fn dispatch(state: &mut State, request: &Request) -> Response {
    state.store.begin();
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let answer = match path.as_slice() {
        ["token"] | ["o", "oauth2", "token"] | ["oauth2", "v4", "token"] => {
            return oauth::token(state, request);
        }
        ["o", "oauth2", "auth"] | ["o", "oauth2", "v2", "auth"] => {
            return oauth::consent(state, request);
        }
        ["revoke"] | ["o", "oauth2", "revoke"] => return oauth::revoke(state, request),
        ["tokeninfo"] | ["oauth2", "v3", "tokeninfo"] => return oauth::info(state, request),
        ["batch"] | ["batch", "drive", "v3"] => batch::batch(state, request),
        _ => drive(state, request, &path),
    };
    answer.unwrap_or_else(Error::into_response)
}

/// Answers what may be part of a batch: metadata, and no bytes.
pub(crate) fn drive(state: &mut State, request: &Request, path: &[&str]) -> Result<Response> {
    match path {
        ["resumable", rest @ ..] | rest
            if let ["upload", "drive", "v3", "files", rest @ ..] = rest =>
        {
            uploads(state, request, rest)
        }
        ["drive", "v3", rest @ ..] => metadata(state, request, rest),
        _ => Err(Error::no_method()),
    }
}

fn uploads(state: &mut State, request: &Request, path: &[&str]) -> Result<Response> {
    let continues = request.params.get("upload_id").is_some();
    match (&request.method, path) {
        (&Method::POST, []) => upload::upload(state, request, Target::Create),
        (&Method::PATCH, [id]) => upload::upload(state, request, Target::Update((*id).to_owned())),
        (&Method::PUT | &Method::POST | &Method::DELETE, [] | [_]) if continues => {
            upload::upload(state, request, Target::Create)
        }
        _ => Err(Error::no_method()),
    }
}

fn metadata(state: &mut State, request: &Request, path: &[&str]) -> Result<Response> {
    let caller = &authorise(state, request)?;
    match (request.method.as_str(), path) {
        ("GET", ["about"]) => files::about(state, caller, request),
        ("GET", ["files"]) => files::list(state, caller, request),
        ("POST", ["files"]) => files::create_empty(state, caller, request),
        ("GET", ["files", "generateIds"]) => files::generate_ids(state, caller, request),
        ("GET", ["files", id]) => files::get(state, caller, request, id),
        ("PATCH", ["files", id]) => files::update_metadata(state, caller, request, id),
        ("DELETE", ["files", id]) => files::delete(state, caller, id),
        ("POST", ["files", id, "copy"]) => files::copy(state, caller, request, id),
        (_, ["files", id, "permissions", rest @ ..]) => {
            permissions::permissions(state, caller, request, id, rest)
        }
        ("GET", ["changes", "startPageToken"]) => changes::start(state, caller, request),
        ("GET", ["changes"]) => changes::list(state, caller, request),
        _ => Err(Error::no_method()),
    }
}
