//! The stores over which single peers are reached, as this command may use them.

use std::fmt;
use std::sync::Arc;

use syft_sync::core::Email;
use syft_sync::transport::Transport;
use syft_sync::{OfflineTransport, StoreOpener, Stores};

/// What is done with each store that is opened.
pub(crate) type Recording = dyn Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync;

/// Opens them as the store of the home is opened.
pub(crate) struct Opener {
    pub(crate) stores: Stores,
    pub(crate) identity: Email,
    /// Whether stores are to be left alone.
    pub(crate) is_offline: bool,
    pub(crate) recording: Box<Recording>,
}

impl Opener {
    fn away(&self, address: &str, must_seal: bool) -> Arc<dyn Transport> {
        let reason = "it is left alone: --offline";
        Arc::new(OfflineTransport::new(address, self.identity.clone(), reason).sealed(must_seal))
    }
}

impl StoreOpener for Opener {
    fn open(&self, address: &str) -> syft_sync::Result<Arc<dyn Transport>> {
        let store = self.stores.open(address)?;
        let must_seal = store.info().must_seal;
        Ok(if self.is_offline { self.away(address, must_seal) } else { (self.recording)(store) })
    }

    fn create(&self, address: &str) -> syft_sync::Result<Arc<dyn Transport>> {
        if self.is_offline {
            return self.open(address);
        }
        Ok((self.recording)(self.stores.create(address)?))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("stores", &self.stores).finish_non_exhaustive()
    }
}
