use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::RsaSigningKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey as _;
use serde::Serialize;
use syft_core::{Email, Timestamp};
use url::Url;
use yup_oauth2::ServiceAccountKey;
use zeroize::{Zeroize as _, Zeroizing};

use super::answer::{Grant, Granted, ask};
use super::document::Document;
use super::endpoints::{parse, reject};
use super::http::HttpClient;
use super::token_file::GOOGLE_TOKEN_URI;
use super::{DRIVE_SCOPE, Endpoints};
use crate::Result;

const WHAT: &str = "the key of the service account";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;
/// How long a request for a token is good for, in seconds: Google takes no longer one.
const LIFE: u64 = 3600;

/// An account of a program, which signs its own requests for tokens (RFC 7523,
/// section 2.1), perhaps in the name of a person of its domain.
#[derive(Clone)]
pub(super) struct ServiceAccount {
    key: Key,
    token_uri: Url,
    subject: Option<Email>,
}

/// The key file as `yup-oauth2` has it, whose flow is not used: it writes requests and
/// tokens to the log. Wiped when dropped, never shown.
#[derive(Clone)]
struct Key(Box<ServiceAccountKey>);

impl Drop for Key {
    fn drop(&mut self) {
        self.0.private_key.zeroize();
    }
}

/// What is signed (RFC 7519, section 4.1).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
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
        let token_uri = parse(token_uri, "the token_uri of the service account")?;
        let key = Key(Box::new(ServiceAccountKey {
            key_type: Some("service_account".to_owned()),
            project_id: None,
            private_key_id: None,
            private_key: private_key.to_owned(),
            client_email: document.need("client_email", WHAT)?.to_owned(),
            client_id: None,
            auth_uri: None,
            token_uri: token_uri.to_string(),
            auth_provider_x509_cert_url: None,
            client_x509_cert_url: None,
        }));
        Ok(ServiceAccount { key, token_uri, subject })
    }

    pub(super) fn at(mut self, endpoints: &Endpoints) -> Self {
        if let Some(token_uri) = endpoints.token_uri() {
            self.token_uri = token_uri.clone();
        }
        self
    }

    pub(super) async fn token(&self, client: &HttpClient, now: Timestamp) -> Result<Granted> {
        let assertion = self.assertion(now)?;
        let fields = [("grant_type", GRANT_TYPE), ("assertion", assertion.as_str())];
        ask(client, &self.token_uri, Grant::ServiceAccount, &fields, now).await
    }

    /// A signed request for a token, which is as good as one: `header.claims.signature`
    /// (RFC 7515, section 3.1).
    fn assertion(&self, now: Timestamp) -> Result<Zeroizing<String>> {
        // A clock before 1970 is refused by Google as any other that is wrong.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "seconds since 1970, cut to whole ones"
        )]
        let iat = now.seconds() as u64;
        let claims = Claims {
            iss: &self.key.0.client_email,
            scope: DRIVE_SCOPE,
            aud: self.token_uri.as_str(),
            iat,
            exp: iat.saturating_add(LIFE),
            sub: self.subject.as_ref().map(Email::as_str),
        };
        let claims = serde_json::to_vec(&claims)
            .map_err(|error| reject(WHAT, format!("its request cannot be written: {error}")))?;
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.sign(signed.as_bytes())?;
        Ok(Zeroizing::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        // The errors of the libraries hold nothing that helps.
        let no_key = || reject(WHAT, "its private_key is no RSA key");
        let mut der = PrivateKeyDer::from_pem_slice(self.key.0.private_key.as_bytes())
            .map_err(|_| no_key())?;
        let key = RsaSigningKey::new(&der);
        der.zeroize();
        let signer = key
            .ok()
            .and_then(|key| key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]))
            .ok_or_else(no_key)?;
        signer.sign(bytes).map_err(|_| no_key())
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("client_email", &self.key.0.client_email)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
