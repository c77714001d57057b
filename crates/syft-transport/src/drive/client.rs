//! The account at Google and the way there: tokens, pace, connections.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use google_drive3::common::Body;
use google_drive3::hyper::header::HeaderMap;
use google_drive3::hyper::{Method, StatusCode};
use http_body_util::BodyExt as _;
use leaky_bucket::RateLimiter;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::Url;

use super::auth::{HttpClient, Tokens};
use super::call::{Call, What};
use super::errors;
use crate::{ByteStream, Error, Result};

/// Connections at the same time.
const CONNECTIONS: usize = 8;
/// Requests at once after a rest, and as many again in each second: below the quota of
/// Google's for one person (12,000 in a minute).
const BURST: usize = 150;
/// Time for the head of an answer, and for each next piece of it.
const PATIENCE: Duration = Duration::from_secs(120);
/// An answer that is no file has never more bytes.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// One account at Google.
#[derive(Clone)]
pub(super) struct Client {
    http: HttpClient,
    tokens: Tokens,
    root: Url,
    pace: Arc<RateLimiter>,
    connections: Arc<Semaphore>,
}

/// An answer whose body is still on its way.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Body,
    what: What,
    /// Free again when the body has come.
    _connection: OwnedSemaphorePermit,
}

impl Client {
    pub(super) fn new(http: HttpClient, tokens: Tokens, root: Url) -> Self {
        let pace = RateLimiter::builder()
            .initial(BURST)
            .max(BURST)
            .refill(BURST / 10)
            .interval(Duration::from_millis(100))
            .build();
        Client {
            http,
            tokens,
            root,
            pace: Arc::new(pace),
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }

    /// A call of the Drive API: of `path` each part is one of the address.
    pub(super) fn call(&self, method: Method, path: &[&str], what: What) -> Call {
        Call::new(method, self.address(&["drive", "v3"], path), what)
    }

    /// The address below the root.
    pub(super) fn address(&self, base: &[&str], path: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(base).extend(path);
        }
        url
    }

    /// The answer of a call that went well, read as JSON.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T> {
        let what = call.what.clone();
        let body = self.send(call).await?.bytes().await?;
        serde_json::from_slice(&body).map_err(|error| {
            let detail = format!("Google's answer is not understood: {error}");
            Error::temporary(what.action, what.subject, detail).because(error)
        })
    }

    /// The answer of a call that went well.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer> {
        self.send_any(call).await?.checked().await
    }

    /// Any answer. A token that is refused is renewed once.
    pub(super) async fn send_any(&self, call: &Call) -> Result<Answer> {
        if !call.is_signed {
            return self.send_once(call, None).await;
        }
        let bearer = self.tokens.bearer().await?;
        let answer = self.send_once(call, Some(bearer.expose())).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        drop(answer);
        let bearer = self.tokens.renew(&bearer).await?;
        self.send_once(call, Some(bearer.expose())).await
    }

    async fn send_once(&self, call: &Call, bearer: Option<&str>) -> Result<Answer> {
        let What { action, subject } = &call.what;
        let request = call.request(bearer)?;
        self.pace.acquire_one().await;
        let connection = self.connections.clone().acquire_owned().await.map_err(|error| {
            Error::temporary(action, subject, "the connections are closed").because(error)
        })?;
        let sent = timeout(PATIENCE, self.http.request(request)).await;
        let answer = sent
            .map_err(|error| {
                let detail = format!("Google did not answer for {} s", PATIENCE.as_secs());
                Error::temporary(action, subject, detail).because(error)
            })?
            .map_err(|error| {
                Error::temporary(action, subject, "Google cannot be reached").because(error)
            })?;
        let (head, body) = answer.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.boxed(),
            what: call.what.clone(),
            _connection: connection,
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("root", &self.root.as_str()).finish_non_exhaustive()
    }
}

impl Answer {
    /// The same, if it is a success.
    pub(super) async fn checked(self) -> Result<Answer> {
        if self.status.is_success() {
            return Ok(self);
        }
        let (what, status, headers) = (self.what.clone(), self.status, self.headers.clone());
        // Whatever the body is, the status says the most.
        let body = self.bytes().await.unwrap_or_default();
        Err(errors::refused(&what, status, &headers, &body))
    }

    /// The body in memory.
    pub(super) async fn bytes(mut self) -> Result<Bytes> {
        let mut all = Vec::new();
        while let Some(piece) = next(&mut self.body, &self.what).await? {
            if all.len() + piece.len() > MAX_ANSWER {
                let What { action, subject } = self.what;
                return Err(Error::too_large(action, subject, MAX_ANSWER as u64));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.into())
    }

    /// The body as it comes.
    pub(super) fn stream(self) -> ByteStream {
        stream::try_unfold(self, |mut answer| async move {
            let piece = next(&mut answer.body, &answer.what).await?;
            Ok(piece.map(|piece| (piece, answer)))
        })
        .boxed()
    }
}

async fn next(body: &mut Body, what: &What) -> Result<Option<Bytes>> {
    let What { action, subject } = what;
    loop {
        let frame = timeout(PATIENCE, body.frame()).await.map_err(|error| {
            let detail = format!("nothing came for {} s", PATIENCE.as_secs());
            Error::temporary(action, subject, detail).because(error)
        })?;
        let Some(frame) = frame else { return Ok(None) };
        let frame = frame.map_err(|error| {
            Error::temporary(action, subject, "the answer was cut").because(error)
        })?;
        if let Ok(piece) = frame.into_data() {
            return Ok(Some(piece));
        }
    }
}
