use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use syft_core::Clock;
use url::Url;

use super::ACTION;
use crate::drive::auth::answer::{Grant, Granted, ask};
use crate::drive::auth::document::Document;
use crate::drive::auth::token_file::is_drive;
use crate::drive::auth::{ClientSecrets, DRIVE, DRIVE_SCOPE, HttpClient, TokenFile};
use crate::{Error, Result};

/// What turns a code into tokens.
pub(super) struct Exchange {
    pub(super) secrets: ClientSecrets,
    pub(super) token_uri: Url,
    pub(super) verifier: SecretString,
    pub(super) client: HttpClient,
    pub(super) clock: Arc<dyn Clock>,
}

impl Exchange {
    /// Turns a code into tokens (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
    pub(super) async fn tokens(&self, code: &SecretString, redirect: &Url) -> Result<TokenFile> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect.as_str()),
            ("client_id", &self.secrets.client_id),
            ("client_secret", self.secrets.client_secret.expose_secret()),
            ("code_verifier", self.verifier.expose_secret()),
        ];
        let now = self.clock.now();
        self.file(&ask(&self.client, &self.token_uri, Grant::Code, &fields, now).await?)
    }

    /// The file that Google's Python client would write for this login.
    fn file(&self, granted: &Granted) -> Result<TokenFile> {
        if granted.scope.as_ref().is_some_and(|scopes| !scopes.split(' ').any(is_drive)) {
            let detail = "access to Google Drive was not allowed: log in again, and tick it";
            return Err(Error::denied(ACTION, DRIVE, detail));
        }
        let Some(refresh_token) = &granted.refresh_token else {
            let detail = "Google sent no refresh token: take back the program's access in the \
                          settings of the account, and log in again";
            return Err(Error::permanent(ACTION, DRIVE, detail));
        };
        let mut document = Document::default();
        document.set("refresh_token", refresh_token.expose_secret());
        document.set("token_uri", self.token_uri.as_str());
        document.set("client_id", self.secrets.client_id.as_str());
        document.set("client_secret", self.secrets.client_secret.expose_secret());
        document.set("scopes", vec![DRIVE_SCOPE]);
        document.set("universe_domain", "googleapis.com");
        document.set("account", "");
        Ok(TokenFile::read(document)?.renewed(granted))
    }
}
