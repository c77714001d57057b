use std::fmt;

/// Keeps bytes from one run to the next, where losing them costs calls and nothing else.
pub trait Cache: fmt::Debug + Send + Sync {
    /// What was kept last, if it can be read.
    fn load(&self) -> Option<Vec<u8>>;

    /// Keeps this in its place. That it cannot be kept is no error.
    fn save(&self, bytes: &[u8]);
}
