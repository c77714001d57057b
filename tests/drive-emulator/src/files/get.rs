//! `about.get` and `files.get`, also of the bytes.

use std::ops::Range;

use hyper::StatusCode;
use hyper::header::CONTENT_RANGE;
use serde_json::json;
use syft_loopback::{Request, Response};

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

/// The bytes that `Range` asks for, none of them if they are not there. What is
/// no range of one piece is passed over, as HTTP has it.
fn read_range(text: &str, whole: usize) -> Option<Range<usize>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let length: usize = last.parse().ok()?;
        return Some(whole.saturating_sub(length)..whole);
    }
    let first: usize = first.parse().ok()?;
    let end = match last {
        "" => whole,
        last => last.parse::<usize>().ok().filter(|last| *last >= first)?.saturating_add(1),
    };
    Some(first.min(whole)..end.min(whole))
}

#[cfg(test)]
mod tests {
    use super::read_range;

    #[test]
    fn ranges_end_with_the_file() {
        for (text, expected) in [
            ("bytes=0-3", Some(0..4)),
            ("bytes=0-99", Some(0..10)),
            ("bytes=8-", Some(8..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-99", Some(0..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=99-100", Some(10..10)),
            ("bytes=3-1", None),
            ("bytes=0-1,3-4", None),
            ("chunks=0-1", None),
            ("bytes=0-18446744073709551615", Some(0..10)),
        ] {
            assert_eq!(read_range(text, 10), expected, "{text}");
        }
    }
}
