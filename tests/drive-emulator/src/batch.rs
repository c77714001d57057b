//! Many calls in one request.

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode, Uri};
use syft_loopback::{Request, Response};

use crate::auth::caller_of;
use crate::error::{Error, Result};
use crate::log::RequestLine;
use crate::route::drive;
use crate::state::State;
use crate::upload::{Part, parts};

/// Google's limit.
const CALLS: usize = 100;

/// Answers each part for itself, in their order.
pub(crate) fn batch(state: &mut State, request: &Request) -> Result<Response> {
    let kind = request.header("content-type").unwrap_or_default();
    let parts = parts(kind, &request.body).filter(|parts| !parts.is_empty());
    let parts = parts.ok_or_else(|| Error::bad_request("Failed to parse batch request."))?;
    if request.method != Method::POST {
        return Err(Error::no_method());
    }
    if parts.len() > CALLS {
        let message = format!(
            "The batch request could not be processed. The maximum number of calls in a batch request is {CALLS}."
        );
        return Err(Error::bad_request(message));
    }
    let boundary = format!("batch_{}", state.dice.word(32));
    let mut body = Vec::new();
    for part in &parts {
        let answer = match inner(part, request) {
            Some(inner) => call(state, &inner),
            None => Error::bad_request("Failed to parse batch request.").into_response(),
        };
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        write(&mut body, part.header("content-id"), &answer);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Response::of(StatusCode::OK, &format!("multipart/mixed; boundary={boundary}"), body))
}

/// Answers one call, with the faults that are meant for it, and notes it.
fn call(state: &mut State, request: &Request) -> Response {
    state.store.begin();
    let user = caller_of(state, request);
    let answer = match state.faults.refusal(request, user.as_deref()) {
        Some(refusal) => refusal.into_response(),
        None => {
            let segments = request.segments();
            let path: Vec<&str> = segments.iter().map(String::as_str).collect();
            let media =
                path.first() != Some(&"drive") || request.params.get("alt") == Some("media");
            let answer = if media {
                Err(Error::bad_request("Media is not supported in a batch."))
            } else {
                drive(state, request, &path)
            };
            answer.unwrap_or_else(Error::into_response)
        }
    };
    state.requests.push(RequestLine::new(request, user, Some(answer.status), true));
    answer
}

/// The request that a part is. It has the token of the whole unless it has its own.
fn inner(part: &Part, outer: &Request) -> Option<Request> {
    let end = part.body.iter().position(|byte| *byte == b'\n').unwrap_or(part.body.len());
    let line = String::from_utf8(part.body.get(..end)?.to_vec()).ok()?;
    let mut words = line.split_whitespace();
    let method = Method::from_bytes(words.next()?.as_bytes()).ok()?;
    let uri: Uri = words.next()?.parse().ok()?;
    let rest = part.body.slice((end + 1).min(part.body.len())..);
    let (lines, body) = crate::upload::head(&rest)?;
    let mut headers = HeaderMap::new();
    if let Some(token) = outer.headers.get(AUTHORIZATION) {
        headers.insert(AUTHORIZATION, token.clone());
    }
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    Some(Request::new(method, &uri, headers, trimmed(&body)))
}

/// The end of the last line belongs to the boundary.
fn trimmed(body: &Bytes) -> Bytes {
    let end = body.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
    body.slice(..end)
}

fn write(body: &mut Vec<u8>, content_id: Option<&str>, answer: &Response) {
    let mut head = String::from("Content-Type: application/http\r\n");
    if let Some(id) = content_id {
        let id = id.trim_start_matches('<').trim_end_matches('>');
        head += &format!("Content-ID: <response-{id}>\r\n");
    }
    head += &format!("\r\nHTTP/1.1 {}\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    head += &format!("Content-Length: {}\r\n\r\n", answer.body.len());
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&answer.body);
    body.extend_from_slice(b"\r\n");
}
