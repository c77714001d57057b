use std::future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::TryStreamExt;
use http::header::{CONTENT_LENGTH, LOCATION};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opendal::raw::Operation;
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport};

use crate::http::{connector, retry_after};

/// What a server answers that is no object's body is read as a whole, up to so many bytes: a
/// listing of a thousand names is less than one of these MiB.
const MAX_ANSWER: u64 = 64 << 20;
/// How often a question is sent on to where its object was moved.
const MAX_REDIRECTS: usize = 3;

type Client = legacy::Client<HttpsConnector<HttpConnector>, Full<Buffer>>;

/// What a kind of store does to each request before it leaves.
#[async_trait]
pub(super) trait Outgoing: Send + Sync + 'static {
    /// Changes it in place.
    async fn prepare(&self, request: &mut Request<Buffer>) -> opendal::Result<()>;

    /// The server lets in nobody with what the request was prepared with: whether another
    /// one may be prepared better.
    async fn is_renewed(&self) -> bool {
        false
    }
}

/// How the services of OpenDAL reach their servers: over the connections of this crate.
#[derive(Clone)]
pub(super) struct OwnHttp {
    client: Client,
    outgoing: Option<Arc<dyn Outgoing>>,
}

/// How long a server wants to be left alone, as the source of an error.
#[derive(Debug, thiserror::Error)]
#[error("it asks to be left alone for {} seconds", .0.as_secs())]
pub(super) struct Wait(pub(super) Duration);

/// That an answer is larger than any that makes sense, as the source of an error.
#[derive(Debug, thiserror::Error)]
#[error("it is larger than {} MiB", MAX_ANSWER >> 20)]
pub(super) struct Endless;

impl OwnHttp {
    /// With the file of the authority that vouches for the server, if it is a private one.
    pub(super) fn new(
        outgoing: Option<Arc<dyn Outgoing>>,
        ca: Option<&Path>,
    ) -> crate::Result<Self> {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        let client = builder.pool_timer(TokioTimer::new()).build(connector("the store", ca)?);
        Ok(OwnHttp { client, outgoing })
    }

    async fn send(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let (is_head, uri) = (request.method() == Method::HEAD, request.uri().clone());
        let is_read = request.extensions().get::<Operation>() == Some(&Operation::Read);
        let sent = self.client.request(request.map(Full::new)).await;
        let (mut head, body) = sent.map_err(|error| unreachable(&uri, error))?.into_parts();
        if matches!(head.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(after) = retry_after(&head.headers)
        {
            let busy = Error::new(ErrorKind::RateLimited, "the server is busy");
            return Err(busy.set_source(Wait(after)));
        }
        // To a question for the head alone it is the length of what is not sent.
        let length = head.headers.get(CONTENT_LENGTH).filter(|_| !is_head);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        head.extensions.insert(uri);
        let mut room = if is_read && head.status.is_success() { u64::MAX } else { MAX_ANSWER };
        if length.is_some_and(|length| length > room) {
            return Err(endless());
        }
        let pieces = body
            .into_data_stream()
            .try_filter(|piece| future::ready(!piece.is_empty()))
            .map_err(|error| {
                Error::new(ErrorKind::Unexpected, "the answer was cut")
                    .set_temporary()
                    .set_source(error)
            })
            .and_then(move |piece| {
                let left = room.checked_sub(piece.len() as u64);
                room = left.unwrap_or_default();
                future::ready(left.map(|_| Buffer::from(piece)).ok_or_else(endless))
            });
        Ok(Response::from_parts(head, HttpBody::new(pieces, length)))
    }
}

impl HttpTransport for OwnHttp {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let Some(outgoing) = &self.outgoing else { return self.follow(request).await };
        let mut prepared = request.clone();
        outgoing.prepare(&mut prepared).await?;
        let answer = self.follow(prepared).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !outgoing.is_renewed().await {
            return Ok(answer);
        }
        let mut again = request;
        outgoing.prepare(&mut again).await?;
        self.follow(again).await
    }
}

impl OwnHttp {
    /// Sends a request, and again to where what it asks for was moved.
    async fn follow(&self, mut request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        for _ in 0..MAX_REDIRECTS {
            let again = request.clone();
            let answer = self.send(request).await?;
            match moved_to(&again, &answer) {
                Some(uri) => request = moved(again, uri),
                None => return Ok(answer),
            }
        }
        self.send(request).await
    }
}

/// Where what was asked for lies now. Of another server, which must not see the credentials,
/// and of what changes something, the service itself decides.
fn moved_to<B>(asked: &Request<Buffer>, answer: &Response<B>) -> Option<Uri> {
    let reads = matches!(asked.method().as_str(), "GET" | "HEAD" | "PROPFIND");
    if !reads || !matches!(answer.status().as_u16(), 301 | 302 | 307 | 308) {
        return None;
    }
    let there = answer.headers().get(LOCATION)?.to_str().ok()?;
    let from = url::Url::parse(&asked.uri().to_string()).ok()?;
    let to = from.join(there).ok()?;
    (from.origin() == to.origin()).then(|| to.as_str().parse().ok())?
}

fn moved(mut request: Request<Buffer>, uri: Uri) -> Request<Buffer> {
    *request.uri_mut() = uri;
    request
}

fn endless() -> Error {
    Error::new(ErrorKind::Unexpected, "the server's answer was not read").set_source(Endless)
}

/// Without path and query, which may hold what is secret.
fn unreachable(uri: &Uri, error: legacy::Error) -> Error {
    let host = uri.host().unwrap_or_default();
    Error::new(ErrorKind::Unexpected, format!("there is no connection to {host}"))
        .set_temporary()
        .set_source(error)
}
