use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use syft_core::{Clock, Disk, Email, Entropy, HomeLock, Layout, NewEntry};
use syft_transport::Transport;

use crate::contents::Contents;
use crate::engine::Scene;
use crate::ledger::Ledger;
use crate::rules::CompiledRules;
use crate::shared_audit::SharedAudit;
use crate::touched::Touched;
use crate::{NoticeSink, Result};

/// One identity on one machine: its home, its store, its clock and randomness.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) email: Email,
    pub(crate) home: PathBuf,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) layout: Arc<dyn Layout>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) audit: SharedAudit,
    /// What this process changed in datasites since they were walked.
    pub(crate) touched: Touched,
    /// The permission files of my datasite, as they were compiled last.
    pub(crate) permissions: CompiledRules,
    pub(crate) notices: Arc<dyn NoticeSink>,
    pub(crate) lock_wait: Duration,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("email", &self.email)
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// Takes the home for one pass.
    pub(crate) fn pass(&self) -> Result<Pass<'_>> {
        let lock = HomeLock::acquire(&self.home, self.lock_wait)?;
        let ledger = Ledger::open(self.disk.clone())?;
        self.audit.reset();
        Ok(Pass { node: self, ledger, contents: Contents::default(), _lock: lock })
    }

    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene { me: &self.email, now: self.clock.now(), entropy: &*self.entropy }
    }
}

/// A pass over the home: nobody else changes it meanwhile.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) node: &'a Node,
    pub(crate) ledger: Ledger,
    /// My own files as this pass read them.
    pub(crate) contents: Contents,
    _lock: HomeLock,
}

impl Pass<'_> {
    /// One audit line about something that this identity did.
    pub(crate) fn note(&self, action: &str, subject: impl Into<String>) -> Result<()> {
        Ok(self.node.audit.append(NewEntry {
            key: None,
            at: self.node.clock.now(),
            actor: self.node.email.to_string(),
            action: action.to_owned(),
            subject: subject.into(),
            details: Default::default(),
        })?)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.node.audit.reset();
    }
}
