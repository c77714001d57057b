//! `files/download`.

use syft_loopback::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderName};
use syft_loopback::{Request, Response, StatusCode, read_range};

use super::resolve::{self, Kind, tagged};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::Result;
use crate::render::{ascii, plain};
use crate::state::State;

const RESULT: HeaderName = HeaderName::from_static("dropbox-api-result");

pub(crate) fn download(
    state: &mut State,
    account: &Account,
    args: &Args,
    request: &Request,
) -> Result<Response> {
    let args = args.clone().known(&["path", "rev"])?;
    let tree = state.tree(account)?;
    let path = resolve::path(tree, &args, "path", Kind::Read, &["path"])?;
    let node = resolve::node(tree, &path, &["path"])?;
    let file = node.file.as_ref().ok_or_else(|| tagged(&["path"], &["not_file"]))?;
    let whole = file.bytes.len();
    let range = request.header("range").and_then(|text| read_range(text, whole));
    let response = match range {
        None => octets(StatusCode::OK, file.bytes.clone()),
        Some(range) if range.is_empty() => {
            let refused = octets(StatusCode::RANGE_NOT_SATISFIABLE, Vec::new());
            return Ok(refused.with(CONTENT_RANGE, &format!("bytes */{whole}")));
        }
        Some(range) => {
            let told = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
            let part = octets(StatusCode::PARTIAL_CONTENT, file.bytes.slice(range));
            part.with(CONTENT_RANGE, &told)
        }
    };
    Ok(response
        .with(RESULT, &ascii(&plain(node)))
        .with(ACCEPT_RANGES, "bytes")
        .with(ETAG, &format!("W/\"{}\"", file.rev)))
}

fn octets(status: StatusCode, body: impl Into<bytes::Bytes>) -> Response {
    Response::of(status, "application/octet-stream", body)
}
