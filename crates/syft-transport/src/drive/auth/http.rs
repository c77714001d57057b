use std::time::Duration;

use bytes::Bytes;
use google_drive3::common::{Body, to_body};
use google_drive3::hyper::header::{ACCEPT, CONTENT_TYPE};
use google_drive3::hyper::{Request, Response, StatusCode, body::Incoming};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::DRIVE;
use super::endpoints::{place, reject};
use crate::http::{connector, retry_after};
use crate::{Error, Result};

/// The HTTP client of Drive, for the API and for tokens.
pub type HttpClient = Client<HttpsConnector<HttpConnector>, Body>;

/// How long a token endpoint may take, from the first byte sent to the last received.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest answer about tokens, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// A client over HTTP/1.1 with the roots of Mozilla and ring's TLS, whatever provider
/// the process has. Ten seconds to connect; how long a call may take is for the caller.
///
/// # Errors
/// [`Error::Permanent`] if TLS cannot be set up.
pub fn http_client() -> Result<HttpClient> {
    let mut builder = Client::builder(TokioExecutor::new());
    Ok(builder.pool_timer(TokioTimer::new()).build(connector(DRIVE, None)?))
}

/// An answer about tokens, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Asks a token endpoint (RFC 6749, section 4.1.3).
pub(super) async fn post_form(
    client: &HttpClient,
    url: &Url,
    fields: &[(&str, &str)],
) -> Result<Answer> {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let form = Bytes::from_owner(Zeroizing::new(form.into_bytes()));
    let request = Request::post(url.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json")
        .body(to_body(Some(form)));
    send(client, url, request).await
}

/// Asks a metadata server.
pub(super) async fn get(client: &HttpClient, url: &Url, header: (&str, &str)) -> Result<Answer> {
    let request = Request::get(url.as_str()).header(header.0, header.1);
    send(client, url, request.body(to_body::<Bytes>(None))).await
}

async fn send<E>(
    client: &HttpClient,
    url: &Url,
    request: std::result::Result<Request<Body>, E>,
) -> Result<Answer> {
    let request = request.map_err(|_| reject(&place(url), "it is no address for HTTP"))?;
    let answer = async {
        let failed = |error| {
            let detail = "there is no connection to it";
            Error::temporary("reach", place(url), detail).because(error)
        };
        read(url, client.request(request).await.map_err(failed)?).await
    };
    tokio::time::timeout(ANSWER_TIMEOUT, answer).await.unwrap_or_else(|_| Err(silent(url)))
}

fn silent(url: &Url) -> Error {
    let detail = format!("it did not answer within {} seconds", ANSWER_TIMEOUT.as_secs());
    Error::temporary("reach", place(url), detail)
}

async fn read(url: &Url, response: Response<Incoming>) -> Result<Answer> {
    let (head, body) = response.into_parts();
    let retry_after = retry_after(&head.headers);
    let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
        Error::temporary("read the answer of", place(url), "it was cut or too long").because(error)
    })?;
    let body = Zeroizing::new(Vec::from(body.to_bytes()));
    Ok(Answer { status: head.status, retry_after, body })
}
