use std::path::Path;

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
use super::Sandbox as _;
use super::{IsolationLevel, WardenSandbox};
#[cfg(target_os = "linux")]
use crate::Error;

/// What box can be made on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The strongest level that was tried and held.
    pub level: IsolationLevel,
    /// In words: what was tried and refused, or why there is no box.
    pub reasons: Vec<String>,
    /// Why there is no box of level L2; nothing where there is one, or where none
    /// was tried.
    #[serde(default)]
    pub no_namespaces: Option<String>,
    /// Why there is no box of level L3; nothing where there is one, or where none was
    /// tried.
    #[serde(default)]
    pub no_control_group: Option<String>,
    /// The version of Landlock that was used; 0 if there is none.
    pub landlock_abi: u32,
    /// Whether a seccomp filter was installed and held.
    pub seccomp: bool,
}

/// Finds the level by trying: starts a warden that boxes itself and then does
/// what it must not be able to do. `scratch` is a folder in which a file can be
/// made for it to fail on.
#[must_use]
pub fn probe(sandbox: &WardenSandbox, scratch: &Path) -> Probe {
    tried(sandbox, scratch).unwrap_or_else(|reason| Probe {
        level: IsolationLevel::L0,
        reasons: vec![reason],
        no_namespaces: None,
        no_control_group: None,
        landlock_abi: 0,
        seccomp: false,
    })
}

#[cfg(not(target_os = "linux"))]
fn tried(_: &WardenSandbox, _: &Path) -> Result<Probe, String> {
    Err("boxes can be made on Linux only".to_owned())
}

#[cfg(target_os = "linux")]
fn tried(sandbox: &WardenSandbox, scratch: &Path) -> Result<Probe, String> {
    let secret = scratch.join(format!(".box-probe-{}", std::process::id()));
    std::fs::write(&secret, b"not for a job\n")
        .map_err(|error| format!("could not write {}: {error}", secret.display()))?;
    let outcome = sandbox.tries(&secret);
    // It holds nothing; a leftover is overwritten by the next probe.
    let _ = std::fs::remove_file(&secret);
    let (landlock_abi, attempts) = outcome.map_err(|error| match error {
        Error::Isolation { reason, .. } => reason,
        error => error.to_string(),
    })?;
    let mut held: Vec<String> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    for (what, ok) in attempts {
        if ok { held.push(what) } else { failed.push(format!("NOT so: {what}")) }
    }
    if !failed.is_empty() {
        return Ok(Probe {
            level: IsolationLevel::L0,
            reasons: failed,
            no_namespaces: None,
            no_control_group: None,
            landlock_abi,
            seccomp: false,
        });
    }
    if landlock_abi < 6 && sandbox.level() < IsolationLevel::L2 {
        held.push("signals to other programs of this user are not refused by this kernel".into());
    }
    Ok(Probe {
        level: sandbox.level(),
        reasons: held,
        no_namespaces: None,
        no_control_group: None,
        landlock_abi,
        seccomp: true,
    })
}
