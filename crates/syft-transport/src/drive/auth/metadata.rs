use google_drive3::hyper::StatusCode;
use syft_core::Timestamp;
use url::Url;

use super::DRIVE_SCOPE;
use super::answer::{Grant, Granted, granted};
use super::endpoints::{place, reject};
use super::http::{HttpClient, get};
use crate::{Error, Result};

const GOOGLE_HOST: &str = "metadata.google.internal";
const PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// The metadata server of Google's own machines and of Colab, which gives out tokens
/// to whoever is on the machine. It has no TLS, and is told no secret.
#[derive(Debug, Clone)]
pub(super) struct Metadata(Url);

impl Metadata {
    /// The server at a host, with a port or without, as `GCE_METADATA_HOST` names it.
    pub(super) fn at(host: Option<&str>) -> Result<Self> {
        let what = "the address of the metadata server";
        let host = host.unwrap_or(GOOGLE_HOST);
        if host.is_empty() || host.contains(['/', '?', '#', '@']) {
            return Err(reject(what, "it must be a host and perhaps a port"));
        }
        let mut url = Url::parse(&format!("http://{host}{PATH}"))
            .map_err(|error| reject(what, error.to_string()))?;
        url.query_pairs_mut().append_pair("scopes", DRIVE_SCOPE);
        Ok(Metadata(url))
    }

    pub(super) async fn token(&self, client: &HttpClient, now: Timestamp) -> Result<Granted> {
        let answer = get(client, &self.0, ("metadata-flavor", "Google")).await.map_err(|error| {
            let detail = "no credentials were found on this machine, and it is none of Google's: \
                          log in, or name a token file";
            Error::temporary("reach", place(&self.0), detail).because(error)
        })?;
        if answer.status == StatusCode::NOT_FOUND {
            let detail = "it knows no account of this machine: log in, or name a token file";
            return Err(Error::permanent("get a token from", place(&self.0), detail));
        }
        granted(&answer, &self.0, Grant::Machine, &[], now)
    }
}
