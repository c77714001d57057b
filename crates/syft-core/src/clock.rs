use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Timestamp;

/// The time of day, behind a trait so that a clock step is a value in a test.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now; may go backwards.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        };
        Timestamp::new(seconds).unwrap_or(Timestamp::EPOCH)
    }
}
