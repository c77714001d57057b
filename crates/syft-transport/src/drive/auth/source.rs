use std::sync::{Mutex, PoisonError};

use secrecy::ExposeSecret;
use syft_core::Timestamp;
use url::Url;

use super::answer::{Grant, Granted, ask};
use super::credentials::{Credentials, Kind};
use super::http::HttpClient;
use super::metadata::Metadata;
use super::service_account::ServiceAccount;
use super::{Bearer, DRIVE, Endpoints, TokenFile};
use crate::{Error, Result};

/// Where new tokens come from.
pub(super) enum Source {
    User {
        file: Mutex<Box<TokenFile>>,
        token_uri: Url,
    },
    Service(ServiceAccount),
    Metadata(Metadata),
    /// A token that somebody else renews.
    Fixed(Bearer),
}

impl Source {
    pub(super) fn new(credentials: Credentials, endpoints: &Endpoints) -> Self {
        match credentials.0 {
            Kind::User(file) => {
                let token_uri = endpoints.token_uri().unwrap_or(file.token_uri()).clone();
                Source::User { file: Mutex::new(file), token_uri }
            }
            Kind::Service(account) => Source::Service(account.at(endpoints)),
            Kind::Metadata(server) => Source::Metadata(server),
            Kind::Bearer(bearer) => Source::Fixed(bearer),
        }
    }

    /// The token that was brought, unless a new one is to be had and this one may have
    /// ended: without an expiry nobody knows.
    pub(super) fn brought(&self) -> Option<(Bearer, Option<Timestamp>)> {
        match self {
            Source::User { file, .. } => {
                let file = lock(file);
                let may_have_ended = file.expiry().is_none() && file.login().is_some();
                let token = file.token().filter(|_| !may_have_ended)?;
                Some((token.clone(), file.expiry()))
            }
            Source::Service(_) | Source::Metadata(_) => None,
            Source::Fixed(bearer) => Some((bearer.clone(), None)),
        }
    }

    pub(super) fn is_refreshable(&self) -> bool {
        match self {
            Source::User { file, .. } => lock(file).login().is_some(),
            Source::Service(_) | Source::Metadata(_) => true,
            Source::Fixed(_) => false,
        }
    }

    pub(super) fn refresh_expiry(&self) -> Option<Timestamp> {
        match self {
            Source::User { file, .. } => lock(file).refresh_expiry(),
            Source::Service(_) | Source::Metadata(_) | Source::Fixed(_) => None,
        }
    }

    /// A new token, and the file with it if there is one.
    pub(super) async fn renew(
        &self,
        client: &HttpClient,
        now: Timestamp,
    ) -> Result<(Granted, Option<TokenFile>)> {
        match self {
            Source::User { file, token_uri } => {
                let before = lock(file).clone();
                let granted = refresh(&before, token_uri, client, now).await?;
                let after = before.renewed(&granted);
                **lock(file) = after.clone();
                Ok((granted, Some(after)))
            }
            Source::Service(account) => Ok((account.token(client, now).await?, None)),
            Source::Metadata(server) => Ok((server.token(client, now).await?, None)),
            Source::Fixed(_) => Err(ended("Google does not accept the access token (any more)")),
        }
    }
}

/// Renews an access token (RFC 6749, section 6). No scope is named: the new token is
/// then good for all that the login is for, as for the other programs that use it.
async fn refresh(
    file: &TokenFile,
    token_uri: &Url,
    client: &HttpClient,
    now: Timestamp,
) -> Result<Granted> {
    let Some(login) = file.login() else {
        return Err(ended("the access token has ended, and the token file cannot renew it"));
    };
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", &login.client_id),
        ("client_secret", login.client_secret.expose_secret()),
        ("refresh_token", login.refresh_token.expose_secret()),
    ];
    ask(client, token_uri, Grant::RefreshToken, &fields, now).await
}

fn ended(why: &str) -> Error {
    Error::denied("log in to", DRIVE, format!("{why}: log in again, or pass a new one"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
