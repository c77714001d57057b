use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Keeps bytes from one run to the next, where losing them costs calls and nothing else.
pub trait Cache: fmt::Debug + Send + Sync {
    /// What was kept last, if it can be read.
    fn load(&self) -> Option<Vec<u8>>;

    /// Keeps this in its place. That it cannot be kept is no error.
    fn save(&self, bytes: &[u8]);
}

/// A cache that is kept for as long as it is held: what several stores of one process, or of
/// a test, know together.
#[derive(Debug, Default)]
pub struct MemoryCache(Mutex<Option<Vec<u8>>>);

impl Cache for MemoryCache {
    fn load(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn save(&self, bytes: &[u8]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
    }
}
