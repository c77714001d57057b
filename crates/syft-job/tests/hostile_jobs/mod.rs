//! The corpus: what hostile jobs try, and what must hold of each.

pub(crate) mod came;
pub(crate) mod check;
mod daemons;
pub(crate) mod doors;
mod kernel;
mod network;
mod outputs;
pub(crate) mod processes;
mod reads;
mod resources;
pub(crate) mod scene;
mod writes;

use std::time::Duration;

use syft_job::sandbox::{IsolationLevel, LimitKind, Limits};

/// What one hostile job does, and what must hold of it beyond what must hold of all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// Begins with the row of the threat list.
    pub(crate) name: &'static str,
    /// For bash; it finds its surroundings in its environment, see `scene.rs`.
    pub(crate) script: &'static str,
    pub(crate) limits: fn(&mut Limits),
    pub(crate) holds: Holds,
    pub(crate) outside: Outside,
    /// A weaker box is not said to stop this.
    pub(crate) from: IsolationLevel,
}

/// What must hold in a box.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    /// The script prints no GOT, comes to its end by itself, and hits no limit; that
    /// it failed without a network may be told.
    Refused,
    /// It runs until its time is up.
    TimesOut,
    /// This limit is named.
    Hits(LimitKind),
    /// Of its outputs these and no others are collected, and others were there.
    Collects(&'static [&'static str]),
    /// The script prints no GOT; it may hit a limit other than that on time.
    Ends,
}

/// What shows, without a box, that the attempt works.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outside {
    /// The script prints GOT, as often as it stands in it and for each door it tries.
    Got,
    /// As `Got` for root; an ordinary user is refused by the system itself.
    GotByRoot,
    /// As `Got`, where this setting of the kernel is not there or has this value.
    GotWhere(&'static str, &'static str),
    /// A process is left.
    Outlives,
    /// Something beside the run is changed, or a process beside it harmed.
    Harms,
    /// It is not tried, because of this.
    NotTried(&'static str),
}

/// All cases.
pub(crate) fn corpus() -> Vec<Case> {
    let themes = [
        reads::CASES,
        network::CASES,
        daemons::CASES,
        resources::CASES,
        outputs::CASES,
        writes::CASES,
        kernel::CASES,
    ];
    themes.concat()
}

/// A script that prints GOT for each attempt that gets through.
const fn refused(name: &'static str, script: &'static str) -> Case {
    Case {
        name,
        script,
        limits: |_| {},
        holds: Holds::Refused,
        outside: Outside::Got,
        from: IsolationLevel::L1,
    }
}

impl Case {
    const fn limits(self, limits: fn(&mut Limits)) -> Self {
        Case { limits, ..self }
    }

    const fn holds(self, holds: Holds) -> Self {
        Case { holds, ..self }
    }

    const fn outside(self, outside: Outside) -> Self {
        Case { outside, ..self }
    }

    const fn from(self, from: IsolationLevel) -> Self {
        Case { from, ..self }
    }

    /// Small limits, so that a case that gets through harms nobody; but time enough
    /// to hit another limit on a busy machine.
    pub(crate) fn all_limits(&self) -> Limits {
        const MIB: u64 = 1024 * 1024;
        let mut limits = Limits {
            wall: Duration::from_secs(20),
            cpu_seconds: 10,
            memory_bytes: 1024 * MIB,
            processes: 100,
            file_bytes: 64 * MIB,
            scratch_bytes: 8 * MIB,
            outputs_bytes: 8 * MIB,
            outputs_files: 100,
            ..Limits::default()
        };
        (self.limits)(&mut limits);
        limits
    }
}
