//! `about.get` and `files.get`, also of the bytes.

use hyper::StatusCode;
use hyper::header::CONTENT_RANGE;
use serde_json::json;
use syft_loopback::{Request, Response, read_range};

use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::item::Item;
use crate::render::{answer, answer_file, size, user};
use crate::schema::ABOUT;
use crate::state::State;

/// Who one is, and how much one has stored. It has no fields of its own accord.
pub(crate) fn about(state: &State, caller: &Caller, request: &Request) -> Result<Response> {
    if request.params.get("fields").is_none() {
        return Err(Error::needs_fields());
    }
    let own = state.store.now().items().filter(|item| item.is_owned_by(&caller.email));
    let used: usize = own.filter_map(|item| size(item)).sum();
    let value = json!({
        "kind": "drive#about",
        "user": user(&caller.email, caller),
        "storageQuota": {
            "limit": "16106127360",
            "usage": used.to_string(),
            "usageInDrive": used.to_string(),
            "usageInDriveTrash": "0",
        },
        "maxUploadSize": "5242880000000",
        "appInstalled": false,
        "canCreateDrives": true,
    });
    answer(request, &ABOUT, "*", &value)
}

/// What is known of a file, or its bytes. Never stale.
pub(crate) fn get(state: &State, caller: &Caller, request: &Request, id: &str) -> Result<Response> {
    let view = state.store.now();
    let item = view.seen(&state.resolve(id, &caller.email), &caller.email)?;
    match request.params.get("alt") {
        Some("media") => download(item, request.header("range")),
        _ => answer_file(request, view, item, caller),
    }
}

fn download(item: &Item, range: Option<&str>) -> Result<Response> {
    let Some(content) = &item.content else {
        let message =
            "Only files with binary content can be downloaded. Use Export with Docs Editors files.";
        return Err(Error::forbidden("fileNotDownloadable", message));
    };
    let whole = content.bytes.len();
    let Some(range) = range.and_then(|text| read_range(text, whole)) else {
        return Ok(Response::of(StatusCode::OK, &item.mime, content.bytes.clone()));
    };
    if range.is_empty() {
        // The client reads from it that the file is empty.
        let refused = Error::bad_range().into_response();
        return Ok(refused.with(CONTENT_RANGE, &format!("bytes */{whole}")));
    }
    let told = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
    let piece = content.bytes.slice(range);
    let response = Response::of(StatusCode::PARTIAL_CONTENT, &item.mime, piece);
    Ok(response.with(CONTENT_RANGE, &told))
}
