use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use syft_core::Timestamp;
use url::Url;
use zeroize::Zeroizing;

use super::answer::Granted;
use super::document::Document;
use super::endpoints::{parse, place, reject};
use super::{Bearer, DRIVE_SCOPE};
use crate::Result;

pub(super) const GOOGLE_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const WHAT: &str = "the token file";
/// When the refresh token ends. The Python client passes over a key that it does not
/// know.
const REFRESH_EXPIRY: &str = "refresh_token_expiry";

/// A login at Google as `google.oauth2.credentials.Credentials.to_json()` of Google's
/// Python client writes it, so that both read the same file. Keys that are not known
/// here stay as they are.
#[derive(Clone)]
pub struct TokenFile {
    document: Document,
    token: Option<Bearer>,
    login: Option<Login>,
    token_uri: Url,
    expiry: Option<Timestamp>,
}

/// What renews an access token (RFC 6749, section 6).
#[derive(Clone)]
pub(super) struct Login {
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) refresh_token: SecretString,
}

impl TokenFile {
    /// Reads a token file; the same for the file that `gcloud` writes for
    /// applications (`"type": "authorized_user"`). `expiry` may be without an offset,
    /// in UTC then, and may have a fraction.
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) that says what the file is and
    /// what would be accepted, or that it is not for Google Drive.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        TokenFile::read(Document::parse(bytes, WHAT)?)
    }

    pub(super) fn read(document: Document) -> Result<Self> {
        if !document.is_token_file() {
            let detail = format!("{}; wanted is a token.json of a login", document.nature());
            return Err(reject(WHAT, detail));
        }
        let token = document.text("token").map(Bearer::parse).transpose()?;
        let login = document.text("refresh_token").map(|token| login(&document, token));
        let login = login.transpose()?;
        if token.is_none() && login.is_none() {
            return Err(reject(WHAT, "it has neither a token nor a refresh_token: log in again"));
        }
        if !covers_drive(&document) {
            let detail = "its login is not for Google Drive: log in again and allow all of Drive";
            return Err(reject(WHAT, detail));
        }
        let token_uri = document.text("token_uri").unwrap_or(GOOGLE_TOKEN_URI);
        let token_uri = parse(token_uri, "the token_uri of the token file")?;
        let expiry = time(&document, "expiry")?;
        Ok(TokenFile { document, token, login, token_uri, expiry })
    }

    /// The file as JSON; whoever reads it acts as the participant, so it belongs into a
    /// file of mode 0600. The text is wiped when dropped.
    #[must_use]
    pub fn expose_json(&self) -> Zeroizing<String> {
        Zeroizing::new(self.document.to_json())
    }

    /// Whether both come from the same login. A program that keeps a file up to date
    /// must not write over one of a newer login.
    #[must_use]
    pub fn is_same_login(&self, other: &TokenFile) -> bool {
        let refresh = |file: &TokenFile| file.login.as_ref().map(|l| l.refresh_token.clone());
        match (refresh(self), refresh(other)) {
            (Some(a), Some(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        }
    }

    /// When the access token ends, if the file says so.
    #[must_use]
    pub fn expiry(&self) -> Option<Timestamp> {
        self.expiry
    }

    /// When the login itself ends, if Google said so (`refresh_token_expires_in`): after
    /// that only a new login helps.
    #[must_use]
    pub fn refresh_expiry(&self) -> Option<Timestamp> {
        time(&self.document, REFRESH_EXPIRY).ok().flatten()
    }

    pub(super) fn token(&self) -> Option<&Bearer> {
        self.token.as_ref()
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    pub(super) fn token_uri(&self) -> &Url {
        &self.token_uri
    }

    /// This file with what a token endpoint gave out.
    pub(super) fn renewed(mut self, granted: &Granted) -> Self {
        self.document.set("token", granted.bearer.expose());
        match granted.expires_at {
            Some(expiry) => self.document.set("expiry", expiry.to_rfc3339()),
            None => self.document.remove("expiry"),
        }
        if let Some(expiry) = granted.refresh_expires_at {
            self.document.set(REFRESH_EXPIRY, expiry.to_rfc3339());
        }
        if let (Some(token), Some(login)) = (&granted.refresh_token, &mut self.login) {
            self.document.set("refresh_token", token.expose_secret());
            login.refresh_token = token.clone();
        }
        self.token = Some(granted.bearer.clone());
        self.expiry = granted.expires_at;
        self
    }
}

fn login(document: &Document, refresh_token: &str) -> Result<Login> {
    Ok(Login {
        client_id: document.need("client_id", WHAT)?.to_owned(),
        client_secret: document.need("client_secret", WHAT)?.into(),
        refresh_token: refresh_token.into(),
    })
}

/// Whether a login is for Drive; one that does not say is asked.
fn covers_drive(document: &Document) -> bool {
    match document.get("scopes") {
        Some(Value::Array(scopes)) if !scopes.is_empty() => {
            scopes.iter().any(|scope| scope == DRIVE_SCOPE)
        }
        Some(Value::String(scopes)) if !scopes.is_empty() => scopes.split(' ').any(is_drive),
        _ => true,
    }
}

pub(super) fn is_drive(scope: &str) -> bool {
    scope == DRIVE_SCOPE
}

fn time(document: &Document, key: &str) -> Result<Option<Timestamp>> {
    let Some(value) = document.get(key) else { return Ok(None) };
    let time = value.as_str().and_then(|text| Timestamp::from_iso8601(text).ok());
    let wrong = || reject(WHAT, format!("its {key} is no time such as 2026-01-01T00:00:00Z"));
    time.ok_or_else(wrong).map(Some)
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("token_uri", &place(&self.token_uri))
            .field("refreshable", &self.login.is_some())
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}
