use std::io::{self, PipeReader, PipeWriter};
use std::sync::{Arc, Mutex, PoisonError};

/// Ends runs before their time: what is asked of one handle, all its clones know.
#[derive(Debug, Clone)]
pub struct Stop(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    /// At its end as soon as nothing holds the other one any more, so that whoever
    /// waits for other things as well can wait for this too.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only a warden is awaited"))]
    asked: PipeReader,
    held: Mutex<Option<PipeWriter>>,
}

impl Stop {
    /// A handle by which nothing was asked yet.
    ///
    /// # Errors
    /// The system's, if it has no pipe left.
    pub fn new() -> io::Result<Self> {
        let (asked, held) = io::pipe()?;
        Ok(Stop(Arc::new(Handle { asked, held: Mutex::new(Some(held)) })))
    }

    /// Ends the run that goes on, and lets no other begin.
    pub fn stop(&self) {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// What can be waited for: it ends when the end is asked for.
    #[cfg(target_os = "linux")]
    pub(super) fn asked(&self) -> &PipeReader {
        &self.0.asked
    }
}
