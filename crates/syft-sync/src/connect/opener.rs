use std::fmt;
use std::sync::Arc;

use syft_transport::Transport;

use super::Stores;
use crate::Result;

/// Opens stores by their addresses: those over which single peers are reached, beside the
/// one of the home. [`Stores`] is one; a program with stores of its own brings another.
pub trait StoreOpener: fmt::Debug + Send + Sync {
    /// Opens the store of an address. One that cannot be reached now is no error.
    ///
    /// # Errors
    /// As [`Stores::open`].
    fn open(&self, address: &str) -> Result<Arc<dyn Transport>>;

    /// Opens it for the first time, and prepares it if nobody has used it yet.
    ///
    /// # Errors
    /// As [`Stores::create`].
    fn create(&self, address: &str) -> Result<Arc<dyn Transport>>;
}

impl StoreOpener for Stores {
    fn open(&self, address: &str) -> Result<Arc<dyn Transport>> {
        self.open(address)
    }

    fn create(&self, address: &str) -> Result<Arc<dyn Transport>> {
        self.create(address)
    }
}
