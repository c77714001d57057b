use std::fmt;
use std::sync::Arc;

use syft_core::Email;
use syft_transport::Transport;
use url::Url;

use super::{Reopened, Stores, with_retry};
use crate::{Error, Result};

/// A kind of store that a program brings itself: it is reached by addresses that begin with
/// a word of its own, as every other is by its.
pub trait StoreKind: fmt::Debug + Send + Sync {
    /// How its addresses begin, as `mail` of `mail:///var/mail/syft`; none of the words that
    /// [`Stores`] knows already.
    fn scheme(&self) -> &str;

    /// Opens a store for somebody. The `first` time, at a login or when it is checked, one that
    /// is not there is made; at any other that is an error, and never a new and empty store,
    /// which would look as if all had been taken away. It may be called several times, and may
    /// block for a moment. An address with a password never comes here.
    ///
    /// # Errors
    /// What is wrong with the address, and how it is written;
    /// [`Temporary`](syft_transport::Error::Temporary) if the store cannot be reached now.
    fn open(
        &self,
        address: &Url,
        identity: Email,
        first: bool,
    ) -> syft_transport::Result<Arc<dyn Transport>>;
}

impl Stores {
    /// With a kind of store of the program's own.
    #[must_use]
    pub fn with_kind(mut self, kind: Arc<dyn StoreKind>) -> Self {
        self.kinds.push(kind);
        self
    }

    /// The store of an address of a kind of the program's own.
    pub(super) fn own(&self, address: &str, first: bool) -> Option<Result<Arc<dyn Transport>>> {
        let (scheme, _) = address.split_once(':')?;
        let kind = self.kinds.iter().find(|kind| kind.scheme() == scheme)?;
        let bad = |reason: String| Error::Config(format!("this {scheme}: is no store: {reason}"));
        let url = match Url::parse(address) {
            // It would be shown, kept and backed up.
            Ok(url) if url.password().is_some() => {
                Err(bad("a password has no place in an address".to_owned()))
            }
            url => url.map_err(|error| bad(error.to_string())),
        };
        let (kind, identity) = (kind.clone(), self.identity.clone());
        Some(url.and_then(|url| {
            let open = move || kind.open(&url, identity.clone(), first).map(with_retry);
            let error = match open() {
                Err(error) if !first && error.is_retryable() => error,
                Err(error @ syft_transport::Error::Permanent { .. }) => {
                    return Err(Error::Config(error.to_string()));
                }
                opened => return Ok(opened?),
            };
            let away = self.away(address, &error.context().detail);
            let reopened: Arc<dyn Transport> = Arc::new(Reopened::new(away, move || open().ok()));
            Ok(reopened)
        }))
    }
}
