use std::sync::{Arc, Mutex, PoisonError};

use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Endpoints, TokenStatus, Tokens, http_client};
use syft_transport::{Cache, Mirror, Retry, Transport};

use super::home_cache::{HomeCache, Of};
use super::{GoogleAccount, GoogleLogin, Stores};
use crate::{Error, Result};

const FOLDERS: &str = "drive-folders.json";
const LISTINGS: &str = "listings.json";

/// Where Google is, and how one logs in there.
#[derive(Debug, Clone, Default)]
pub(super) struct Google {
    endpoints: Endpoints,
    /// A login that is not that of the home, or not yet.
    login: Option<GoogleLogin>,
    /// Those of the store that was opened last.
    tokens: Arc<Mutex<Option<Tokens>>>,
}

/// How a login at Google stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleStatus {
    /// Who logs in.
    pub account: GoogleAccount,
    /// How long it lasts.
    pub tokens: TokenStatus,
}

impl Stores {
    /// With another server in the place of Google's, as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`Error::Config`] if it is no address, or one without TLS that is not of this
    /// machine.
    pub fn with_google_at(mut self, root: &str) -> Result<Self> {
        let endpoints = Endpoints::at(root).map_err(|error| Error::Config(error.to_string()))?;
        self.google.endpoints = endpoints;
        Ok(self)
    }

    /// With a login at Google in the place of that of the home.
    #[must_use]
    pub fn with_google_login(mut self, login: GoogleLogin) -> Self {
        self.google.login = Some(login);
        self
    }

    /// Where Google is.
    #[must_use]
    pub fn google_endpoints(&self) -> &Endpoints {
        &self.google.endpoints
    }

    /// Asks Google whether the login is that of the account. Nothing is written.
    ///
    /// # Errors
    /// [`Error::NoGoogleLogin`]; [`Error::LoginExposed`]; [`Error::Transport`] if it is
    /// another's or has ended, or Google cannot be reached.
    pub async fn check_google_account(&self) -> Result<()> {
        let login = self.google_login()?.ok_or(Error::NoGoogleLogin)?;
        Ok(self.drive(&login, None)?.check_account().await?)
    }

    /// How the login at Google stands; `None` if there is none. Google is not asked.
    ///
    /// # Errors
    /// [`Error::LoginExposed`]; a damaged file; the disk.
    pub fn google_status(&self) -> Result<Option<GoogleStatus>> {
        let Some(login) = self.google_login()? else { return Ok(None) };
        let tokens = match self.used_google_tokens() {
            Some(used) => used,
            None => self.tokens(&login)?.status(),
        };
        Ok(Some(GoogleStatus { account: login.account(), tokens }))
    }

    /// How the login stands of the store that was opened; `None` if none was.
    #[must_use]
    pub fn used_google_tokens(&self) -> Option<TokenStatus> {
        let used = self.google.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        used.as_ref().map(Tokens::status)
    }

    /// What there is to do can be done without the store.
    pub(super) fn open_drive(&self) -> Result<Arc<dyn Transport>> {
        let name = format!("Google Drive of {}", self.identity);
        match self.create_drive() {
            Err(error @ Error::NoGoogleLogin) => Ok(Arc::new(self.away(name, &error.to_string()))),
            Err(Error::Core(error @ syft_core::Error::Corrupt { .. })) => {
                Ok(Arc::new(self.away(name, &error.to_string())))
            }
            opened => opened,
        }
    }

    pub(super) fn create_drive(&self) -> Result<Arc<dyn Transport>> {
        let login = self.google_login()?.ok_or(Error::NoGoogleLogin)?;
        let store = self.drive(&login, self.cache(FOLDERS)?)?;
        let store: Arc<dyn Transport> = Arc::new(Retry::new(Arc::new(store)));
        Ok(match self.cache(LISTINGS)? {
            Some(cache) => Arc::new(Mirror::with_cache(store, cache)),
            None => Arc::new(Mirror::new(store)),
        })
    }

    fn google_login(&self) -> Result<Option<GoogleLogin>> {
        match (&self.google.login, &self.home) {
            (Some(login), _) => Ok(Some(login.clone())),
            (None, Some(disk)) => GoogleLogin::load(disk, &self.identity),
            (None, None) => Ok(None),
        }
    }

    fn drive(&self, login: &GoogleLogin, cache: Option<Arc<dyn Cache>>) -> Result<DriveTransport> {
        let tokens = self.tokens(login)?;
        *self.google.tokens.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens.clone());
        let (identity, endpoints) = (self.identity.clone(), &self.google.endpoints);
        Ok(DriveTransport::new(identity, http_client()?, tokens, endpoints, cache)?)
    }

    fn tokens(&self, login: &GoogleLogin) -> Result<Tokens> {
        let credentials = login.credentials(&self.identity)?;
        let tokens = Tokens::new(credentials, &self.google.endpoints, http_client()?);
        Ok(tokens.with_store(Arc::new(login.clone())))
    }

    fn cache(&self, name: &str) -> Result<Option<Arc<dyn Cache>>> {
        let Some(disk) = &self.home else { return Ok(None) };
        let api = self.google.endpoints.api_root().to_owned();
        let of = Of { account: self.identity.clone(), api };
        Ok(Some(Arc::new(HomeCache::new(disk.clone(), name, of)?)))
    }
}
