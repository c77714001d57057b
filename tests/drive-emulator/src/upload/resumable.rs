//! Uploads in chunks: a session is opened, filled from its beginning, and done.

use std::collections::BTreeMap;

use hyper::header::{LOCATION, RANGE};
use hyper::{Method, StatusCode};
use syft_loopback::{Millis, Request, Response};

use super::{Target, finish};
use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::files::{Media, Meta, allow_create, allow_update};
use crate::state::State;

/// Of all chunks but the last, only multiples of this are kept.
const GRAIN: usize = 256 * 1024;

/// A session is good for a week.
const LIFE: Millis = 7 * 24 * 3_600_000;

/// What the answer to a cancelled upload has for a status.
const CLIENT_CLOSED: u16 = 499;

/// The uploads that were begun.
#[derive(Debug, Default)]
pub(crate) struct Sessions(BTreeMap<String, Session>);

#[derive(Debug)]
struct Session {
    caller: Caller,
    /// The request that opened it: its fields are those of the answer.
    opening: Request,
    target: Target,
    meta: Meta,
    mime: Option<String>,
    total: Option<usize>,
    received: Vec<u8>,
    since: Millis,
    answer: Option<Response>,
}

impl Sessions {
    /// Whose upload it is.
    pub(crate) fn owner(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|session| session.caller.email.as_str())
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Begins an upload and says where its bytes go.
pub(super) fn open(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    target: Target,
) -> Result<Response> {
    let meta = Meta::read(&request.body)?;
    match &target {
        Target::Create => allow_create(state, caller, &meta)?,
        Target::Update(id) => allow_update(state, caller, id, &meta)?,
    };
    let header = |name: &str| request.header(name);
    let total = header("x-upload-content-length").map(str::parse::<usize>).transpose();
    let total = total.map_err(|_| Error::bad_request("Invalid X-Upload-Content-Length."))?;
    let id = state.dice.word(48);
    let (url, path) = (&state.url, &request.path);
    let location = format!("{url}{path}?{}&upload_id={id}", request.raw_query);
    let session = Session {
        caller: caller.clone(),
        opening: request.clone(),
        target,
        meta,
        mime: header("x-upload-content-type").map(str::to_owned),
        total,
        received: Vec::new(),
        since: state.now(),
        answer: None,
    };
    state.sessions.0.insert(id, session);
    Ok(Response::empty(StatusCode::OK).with(LOCATION, &location))
}

/// Takes a chunk, says how far the upload is, or ends it.
pub(super) fn chunk(state: &mut State, request: &Request, id: &str) -> Result<Response> {
    let now = state.now();
    // It is put back unless it is given up: its end needs the whole state.
    let session = state.sessions.0.remove(id);
    let session = session.filter(|session| now.saturating_sub(session.since) < LIFE);
    let mut session = session.ok_or_else(Error::no_method)?;
    if request.method == Method::DELETE {
        let status = StatusCode::from_u16(CLIENT_CLOSED).unwrap_or(StatusCode::GONE);
        return Ok(Response::empty(status));
    }
    let answer = session.take(state, request);
    state.sessions.0.insert(id.to_owned(), session);
    answer
}

impl Session {
    fn take(&mut self, state: &mut State, request: &Request) -> Result<Response> {
        if let Some(answer) = &self.answer {
            return Ok(answer.clone());
        }
        let range = match request.header("content-range") {
            Some(text) => Range::read(text).ok_or_else(bad_range)?,
            // The whole file in one request.
            None => Range { first: Some(0), total: Some(request.body.len()) },
        };
        self.keep(&range, request)?;
        if self.total == Some(self.received.len()) {
            return self.end(state);
        }
        let incomplete = Response::empty(StatusCode::PERMANENT_REDIRECT);
        Ok(match self.received.len().checked_sub(1) {
            Some(last) => incomplete.with(RANGE, &format!("bytes=0-{last}")),
            None => incomplete,
        })
    }

    /// Adds what is new of a chunk.
    fn keep(&mut self, range: &Range, request: &Request) -> Result<()> {
        if let Some(total) = range.total {
            if self.total.is_some_and(|known| known != total) {
                return Err(bad_range());
            }
            self.total = Some(total);
        }
        let Some(first) = range.first else { return Ok(()) };
        let end = first.saturating_add(request.body.len());
        if self.total.is_some_and(|total| end > total) {
            return Err(bad_range());
        }
        let known = self.received.len().checked_sub(first).ok_or_else(bad_range)?;
        let mut news = request.body.get(known..).unwrap_or_default();
        if self.total != Some(end) {
            let whole = (self.received.len() + news.len()) / GRAIN * GRAIN;
            news = news.get(..whole.saturating_sub(self.received.len())).unwrap_or(news);
        }
        let most = request.take_at_most.unwrap_or(usize::MAX).min(news.len());
        self.received.extend_from_slice(news.get(..most).unwrap_or(news));
        Ok(())
    }

    fn end(&mut self, state: &mut State) -> Result<Response> {
        let bytes = std::mem::take(&mut self.received).into();
        let media = Media { bytes, mime: self.mime.clone() };
        let answer = finish(state, &self.caller, &self.opening, &self.target, &self.meta, media)?;
        self.answer = Some(answer.clone());
        Ok(answer)
    }
}

fn bad_range() -> Error {
    Error::bad_request("Invalid request. The Content-Range does not fit what was uploaded.")
}

/// `bytes 0-5/10`, `bytes 0-5/*`, `bytes */10` or `bytes */*`.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    /// None: it asks how far the upload is.
    first: Option<usize>,
    total: Option<usize>,
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let total = if total == "*" { None } else { Some(total.parse().ok()?) };
        if range == "*" {
            return Some(Range { first: None, total });
        }
        let (first, last) = range.split_once('-')?;
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some(Range { first: Some(first), total })
    }
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn ranges_of_chunks_are_read() {
        let range = |first, total| Some(Range { first, total });
        for (text, expected) in [
            ("bytes 0-5/6", range(Some(0), Some(6))),
            ("bytes 6-7/*", range(Some(6), None)),
            ("bytes */6", range(None, Some(6))),
            ("bytes */*", range(None, None)),
            ("bytes 5-1/6", None),
            ("bytes -1/6", None),
            ("0-5/6", None),
            ("bytes 0-5", None),
        ] {
            assert_eq!(Range::read(text), expected, "{text}");
        }
    }
}
