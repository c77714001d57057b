use std::fmt;

use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use syft_core::{Email, Timestamp};
use url::Url;
use yup_oauth2::authenticator::Authenticator;
use yup_oauth2::client::CustomHyperClientBuilder;
use yup_oauth2::{AccessToken, Error as YupError, ServiceAccountAuthenticator, ServiceAccountKey};

use super::answer::{Grant, Granted, Said, refusal};
use super::document::Document;
use super::endpoints::{parse, place, reject};
use super::http::{ANSWER_TIMEOUT, connector, silent};
use super::token_file::GOOGLE_TOKEN_URI;
use super::{Bearer, DRIVE_SCOPE, Endpoints};
use crate::{Error, Result};

const WHAT: &str = "the key of the service account";

/// An account of a program, which signs its own requests for tokens (RFC 7523,
/// section 2.1), perhaps in the name of a person of its domain.
#[derive(Clone)]
pub(super) struct ServiceAccount {
    client_email: String,
    private_key: SecretString,
    token_uri: Url,
    subject: Option<Email>,
}

impl ServiceAccount {
    pub(super) fn read(document: &Document, subject: Option<Email>) -> Result<Self> {
        if document.text("type") != Some("service_account") {
            let wanted = "wanted is a JSON key of a service account";
            return Err(reject(WHAT, format!("{}; {wanted}", document.nature())));
        }
        let private_key = document.need("private_key", WHAT)?;
        if !private_key.trim_start().starts_with("-----BEGIN") {
            return Err(reject(WHAT, "its private_key is not in PEM"));
        }
        let token_uri = document.text("token_uri").unwrap_or(GOOGLE_TOKEN_URI);
        Ok(ServiceAccount {
            client_email: document.need("client_email", WHAT)?.to_owned(),
            private_key: private_key.into(),
            token_uri: parse(token_uri, "the token_uri of the service account")?,
            subject,
        })
    }

    pub(super) fn at(mut self, endpoints: &Endpoints) -> Self {
        if let Some(token_uri) = endpoints.token_uri() {
            self.token_uri = token_uri.clone();
        }
        self
    }

    pub(super) async fn token(&self) -> Result<Granted> {
        let authenticator = self.authenticator().await?;
        // The library's own timeout is not kept for a client that is passed in.
        let token = authenticator.force_refreshed_token(&[DRIVE_SCOPE]);
        match tokio::time::timeout(ANSWER_TIMEOUT, token).await {
            Ok(token) => self.granted(&token.map_err(|error| self.refused(error))?),
            Err(_) => Err(silent(&self.token_uri)),
        }
    }

    /// The authenticator copies the key without wiping it, so it lives for one token.
    async fn authenticator(&self) -> Result<Authenticator<HttpsConnector<HttpConnector>>> {
        let key = ServiceAccountKey {
            key_type: Some("service_account".to_owned()),
            project_id: None,
            private_key_id: None,
            private_key: self.private_key.expose_secret().to_owned(),
            client_email: self.client_email.clone(),
            client_id: None,
            auth_uri: None,
            token_uri: self.token_uri.to_string(),
            auth_provider_x509_cert_url: None,
            client_x509_cert_url: None,
        };
        let client = Client::builder(TokioExecutor::new()).build(connector()?);
        let client = CustomHyperClientBuilder::from(client);
        let builder = ServiceAccountAuthenticator::with_client(key, client);
        let builder = match &self.subject {
            Some(subject) => builder.subject(subject.as_str()),
            None => builder,
        };
        builder.build().await.map_err(|_| reject(WHAT, "its private_key is no RSA key"))
    }

    fn granted(&self, token: &AccessToken) -> Result<Granted> {
        let Some(bearer) = token.token() else {
            let detail = "its answer holds no access token";
            return Err(Error::permanent("get a token from", place(&self.token_uri), detail));
        };
        // Seconds of this century are exact in a double.
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        let expires_at = token.expiration_time().map(|time| time.unix_timestamp() as f64);
        Ok(Granted {
            bearer: Bearer::parse(bearer)?,
            expires_at: expires_at.and_then(|seconds| Timestamp::new(seconds).ok()),
            refresh_token: None,
            refresh_expires_at: None,
            scope: None,
        })
    }

    /// Without the library's error below it, whose text is not made safe to show.
    fn refused(&self, error: YupError) -> Error {
        let place = place(&self.token_uri);
        match error {
            YupError::AuthError(said) => {
                let description = said.error_description.unwrap_or_default();
                let said = Said::new(said.error.as_str(), &description, &[]);
                refusal(None, &said, None, &place, Grant::ServiceAccount)
            }
            YupError::HttpError(_) | YupError::HttpClientError(_) => {
                Error::temporary("reach", place, "there is no connection to it")
            }
            // A server that is in trouble answers with a page for people.
            YupError::JSONError(_) => {
                Error::temporary("get a token from", place, "its answer is no JSON")
            }
            _ => Error::permanent("get a token from", place, "it gave no access token"),
        }
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("client_email", &self.client_email)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
