use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far a job is shut off from the machine (`threats.md` 4.1); a greater level
/// is a stronger box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IsolationLevel {
    /// No box: a plain process with a clean environment and limits.
    L0,
    /// Landlock, seccomp, limits and a sweep of all processes at the end.
    L1,
    /// As L1, made by Seatbelt of macOS; without a namespace of processes, so that a
    /// daemon that leaves its group is found by a sweep, not by the kernel. It stands
    /// beside L1: whoever demands L1 takes it.
    L1m,
    /// L1 inside namespaces of its own, without exact accounting of memory.
    L2,
    /// L2 with control groups.
    L3,
}

impl IsolationLevel {
    /// The weakest box for somebody else's code, on private data or on a mock, unless
    /// the owner says otherwise for one run (`threats.md` 4.1).
    pub const MINIMUM: IsolationLevel = IsolationLevel::L2;

    /// All levels, weakest first.
    pub const ALL: [IsolationLevel; 5] = [
        IsolationLevel::L0,
        IsolationLevel::L1,
        IsolationLevel::L1m,
        IsolationLevel::L2,
        IsolationLevel::L3,
    ];

    /// The word that is written and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            IsolationLevel::L0 => "L0",
            IsolationLevel::L1 => "L1",
            IsolationLevel::L1m => "L1m",
            IsolationLevel::L2 => "L2",
            IsolationLevel::L3 => "L3",
        }
    }

    /// What a job at this level can and cannot do, in one sentence for the person
    /// who decides about it.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            IsolationLevel::L0 => {
                "this job can read your home folder and use the network; \
                 only its environment is clean and its time and resources are limited"
            }
            IsolationLevel::L1 => {
                "this job can read the system's programs and the datasets granted to it, \
                 write only to its own copy and outputs, and use no network; \
                 it can see names, sizes and times of files whose path it knows"
            }
            IsolationLevel::L1m => {
                "this job can read the system's programs and the datasets granted to it, \
                 write only to its own copy and outputs, and use no network; \
                 it can see names, sizes and times of files whose path it knows, \
                 its memory and disk are not limited, and a process that it hides may outlive it"
            }
            IsolationLevel::L2 => {
                "this job sees only the system's programs, its own copy and the datasets granted \
                 to it, has no network, and cannot see other processes or files at all"
            }
            IsolationLevel::L3 => {
                "this job sees only the system's programs, its own copy and the datasets granted \
                 to it, has no network, cannot see other processes or files at all, \
                 and its memory and processes are counted exactly"
            }
        }
    }

    /// [`IsolationLevel::in_words`] of a box that was made with this version of
    /// Landlock: what an older one leaves open is said too.
    #[must_use]
    pub fn in_words_with(self, landlock_abi: Option<u32>) -> String {
        /// The first that keeps signals inside the box.
        const SCOPES_SIGNALS: u32 = 6;
        let old =
            self == IsolationLevel::L1 && landlock_abi.is_some_and(|abi| abi < SCOPES_SIGNALS);
        format!("{}{}", self.in_words(), if old { " and signal your other programs" } else { "" })
    }
}

impl fmt::Display for IsolationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no [`IsolationLevel`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no isolation level: there are L0, L1, L1m, L2 and L3")]
pub struct UnknownLevel(String);

impl FromStr for IsolationLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        IsolationLevel::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownLevel(text.chars().take(40).collect()))
    }
}
