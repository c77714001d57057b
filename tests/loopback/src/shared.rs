//! What is served, and the lock around it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::message::{Request, Response};

/// A service: its state, and what it makes of a request. One call happens after the
/// other; only the time by which they are held up overlaps.
pub trait Service: Send + 'static {
    /// What goes wrong with a call.
    type Fate: Send;

    /// By how long a call that has arrived is held up, and what goes wrong then.
    fn judge(&mut self, request: &mut Request) -> (Duration, Self::Fate);

    /// Does what is asked for, or what its fate makes of it.
    fn answer(&mut self, request: &Request, fate: Self::Fate) -> Answer;
}

/// What becomes of a call.
#[derive(Debug)]
pub enum Answer {
    /// The answer arrives.
    Whole(Response),
    /// The connection is cut in the middle of the answer's body.
    Torn(Response),
    /// The connection is cut before any answer.
    Lost,
}

/// The state of a service, for its handle and for all connections.
#[derive(Debug)]
pub struct Shared<S> {
    state: Mutex<S>,
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl<S> Shared<S> {
    pub(crate) fn new(state: S) -> Arc<Self> {
        let (under_way, most_at_once) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Shared { state: Mutex::new(state), under_way, most_at_once })
    }

    /// The state, for as long as the guard lives. A test that failed does not lock it.
    pub fn state(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls were under way at the same time, each on a connection of its own.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// Begins to count them anew.
    pub fn forget_most_at_once(&self) {
        self.most_at_once.store(0, Ordering::SeqCst);
    }
}

/// A call, until it is answered.
pub(crate) struct UnderWay<S>(Arc<Shared<S>>);

impl<S> UnderWay<S> {
    pub(crate) fn of(shared: &Arc<Shared<S>>) -> Self {
        let now = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_at_once.fetch_max(now, Ordering::SeqCst);
        UnderWay(Arc::clone(shared))
    }
}

impl<S> Drop for UnderWay<S> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}
