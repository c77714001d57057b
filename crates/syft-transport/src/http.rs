//! What all stores have in common that are reached over HTTP.

use std::time::Duration;

use http::header::{HeaderMap, RETRY_AFTER};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;

use crate::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections over HTTP/1.1 with the roots of Mozilla and ring's TLS, whatever provider the
/// process has. Ten seconds to connect. Without TLS too: which addresses may be reached so
/// is decided where they are read.
///
/// # Errors
/// [`Error::Permanent`] if TLS cannot be set up.
pub(crate) fn connector(what: &str) -> Result<HttpsConnector<HttpConnector>> {
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.set_nodelay(true);
    // It is asked for https too, by the connector around it.
    http.enforce_http(false);
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .map_err(|error| Error::permanent("set up TLS for", what, error.to_string()))?;
    Ok(tls.https_or_http().enable_http1().wrap_connector(http))
}

/// How long a server wants to be left alone (RFC 9110, section 10.2.3); a date is taken
/// for no wish at all.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
