//! The exit codes: a contract with scripts.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Bug = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    Store = 5,
    Conflict = 6,
    JobFailed = 7,
    StillWaiting = 8,
    Integrity = 9,
    Interrupted = 130,
}

impl Exit {
    const ALL: [Exit; 11] = [
        Exit::Done,
        Exit::Bug,
        Exit::Usage,
        Exit::NotFound,
        Exit::Refused,
        Exit::Store,
        Exit::Conflict,
        Exit::JobFailed,
        Exit::StillWaiting,
        Exit::Integrity,
        Exit::Interrupted,
    ];

    fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Bug => "a bug, or something unforeseen",
            Exit::Usage => "the command was not understood, or does not fit this home",
            Exit::NotFound => "not found, or ambiguous",
            Exit::Refused => "refused: permission, policy, isolation",
            Exit::Store => "the store, the network or the disk: try again",
            Exit::Conflict => "a conflict with what is there",
            Exit::JobFailed => "the job itself failed",
            Exit::StillWaiting => "still waiting at the deadline",
            Exit::Integrity => "integrity: tampering, rollback, a changed key",
            Exit::Interrupted => "a run was stopped by Ctrl-C, and is interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// The table for `--help`.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<3}  {}", exit as u8, exit.meaning());
    }
    text
}
