use std::sync::{Mutex, PoisonError};

use crate::{Clock, Timestamp};

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that stands at a time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        ManualClock(Mutex::new(time))
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, time: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Moves the clock by some seconds; back if negative.
    pub fn step(&self, seconds: f64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A step out of the range of times leaves the clock where it is.
        *now = Timestamp::new(now.seconds() + seconds).unwrap_or(*now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
