use std::path::Path;

use super::{BoxReport, BoxedJob, IsolationLevel, LogSink, Probe, Sandbox, WardenSandbox, probe};
use crate::{Error, OutputSink, Result};

/// The box that jobs run in on this machine, and how it was found.
#[derive(Debug)]
pub struct Best {
    /// The strongest box that held. Where none did, one of level L0 that refuses every
    /// job and says why.
    pub sandbox: Box<dyn Sandbox>,
    /// What was tried, and what came of it.
    pub probe: Probe,
}

/// Finds the strongest box that can be made here, by trying: everything that runs a
/// job takes this one, unless its owner asks for another. `warden` is the box of
/// level L1 where there is one (on macOS Seatbelt makes it); `scratch` is a folder in
/// which a file can be made for the trial to fail on.
#[must_use]
pub fn best(warden: WardenSandbox, scratch: &Path) -> Best {
    #[cfg(target_os = "macos")]
    return seatbelt(&warden, scratch);
    #[cfg(not(target_os = "macos"))]
    in_warden(warden, scratch)
}

#[cfg_attr(target_os = "macos", expect(dead_code, reason = "Seatbelt has no warden"))]
fn in_warden(warden: WardenSandbox, scratch: &Path) -> Best {
    let mut whys = Vec::new();
    for in_namespaces in [warden.clone().in_bubblewrap(), warden.clone().in_namespaces()] {
        let found = probe(&in_namespaces, scratch);
        if found.level >= IsolationLevel::L2 {
            return best_counted(in_namespaces, found, scratch);
        }
        whys.extend(found.reasons);
    }
    let probe = Probe { no_namespaces: Some(whys.join("; ")), ..probe(&warden, scratch) };
    if probe.level >= IsolationLevel::L1 {
        return Best { sandbox: Box::new(warden.because(whys.join("; "))), probe };
    }
    let reason = probe.reasons.join("; ");
    Best { sandbox: Box::new(NoBox { reason }), probe }
}

/// The same in a control group, where that holds too.
fn best_counted(in_namespaces: WardenSandbox, found: Probe, scratch: &Path) -> Best {
    let why = match in_namespaces.clone().in_control_group() {
        Ok(counted) => {
            let counted_found = probe(&counted, scratch);
            if counted_found.level >= IsolationLevel::L3 {
                return Best { sandbox: Box::new(counted), probe: counted_found };
            }
            counted_found.reasons.join("; ")
        }
        Err(why) => why,
    };
    let sandbox = Box::new(in_namespaces.because(why.clone()));
    Best { sandbox, probe: Probe { no_control_group: Some(why), ..found } }
}

#[cfg(target_os = "macos")]
fn seatbelt(_: &WardenSandbox, scratch: &Path) -> Best {
    let sandbox = super::SeatbeltSandbox::default();
    let probe = |level, reason| Probe {
        level,
        reasons: vec![reason],
        no_namespaces: Some("macOS has none".to_owned()),
        no_control_group: None,
        landlock_abi: 0,
        seccomp: false,
    };
    match sandbox.tries(scratch) {
        Ok(held) => {
            let probe = probe(sandbox.level(), held);
            Best { sandbox: Box::new(sandbox), probe }
        }
        Err(reason) => {
            let probe = probe(IsolationLevel::L0, reason.clone());
            Best { sandbox: Box::new(NoBox { reason }), probe }
        }
    }
}

/// Runs nothing.
#[derive(Debug)]
struct NoBox {
    reason: String,
}

impl Sandbox for NoBox {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L0
    }

    fn run(&self, _: &BoxedJob, _: &mut dyn LogSink, _: &mut dyn OutputSink) -> Result<BoxReport> {
        let (needed, reason) = (IsolationLevel::L1.to_string(), self.reason.clone());
        Err(Error::Isolation { needed, reason })
    }

    fn why_no_stronger(&self) -> Option<&str> {
        Some(&self.reason)
    }
}
