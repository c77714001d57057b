use std::fmt;
use std::sync::{Mutex, PoisonError};

use syft_core::{AuditLog, NewEntry};

/// Where what happens to jobs is recorded: `job.received`, `job.approved`,
/// `job.rejected`, `job.cancelled`, `job.frozen`, `job.run.started`,
/// `job.run.refused`, `job.run.finished`, `job.run.interrupted`, `job.rehearsed`,
/// `job.released`, `job.returned`. The subject of an entry is the job's id. Beside them
/// `policy.added`, `policy.removed` and `policy.changed`, about a rule or the file.
///
/// An entry is told before its effect is written, and has a key: after a crash
/// in between it is told again, and a log keeps it once.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Keeps an entry durably, unless its key was recorded before.
    ///
    /// # Errors
    /// Those of the log; the effect then does not happen.
    fn record(&self, entry: NewEntry) -> syft_core::Result<()>;
}

impl AuditSink for Mutex<AuditLog> {
    fn record(&self, entry: NewEntry) -> syft_core::Result<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).append(entry)
    }
}
