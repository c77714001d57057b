use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::{Result, endpoint};

/// What lets me in to a store of a [`StoreUrl`](crate::StoreUrl). What is given here comes
/// first; where nothing is, and [`ambient`](StoreLogin::ambient) is set, the places where the
/// store's own tools look are read.
#[derive(Clone, Default)]
pub struct StoreLogin {
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) token: Option<SecretString>,
    pub(super) refresh: Option<SecretString>,
    pub(super) region: Option<String>,
    pub(super) service: Option<Url>,
    pub(super) ambient: bool,
}

impl StoreLogin {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        StoreLogin::default()
    }

    /// Who logs in: the user of WebDAV, the id of an access key of S3, the key of an app of
    /// Dropbox.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Who that is.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// By what: the password of WebDAV, the secret access key of S3, the key of an Azure
    /// account, the secret of an app of Dropbox.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<SecretString>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// What is good for a while: the session token of S3, the token of a SAS of Azure, a
    /// bearer token of WebDAV, Google and Dropbox.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<SecretString>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// From what Dropbox makes such tokens.
    #[must_use]
    pub fn with_refresh_token(mut self, token: impl Into<SecretString>) -> Self {
        self.refresh = Some(token.into());
        self
    }

    /// Where a bucket of S3 is, if its address does not say so.
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Another server in the place of Dropbox, as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) if it is no address, or one without TLS
    /// that is not of this machine.
    pub fn with_service_at(mut self, root: &str) -> Result<Self> {
        self.service = Some(endpoint::parse(root, "the address in place of Dropbox's")?);
        Ok(self)
    }

    /// Whether the client of a store may look where the store's own tools look: in the
    /// environment of this process and in files of whoever runs it, as `~/.aws`.
    #[must_use]
    pub fn ambient(mut self, ambient: bool) -> Self {
        self.ambient = ambient;
        self
    }
}

#[allow(dead_code, reason = "each kind of store takes some of them, and a program may have few")]
impl StoreLogin {
    pub(super) fn password(&self) -> &str {
        exposed(self.password.as_ref())
    }

    pub(super) fn token(&self) -> &str {
        exposed(self.token.as_ref())
    }

    pub(super) fn refresh(&self) -> &str {
        exposed(self.refresh.as_ref())
    }
}

/// Empty where there is none: so do all builders of services take it.
#[allow(dead_code, reason = "as above")]
fn exposed(secret: Option<&SecretString>) -> &str {
    secret.map(SecretString::expose_secret).unwrap_or_default()
}

/// What there is, and nothing of it.
impl fmt::Debug for StoreLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLogin")
            .field("user", &self.user.is_some())
            .field("password", &self.password.is_some())
            .field("token", &self.token.is_some())
            .field("refresh", &self.refresh.is_some())
            .field("ambient", &self.ambient)
            .finish_non_exhaustive()
    }
}
