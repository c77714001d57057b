//! The suite itself: a careless store does not pass it.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use syft_core::Email;
use syft_transport::conformance::{self, Cast, Outcome, Setup};
use syft_transport::{
    ByteStream, Changes, Discovered, Info, ListOptions, ListStream, MemoryStore, MemoryTransport,
    Object, ObjectName, PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport,
    TransportExt,
};

/// Claims what the store in memory claims, but overwrites on creation and gives
/// the whole object for any range.
#[derive(Debug)]
struct Careless(MemoryTransport);

#[async_trait]
impl Transport for Careless {
    fn info(&self) -> &Info {
        self.0.info()
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.0.open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        if let (PutMode::Create, Ok(Some(there))) = (&mode, self.0.find(space, name).await) {
            self.0.delete(&[there]).await?;
        }
        self.0.put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, _range: Option<Range<u64>>) -> Result<ByteStream> {
        self.0.get(object, None).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.0.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.0.delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.0.retire(objects).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.0.discover(kind).await
    }
    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        self.0.copy(object, space, name).await
    }
    fn sharing(&self) -> Option<&dyn Sharing> {
        self.0.sharing()
    }
    fn changes(&self) -> Option<&dyn Changes> {
        self.0.changes()
    }
}

struct Carelessly;

#[async_trait]
impl Setup for Carelessly {
    async fn cast(&self) -> Result<Cast> {
        let store = MemoryStore::new();
        Ok(Cast::new(["alice@example.org", "bob@example.org", "eve@example.org"].map(|email| {
            Arc::new(Careless(store.user(Email::parse(email).unwrap()))) as Arc<dyn Transport>
        })))
    }
}

#[tokio::test]
async fn a_store_that_overwrites_is_caught_by_its_effects() {
    let report = conformance::run(&Carelessly).await.into_result().unwrap_err();
    let broken = report.outcomes.iter().filter(|(_, o)| matches!(o, Outcome::Broken(_)));
    let broken: Vec<&str> = broken.map(|(name, _)| *name).collect();
    assert_eq!(
        broken,
        [
            "a_range_is_what_lies_within_the_object",
            "create_never_overwrites",
            "repeating_a_put_is_success",
            "one_of_many_creators_wins",
        ],
        "{report}"
    );
}
