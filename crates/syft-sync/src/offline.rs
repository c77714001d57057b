use std::ops::Range;

use async_trait::async_trait;
use syft_core::Email;
use syft_transport::{
    ByteStream, Capabilities, Discovered, Error, Identities, Info, ListOptions, ListStream, Object,
    ObjectName, PutBody, PutMode, Result, Space, SpaceKind, Transport,
};

/// A store that is away: nothing is lost, everything waits. It stands in for one
/// that cannot be opened, and for any store when work is done offline.
#[derive(Debug)]
pub struct OfflineTransport {
    info: Info,
    reason: String,
}

impl OfflineTransport {
    /// The store of that name is away for that reason.
    #[must_use]
    pub fn new(name: impl Into<String>, identity: Email, reason: impl Into<String>) -> Self {
        let info = Info {
            name: name.into(),
            identity,
            identities: Identities::Claimed,
            must_seal: false,
            capabilities: Capabilities::none(),
        };
        OfflineTransport { info, reason: reason.into() }
    }

    /// The same, of a store where nothing may go in the open.
    #[must_use]
    pub fn sealed(mut self, must_seal: bool) -> Self {
        self.info.must_seal = must_seal;
        self
    }

    fn away<T>(&self) -> Result<T> {
        Err(Error::temporary("reach", self.info.name.as_str(), self.reason.as_str()))
    }
}

#[async_trait]
impl Transport for OfflineTransport {
    fn info(&self) -> &Info {
        &self.info
    }
    async fn open(&self, _: &Space) -> Result<()> {
        self.away()
    }
    async fn put(&self, _: &Space, _: &ObjectName, _: PutBody, _: PutMode) -> Result<Object> {
        self.away()
    }
    async fn get(&self, _: &Object, _: Option<Range<u64>>) -> Result<ByteStream> {
        self.away()
    }
    async fn list(&self, _: &Space, _: &ListOptions) -> Result<ListStream> {
        self.away()
    }
    async fn delete(&self, _: &[Object]) -> Result<()> {
        self.away()
    }
    async fn retire(&self, _: &[Object]) -> Result<()> {
        self.away()
    }
    async fn discover(&self, _: SpaceKind) -> Result<Discovered> {
        self.away()
    }
}
