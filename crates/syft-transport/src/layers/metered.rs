use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::{StreamExt, TryStreamExt};

use super::{changes_of, impl_layer, sharing_of};
use crate::{
    ByteStream, ChangePage, Changes, Cursor, Discovered, Info, ListOptions, ListStream, Listed,
    Object, ObjectName, Operation, PutBody, PutMode, Recipient, Result, Sharing, Space, SpaceKind,
    Transport,
};

/// What went through a [`Metered`] transport so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Calls by operation, failed ones included.
    pub calls: BTreeMap<Operation, u64>,
    /// Calls that answered with an error.
    pub failures: u64,
    /// Bytes of the bodies that the store accepted.
    pub bytes_up: u64,
    /// Bytes of bodies that came back.
    pub bytes_down: u64,
}

impl Usage {
    /// Calls of all operations.
    #[must_use]
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Calls of one operation.
    #[must_use]
    pub fn calls_of(&self, operation: Operation) -> u64 {
        self.calls.get(&operation).copied().unwrap_or(0)
    }
}

/// Counts calls and bytes. Inside a [`Retry`](crate::Retry) it counts each try.
#[derive(Debug, Clone)]
pub struct Metered {
    inner: Arc<dyn Transport>,
    usage: Arc<Mutex<Usage>>,
}

impl Metered {
    /// Starts counting at zero.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Metered { inner, usage: Arc::default() }
    }

    /// What was counted so far; clones of this value count together.
    #[must_use]
    pub fn snapshot(&self) -> Usage {
        lock(&self.usage).clone()
    }

    async fn call<T, F>(&self, operation: Operation, try_once: impl Fn() -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        *lock(&self.usage).calls.entry(operation).or_default() += 1;
        let result = try_once().await;
        if result.is_err() {
            lock(&self.usage).failures += 1;
        }
        result
    }
}

fn lock(usage: &Mutex<Usage>) -> MutexGuard<'_, Usage> {
    usage.lock().unwrap_or_else(PoisonError::into_inner)
}

impl_layer!(Metered);

impl Metered {
    async fn put_through(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let put = || self.inner.put(space, name, body.clone(), mode.clone());
        let object = self.call(Operation::Put, put).await?;
        lock(&self.usage).bytes_up += body.length();
        Ok(object)
    }

    async fn get_through(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let stream = self.call(Operation::Get, || self.inner.get(object, range.clone())).await?;
        let usage = self.usage.clone();
        let counted = stream.inspect_ok(move |piece| lock(&usage).bytes_down += piece.len() as u64);
        Ok(counted.boxed())
    }

    async fn list_many_through(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        self.call(Operation::ListMany, || self.inner.list_many(spaces)).await
    }

    async fn list_through(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.call(Operation::List, || self.inner.list(space, options)).await
    }
}
