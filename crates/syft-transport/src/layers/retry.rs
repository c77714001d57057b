use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use syft_core::{Entropy, SystemEntropy};

use super::{changes_of, impl_layer, sharing_of};
use crate::transport::list_whole;
use crate::{
    ByteStream, ChangePage, Changes, Cursor, Discovered, Error, Info, ListOptions, ListStream,
    Listed, Object, ObjectName, Operation, PutBody, PutMode, Recipient, Result, Sharing, Space,
    SpaceKind, Transport,
};

/// How often and how patiently [`Retry`] tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first one included.
    pub tries: u32,
    /// The longest wait before the second try; it doubles from try to try.
    pub first_wait: Duration,
    /// No wait is longer. A store that asks for more gets no further try now.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    /// Five tries, waits up to 0.2 s, 0.4 s, …, at most 30 s.
    fn default() -> Self {
        RetryPolicy {
            tries: 5,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// Lets time pass, behind a trait so that a test need not wait.
#[async_trait]
pub trait Sleeper: fmt::Debug + Send + Sync {
    /// Returns after so long.
    async fn sleep(&self, wait: Duration);
}

/// The timer of the tokio runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioSleeper;

#[async_trait]
impl Sleeper for TokioSleeper {
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

/// Repeats what failed for a passing reason, with exponential backoff and full
/// jitter, and takes a cut download up where it was cut. A listing is held in
/// memory, so that it is given whole or not at all.
#[derive(Debug, Clone)]
pub struct Retry {
    inner: Arc<dyn Transport>,
    patience: Patience,
}

#[derive(Debug, Clone)]
struct Patience {
    policy: RetryPolicy,
    sleeper: Arc<dyn Sleeper>,
    entropy: Arc<dyn Entropy>,
}

impl Retry {
    /// With the default policy, the runtime's timer and the system's randomness.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        let patience = Patience {
            policy: RetryPolicy::default(),
            sleeper: Arc::new(TokioSleeper),
            entropy: Arc::new(SystemEntropy),
        };
        Retry { inner, patience }
    }

    /// With another policy.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.patience.policy = policy;
        self
    }

    /// With another timer.
    #[must_use]
    pub fn with_sleeper(mut self, sleeper: Arc<dyn Sleeper>) -> Self {
        self.patience.sleeper = sleeper;
        self
    }

    /// With other randomness for the jitter.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.patience.entropy = entropy;
        self
    }

    async fn call<T, F>(&self, _operation: Operation, try_once: impl Fn() -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        self.patience.repeat(try_once).await
    }
}

impl Patience {
    async fn repeat<T, F>(&self, try_once: impl Fn() -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let mut failures = 0;
        loop {
            match try_once().await {
                Ok(value) => return Ok(value),
                Err(error) => {
                    failures += 1;
                    self.wait(error, failures).await?;
                }
            }
        }
    }

    /// Waits before the next try, or gives the error back.
    async fn wait(&self, error: Error, failures: u32) -> Result<()> {
        if !error.is_retryable() || failures >= self.policy.tries {
            return Err(error);
        }
        let asked = match &error {
            Error::Throttled { after: Some(after), .. } => *after,
            _ => Duration::ZERO,
        };
        if asked > self.policy.longest_wait {
            return Err(error);
        }
        let doubled = 2_u32.saturating_pow(failures - 1);
        let most = self.policy.first_wait.saturating_mul(doubled);
        let jitter = most.min(self.policy.longest_wait).mul_f64(self.share());
        self.sleeper.sleep(asked + jitter).await;
        Ok(())
    }

    /// A number from 0 to 1; without randomness the most patient one.
    fn share(&self) -> f64 {
        let mut bytes = [0; 4];
        match self.entropy.fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 1.0,
        }
    }
}

impl_layer!(Retry);

impl Retry {
    /// A `Replace` is repeated only if nothing can have been done: after a lost
    /// answer the version is another one, and a second try would say so.
    async fn put_through(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let put = || self.inner.put(space, name, body.clone(), mode.clone());
        if !matches!(mode, PutMode::Replace(_)) {
            return self.call(Operation::Put, put).await;
        }
        let mut failures = 0;
        loop {
            match put().await {
                Err(error @ Error::Throttled { .. }) => {
                    failures += 1;
                    self.patience.wait(error, failures).await?;
                }
                done => return done,
            }
        }
    }

    async fn get_through(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let first = self.call(Operation::Get, || self.inner.get(object, range.clone())).await?;
        let (at, end) = range.map_or((0, u64::MAX), |range| (range.start, range.end));
        let download = Download {
            inner: self.inner.clone(),
            patience: self.patience.clone(),
            object: object.clone(),
            at,
            end,
            stream: Some(first),
            failures: 0,
        };
        Ok(stream::try_unfold(download, Download::next).boxed())
    }

    /// What can be told of one space and not of another is asked once more for that one.
    async fn list_many_through(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        let list = || self.inner.list_many(spaces);
        let mut lists = self.call(Operation::ListMany, list).await?;
        for (space, list) in spaces.iter().zip(&mut lists) {
            if matches!(list, Err(error) if error.is_retryable()) {
                *list = list_whole(self, space).await;
            }
        }
        Ok(lists)
    }

    async fn list_through(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let lines: Vec<Listed> = self
            .call(Operation::List, || async {
                self.inner.list(space, options).await?.try_collect().await
            })
            .await?;
        Ok(stream::iter(lines.into_iter().map(Ok)).boxed())
    }
}

/// A body on its way, and where to go on if it is cut.
struct Download {
    inner: Arc<dyn Transport>,
    patience: Patience,
    object: Object,
    at: u64,
    end: u64,
    stream: Option<ByteStream>,
    /// In a row, without a byte between them.
    failures: u32,
}

impl Download {
    async fn next(mut self) -> Result<Option<(bytes::Bytes, Self)>> {
        loop {
            match self.step().await {
                Ok(Some(piece)) => {
                    self.at = self.at.saturating_add(piece.len() as u64);
                    self.failures = 0;
                    return Ok(Some((piece, self)));
                }
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.stream = None;
                    self.failures += 1;
                    self.patience.wait(error, self.failures).await?;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Option<bytes::Bytes>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.inner.get(&self.object, Some(self.at..self.end)).await?,
        };
        let piece = stream.try_next().await?;
        self.stream = Some(stream);
        Ok(piece)
    }
}
