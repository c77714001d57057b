//! The warden: the process between the runner and a job.
//!
//! It is started with an empty environment, reads its orders from a socket that
//! is its standard input, confines itself, starts the job, watches it, and kills
//! all that is left of it in the end. All processes of the job are its
//! descendants for good: it is their subreaper. When the socket closes, its
//! runner is gone, and it kills everything.

#[cfg(target_os = "linux")]
mod capabilities;
#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod disk_use;
#[cfg(target_os = "linux")]
mod enclosure;
#[cfg(target_os = "linux")]
mod nameless;
#[cfg(target_os = "linux")]
pub(crate) mod orders;
#[cfg(target_os = "linux")]
mod outputs;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod sockets;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod sweep;
#[cfg(target_os = "linux")]
pub(crate) mod sys;
#[cfg(target_os = "linux")]
pub(crate) mod system;
#[cfg(target_os = "linux")]
mod tree;
#[cfg(target_os = "linux")]
mod trial;
#[cfg(target_os = "linux")]
mod watch;

use std::process::ExitCode;

/// Runs as a warden and returns when the job and all its processes are gone.
///
/// An executable calls this before it starts a thread or a runtime; it does
/// nothing useful unless [`WardenSandbox`](crate::sandbox::WardenSandbox)
/// started it. On other systems than Linux it fails.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if serve::serve().is_ok() {
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
