//! What all stores have in common that are reached over HTTP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderMap, RETRY_AFTER};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections over HTTP/1.1 with the roots of Mozilla, or those of the file of an authority
/// alone, and ring's TLS, whatever provider the process has. Ten seconds to connect. Without
/// TLS too: which addresses may be reached so is decided where they are read.
///
/// # Errors
/// [`Error::Permanent`] if TLS cannot be set up, or the file is none of an authority.
pub(crate) fn connector(what: &str, ca: Option<&Path>) -> Result<HttpsConnector<HttpConnector>> {
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.set_nodelay(true);
    // It is asked for https too, by the connector around it.
    http.enforce_http(false);
    let failed = |error: rustls::Error| Error::permanent("set up TLS for", what, error.to_string());
    let provider = rustls::crypto::ring::default_provider();
    let tls = HttpsConnectorBuilder::new();
    let tls = match ca {
        None => tls.with_provider_and_webpki_roots(provider).map_err(failed)?,
        Some(ca) => tls.with_tls_config(
            ClientConfig::builder_with_provider(Arc::new(provider))
                .with_safe_default_protocol_versions()
                .map_err(failed)?
                .with_root_certificates(roots(ca)?)
                .with_no_client_auth(),
        ),
    };
    Ok(tls.https_or_http().enable_http1().wrap_connector(http))
}

/// What the file of an authority vouches for.
fn roots(ca: &Path) -> Result<RootCertStore> {
    let unusable = |why: String| Error::permanent("read the authority in", ca.display(), why);
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(ca).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(unusable("it holds no certificate: it is a file of PEM".to_owned())),
        false => Ok(roots),
    }
}

/// How long a server wants to be left alone (RFC 9110, section 10.2.3); a date is taken
/// for no wish at all.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
