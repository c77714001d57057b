use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use syft_transport::{
    Cache as _, Capabilities, Info, OpendalTransport, Probe, StoreLogin, StoreUrl, Transport, probe,
};

use super::home_cache::{HomeCache, Of};
use super::{Stores, with_retry};
use crate::{Error, OfflineTransport, Result};

/// What lets somebody in to the stores of a [`StoreUrl`], each by its own login.
pub trait StoreLogins: fmt::Debug + Send + Sync {
    /// What lets me in to the store of an address; [`StoreLogin::none`] where nothing does.
    /// It may be told as it is to the server that the address names.
    ///
    /// # Errors
    /// [`Error::Config`] if a login cannot be read; nothing of it is in that.
    fn login(&self, store: &StoreUrl) -> Result<StoreLogin>;
}

/// What of a probe is remembered.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Found {
    exclusive_create: bool,
    replace: bool,
}

impl Stores {
    /// With what lets me in to stores.
    #[must_use]
    pub fn with_logins(mut self, logins: Arc<dyn StoreLogins>) -> Self {
        self.logins = Some(logins);
        self
    }

    /// What there is to do can be done without the store.
    pub(super) fn open_remote(&self, url: &StoreUrl) -> Result<Arc<dyn Transport>> {
        match self.create_remote(url) {
            Err(Error::Config(reason)) => {
                let identity = self.identity.clone();
                let away = OfflineTransport::new(url.to_string(), identity, reason);
                Ok(Arc::new(away.sealed(true)))
            }
            opened => opened,
        }
    }

    /// Relied on is what was found out about it.
    pub(super) fn create_remote(&self, url: &StoreUrl) -> Result<Arc<dyn Transport>> {
        let found = self.found(url)?.and_then(|cache| cache.load());
        let found: Found =
            found.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let mut capabilities = Capabilities::none();
        capabilities.exclusive_create = found.exclusive_create;
        capabilities.replace = found.replace;
        let identity = self.identity.clone();
        let store = OpendalTransport::new(url, identity, &self.login(url)?, capabilities);
        Ok(with_retry(store.map_err(|error| Error::Config(error.to_string()))?))
    }

    pub(super) async fn check_remote(&self, url: &StoreUrl) -> Result<(Info, Probe)> {
        let store = OpendalTransport::as_claimed(url, self.identity.clone(), &self.login(url)?);
        let store = store.map_err(|error| Error::Config(error.to_string()))?;
        let store = with_retry(store);
        let tried = probe(&*store).await?;
        Ok((store.info().clone(), tried))
    }

    pub(super) fn remember_remote(&self, url: &StoreUrl, tried: &Probe) -> Result<()> {
        if let Some(cache) = self.found(url)? {
            let Capabilities { exclusive_create, replace, .. } = tried.found;
            let found = serde_json::to_vec(&Found { exclusive_create, replace });
            found.iter().for_each(|bytes| cache.save(bytes));
        }
        Ok(())
    }

    fn login(&self, url: &StoreUrl) -> Result<StoreLogin> {
        match &self.logins {
            Some(logins) => logins.login(url),
            None => Ok(StoreLogin::none()),
        }
    }

    fn found(&self, url: &StoreUrl) -> Result<Option<HomeCache>> {
        let Some(disk) = &self.home else { return Ok(None) };
        let of = Of { account: self.identity.clone(), api: url.to_string() };
        let name = syft_core::ContentHash::of(of.api.as_bytes()).short();
        Ok(Some(HomeCache::new(disk.clone(), &format!("store-{name}.json"), of)?))
    }
}
