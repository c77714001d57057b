//! The box that a job runs in: what it is handed, what limits it, what became of it.

mod best;
#[cfg(target_os = "linux")]
mod bubblewrap;
mod job;
mod level;
mod limits;
mod log;
mod plain;
mod probe;
#[cfg(target_os = "linux")]
mod replies;
mod report;
mod stop;
#[cfg(target_os = "linux")]
mod supervise;
#[cfg(target_os = "linux")]
pub(crate) mod view;
mod warden;

use std::fmt;

use crate::{OutputSink, Result};

pub use best::{Best, best};
pub use job::{BoxedJob, Network, join_outputs};
pub use level::{IsolationLevel, UnknownLevel};
pub use limits::Limits;
pub use log::{BoundedLog, LogSink, LogStream};
pub use plain::PlainSandbox;
pub use probe::{Probe, probe};
pub use report::{BoxReport, Exit, LimitHit, LimitKind};
pub use stop::Stop;
pub use warden::WardenSandbox;

/// Runs one job shut off from the rest of the machine, as far as its level goes.
pub trait Sandbox: fmt::Debug + Send + Sync {
    /// What a job in this box can and cannot do.
    fn level(&self) -> IsolationLevel;

    /// Runs a job to its end and hands on what it prints as it comes. Once no process
    /// of it is alive any more, hands on the regular files that it left in its
    /// outputs folder, and says of everything else in it why it was left
    /// (`threats.md` X3, X7).
    ///
    /// # Errors
    /// [`Error::Isolation`](crate::Error::Isolation) if the box cannot be made
    /// here: nothing of the job has run. [`Error::Stopped`](crate::Error::Stopped) if
    /// it was ended because somebody asked for it. [`Error::Box`](crate::Error::Box) if the
    /// job cannot be started or the box broke. Those of `outputs`. A job that fails or
    /// hits a limit is no error: that stands in the report.
    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport>;

    /// From now on, ends the job and lets none begin when this is asked for. What
    /// knows no way to end a job runs it to its end.
    fn set_stop(&mut self, _stop: Stop) {}

    /// Whether the end was asked for, so that no job begins in this box any more.
    fn is_stopped(&self) -> bool {
        false
    }
}
