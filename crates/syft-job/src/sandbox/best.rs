use std::path::Path;

use super::{IsolationLevel, Probe, Sandbox, WardenSandbox, probe};

/// The box that jobs run in on this machine, and how it was found.
#[derive(Debug)]
pub struct Best {
    /// The strongest box that held. Where none did, one that refuses every job and
    /// says why: it is never weaker than L1.
    pub sandbox: Box<dyn Sandbox>,
    /// What was tried, and what came of it.
    pub probe: Probe,
}

/// Finds the strongest box that can be made here, by trying: everything that runs a
/// job takes this one, unless its owner asks for another. `warden` is the box of
/// level L1; `scratch` is a folder in which a file can be made for the trial to
/// fail on.
#[must_use]
pub fn best(warden: WardenSandbox, scratch: &Path) -> Best {
    let mut whys = Vec::new();
    for in_namespaces in [warden.clone().in_bubblewrap(), warden.clone().in_namespaces()] {
        let found = probe(&in_namespaces, scratch);
        if found.level >= IsolationLevel::L2 {
            return Best { sandbox: Box::new(in_namespaces), probe: found };
        }
        whys.extend(found.reasons);
    }
    let no_namespaces = Some(whys.join("; "));
    let probe = Probe { no_namespaces, ..probe(&warden, scratch) };
    Best { sandbox: Box::new(warden), probe }
}
