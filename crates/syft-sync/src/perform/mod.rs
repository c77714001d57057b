//! Carries plans out: journal first, local effects, remote effects, done.

mod append;
mod leave;
mod put;
mod remote;
mod stays;

pub(crate) use leave::Leaving;

use std::collections::BTreeMap;
use std::io::Read;

use syft_core::{
    Access, ContentHash, ContentHasher, Disk, Email, Error as CoreError, HomePath, NewEntry,
    NodePaths, RejectCode,
};

use crate::Result;
use crate::engine::Draft;
use crate::ledger::{Fact, LocalEffect, Plan};
use crate::node::Pass;
use crate::quarantine::{Quarantine, Quarantined};

/// Largest blob that is read back from the journal, in bytes.
const BLOB_LIMIT: u64 = 4 << 30;

impl Pass<'_> {
    /// Journals a draft and carries it out as far as the store allows. What the
    /// store did not take stays queued and is sent by a later pass.
    pub(crate) async fn carry_out(&mut self, draft: Draft) -> Result<()> {
        match self.begin(draft)? {
            Some(id) => self.finish(id).await,
            None => Ok(()),
        }
    }

    /// Journals one fact that brings nothing about.
    pub(crate) fn learn(&mut self, fact: impl Into<Fact>) -> Result<()> {
        let mut draft = Draft::default();
        draft.fact(fact);
        self.begin(draft).map(drop)
    }

    /// Journals a draft and does what it brings about on this machine. Returns the
    /// plan whose effects in the store are still to come, if it has any.
    pub(crate) fn begin(&mut self, draft: Draft) -> Result<Option<u64>> {
        if draft.plan.is_empty() {
            return Ok(None);
        }
        for bytes in draft.blobs.values() {
            self.ledger.blobs().put(bytes)?;
        }
        let id = self.ledger.commit(draft.plan.clone())?;
        self.perform_all_local(id, &draft.plan)?;
        if draft.plan.remote.is_empty() {
            self.ledger.done(id)?;
            return Ok(None);
        }
        Ok(Some(id))
    }

    /// Finishes on this machine what an earlier pass or a crash left over.
    pub(crate) fn finish_local(&mut self) -> Result<()> {
        for (id, pending) in self.ledger.pending() {
            if !pending.local_done {
                self.perform_all_local(id, &pending.plan)?;
            }
            if pending.plan.remote.is_empty() {
                self.ledger.done(id)?;
            }
        }
        Ok(())
    }

    fn perform_all_local(&mut self, id: u64, plan: &Plan) -> Result<()> {
        for effect in &plan.local {
            self.perform_local(id, effect)?;
        }
        if !plan.remote.is_empty() {
            self.ledger.local_done(id)?;
        }
        Ok(())
    }

    fn perform_local(&mut self, plan: u64, effect: &LocalEffect) -> Result<()> {
        let done = match effect {
            LocalEffect::Write { path, blob, replaces } => self.write(path, *blob, *replaces),
            LocalEffect::Remove { path, replaces } => self.remove(path, *replaces),
            LocalEffect::KeepAside { path, holds } => self.keep_aside_if(path, *holds),
            LocalEffect::Quarantine { blob, from, channel, name, code, detail, at } => {
                let item = Quarantined::new(from, channel, name, *blob, *code, detail, *at);
                let bytes = match blob {
                    Some(blob) => Some(self.ledger.blobs().read(blob, BLOB_LIMIT)?),
                    None => None,
                };
                Quarantine::new(self.node.disk.clone()).put(&item, bytes.as_deref())
            }
            LocalEffect::Audit { key, at, actor, action, subject, details } => {
                self.node.audit.append(NewEntry {
                    // Of this plan: a peer has a say in what follows.
                    key: Some(format!("{plan}:{key}")),
                    at: *at,
                    actor: actor.clone(),
                    action: action.clone(),
                    subject: subject.clone(),
                    details: details.clone(),
                })?;
                Ok(())
            }
        };
        match done {
            // A link or a folder in the way, or a name that this disk cannot hold:
            // it is said, and it stops nothing else.
            Err(error) if !error.ends_the_pass() => {
                if let LocalEffect::Write { path, blob, .. } = effect {
                    self.keep_blocked(path, *blob, &error)?;
                }
                self.note("file.blocked", error.to_string())
            }
            other => other,
        }
    }

    fn write(
        &mut self,
        path: &HomePath,
        blob: ContentHash,
        replaces: Option<ContentHash>,
    ) -> Result<()> {
        match hash_of(&*self.node.disk, path)? {
            Some(here) if here == blob => return Ok(()),
            Some(here) if Some(here) != replaces => self.keep_aside(path, here)?,
            _ => {}
        }
        let mut body = self.ledger.blobs().open(&blob)?;
        let own = path.components().next() == NodePaths::root().components().next();
        let access = if own { Access::OwnerOnly } else { Access::Shared };
        self.node.disk.write_from(path, &mut *body, access)?;
        Ok(())
    }

    /// Puts away what could not be written, so that it is not lost.
    fn keep_blocked(&self, path: &HomePath, blob: ContentHash, error: &crate::Error) -> Result<()> {
        let (me, at) = (&self.node.email, self.node.clock.now());
        let (code, detail) = (RejectCode::NameCollision, error.to_string());
        let item = Quarantined::new(me, "disk", path.as_str(), Some(blob), code, &detail, at);
        let bytes = self.ledger.blobs().read(&blob, BLOB_LIMIT)?;
        Quarantine::new(self.node.disk.clone()).put(&item, Some(&bytes))
    }

    fn remove(&mut self, path: &HomePath, replaces: Option<ContentHash>) -> Result<()> {
        match hash_of(&*self.node.disk, path)? {
            None => Ok(()),
            Some(here) if Some(here) == replaces => {
                self.node.disk.remove_file(path)?;
                self.prune(path)
            }
            Some(here) => self.keep_aside(path, here),
        }
    }

    /// Removes the folders that became empty, so that a file may take their
    /// place; never a datasite itself.
    fn prune(&self, path: &HomePath) -> Result<()> {
        let mut folder = path.parent();
        while let Some(here) = folder.filter(|here| here.components().count() > 1) {
            if !self.node.disk.list(&here)?.is_empty() {
                break;
            }
            self.node.disk.remove_dir_all(&here)?;
            folder = here.parent();
        }
        Ok(())
    }

    fn keep_aside_if(&mut self, path: &HomePath, holds: ContentHash) -> Result<()> {
        match hash_of(&*self.node.disk, path)? {
            Some(here) if here == holds => self.keep_aside(path, here),
            _ => Ok(()),
        }
    }

    /// Moves somebody's edit to a name of its own, made of its content so that
    /// repeating this changes nothing.
    fn keep_aside(&mut self, path: &HomePath, here: ContentHash) -> Result<()> {
        let aside = HomePath::parse(&format!("{path}.conflict-{}", here.short()))?;
        match self.node.disk.rename(path, &aside) {
            Err(CoreError::AlreadyExists(_)) => self.node.disk.remove_file(path)?,
            other => other?,
        }
        self.note("file.kept_aside", aside.as_str())
    }
}

/// Plans whose effects in the store are still to come, by the peer that they are
/// about and in their order.
#[derive(Debug, Default)]
pub(crate) struct Outgoing(BTreeMap<Email, Vec<u64>>);

impl Outgoing {
    pub(crate) fn extend(&mut self, peer: &Email, plan: Option<u64>) {
        if let Some(plan) = plan {
            self.0.entry(peer.clone()).or_default().push(plan);
        }
    }

    /// The same with others that come after.
    pub(crate) fn append(&mut self, others: Outgoing) {
        for (peer, mut plans) in others.0 {
            self.0.entry(peer).or_default().append(&mut plans);
        }
    }

    /// How many plans there are.
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

/// The hash of a regular file; `None` if nothing stands there.
pub(crate) fn hash_of(disk: &dyn Disk, path: &HomePath) -> Result<Option<ContentHash>> {
    let mut body = match disk.open(path) {
        Ok(body) => body,
        Err(CoreError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut hasher = ContentHasher::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = body.read(&mut buffer).map_err(|source| CoreError::Io {
            action: "read",
            path: path.to_string(),
            source,
        })?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(Some(hasher.finish())),
            Some(bytes) => hasher.update(bytes),
        }
    }
}
