use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{changes_of, impl_layer, sharing_of};
use crate::transport::one_by_one;
use crate::{
    ByteStream, ChangePage, Changes, Cursor, Discovered, Error, Info, ListOptions, ListStream,
    Listed, Object, ObjectName, Operation, PutBody, PutMode, Recipient, Result, Sharing, Space,
    SpaceKind, Transport,
};

/// One way for a call to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing was done.
    Before,
    /// It is done, but the answer is lost.
    After,
    /// The store asks to slow down; nothing was done.
    Throttled(Option<Duration>),
    /// A download ends in an error after so many bytes; any other call goes as
    /// with [`Fault::Before`].
    Cut(u64),
}

/// How likely a call goes wrong, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FaultRates {
    /// For [`Fault::Before`].
    pub before: f64,
    /// For [`Fault::After`].
    pub after: f64,
}

/// Makes calls fail, the same ones each time: by a script, by seeded chance, or
/// all of them after a number of effects, as if the process had been killed.
/// Every failure is a [`Error::Temporary`] or [`Error::Throttled`].
#[derive(Debug, Clone)]
pub struct Chaos {
    inner: Arc<dyn Transport>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    scripts: BTreeMap<Operation, VecDeque<Option<Fault>>>,
    rates: BTreeMap<Operation, FaultRates>,
    random: u64,
    stop: Option<Stop>,
    effects: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stop {
    after: u64,
    lose_last_answer: bool,
}

impl Chaos {
    /// Lets everything through until told otherwise.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Chaos { inner, plan: Arc::default() }
    }

    /// The next calls of an operation go so, one entry each; `None` goes through.
    #[must_use]
    pub fn script(
        self,
        operation: Operation,
        faults: impl IntoIterator<Item = Option<Fault>>,
    ) -> Self {
        self.with_plan(|plan| plan.scripts.entry(operation).or_default().extend(faults));
        self
    }

    /// Calls of these operations fail by chance; the same seed and calls give the
    /// same faults.
    #[must_use]
    pub fn seeded(
        self,
        seed: u64,
        rates: impl IntoIterator<Item = (Operation, FaultRates)>,
    ) -> Self {
        self.with_plan(|plan| {
            plan.random = seed;
            plan.rates.extend(rates);
        });
        self
    }

    /// After so many calls that changed the store (or tried to), every call
    /// fails: a crash between two effects.
    #[must_use]
    pub fn stop_after(self, effects: u64) -> Self {
        self.with_plan(|plan| {
            plan.stop = Some(Stop { after: effects, lose_last_answer: false });
        });
        self
    }

    /// The call that changes the store for this time, counted from one, is done
    /// but its answer is lost, and every later call fails: a crash inside a call.
    #[must_use]
    pub fn stop_in(self, effect: u64) -> Self {
        self.with_plan(|plan| plan.stop = Some(Stop { after: effect, lose_last_answer: true }));
        self
    }

    /// How many calls that change the store reached it so far: a test stops a
    /// second run after each of them.
    #[must_use]
    pub fn effects(&self) -> u64 {
        self.with_plan(|plan| plan.effects)
    }

    fn with_plan<T>(&self, change: impl FnOnce(&mut Plan) -> T) -> T {
        change(&mut self.plan.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn call<T, F>(&self, operation: Operation, try_once: impl Fn() -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let fault = self.with_plan(|plan| plan.next(operation));
        self.call_with(fault, operation, try_once).await
    }

    async fn call_with<T, F>(
        &self,
        fault: Option<Fault>,
        operation: Operation,
        try_once: impl Fn() -> F + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let store = &self.inner.info().name;
        let fail = |detail| Error::temporary(operation.as_str(), store, detail);
        match fault {
            None => try_once().await,
            Some(Fault::Before | Fault::Cut(_)) => Err(fail("the call was lost")),
            Some(Fault::After) => {
                try_once().await?;
                Err(fail("the answer was lost"))
            }
            Some(Fault::Throttled(after)) => {
                Err(Error::throttled(operation.as_str(), store, after))
            }
        }
    }
}

impl Plan {
    fn next(&mut self, operation: Operation) -> Option<Fault> {
        if self.stop.is_some_and(|stop| self.effects >= stop.after) {
            return Some(Fault::Before);
        }
        let scripted = self.scripts.get_mut(&operation).and_then(VecDeque::pop_front);
        let mut fault = scripted.unwrap_or_else(|| self.chance(operation));
        if operation.is_mutating() && matches!(fault, None | Some(Fault::After)) {
            self.effects += 1;
            if self.stop.is_some_and(|s| s.lose_last_answer && self.effects == s.after) {
                fault = Some(Fault::After);
            }
        }
        fault
    }

    fn chance(&mut self, operation: Operation) -> Option<Fault> {
        let rates = *self.rates.get(&operation)?;
        let drawn = self.draw();
        if drawn < rates.before {
            Some(Fault::Before)
        } else if drawn < rates.before + rates.after {
            Some(Fault::After)
        } else {
            None
        }
    }

    /// A number from 0 to below 1 (splitmix64).
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let [a, b, c, d, ..] = mixed.to_be_bytes();
        f64::from(u32::from_be_bytes([a, b, c, d])) / 4_294_967_296.0
    }
}

impl_layer!(Chaos);

impl Chaos {
    async fn put_through(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let put = || self.inner.put(space, name, body.clone(), mode.clone());
        self.call(Operation::Put, put).await
    }

    async fn get_through(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let get = || self.inner.get(object, range.clone());
        match self.with_plan(|plan| plan.next(Operation::Get)) {
            Some(Fault::Cut(bytes)) => Ok(cut(get().await?, bytes, object.to_string())),
            fault => self.call_with(fault, Operation::Get, get).await,
        }
    }

    async fn list_many_through(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        Ok(one_by_one(self, spaces).await)
    }

    async fn list_through(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.call(Operation::List, || self.inner.list(space, options)).await
    }
}

/// The first bytes of a stream, and then an error.
fn cut(stream: ByteStream, bytes: u64, subject: String) -> ByteStream {
    stream::try_unfold((stream, bytes), move |(mut stream, left)| {
        let lost = Error::temporary("get", &subject, "the connection was lost");
        async move {
            match stream.try_next().await? {
                Some(mut piece) if left > 0 => {
                    piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                    let left = left.saturating_sub(piece.len() as u64);
                    Ok(Some((piece, (stream, left))))
                }
                _ => Err(lost),
            }
        }
    })
    .boxed()
}
