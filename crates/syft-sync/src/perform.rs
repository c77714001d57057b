//! Carries plans out: journal first, local effects, remote effects, done.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use futures::stream::{self, StreamExt};
use syft_core::{
    Access, ContentHash, ContentHasher, Disk, Email, Error as CoreError, HomePath, NewEntry,
    NodePaths, RejectCode,
};
use syft_transport::{Object, PutBody, PutMode, Space};

use crate::Result;
use crate::channels::{IN_FLIGHT, patiently};
use crate::engine::Draft;
use crate::ledger::{Fact, LocalEffect, Pending, Plan, RemoteEffect};
use crate::node::Pass;
use crate::owner::note_problem;
use crate::peers::PeerTable;
use crate::quarantine::{Quarantine, Quarantined};
use crate::report::SyncReport;
use crate::sealed::is_closed;

/// One peer whose channel is stuck holds up no other; when several are, the store
/// is away, and is not asked for every one of them.
const STUCK_IN_STORE_AWAY: usize = 2;

/// Largest blob that is read back from the journal, in bytes.
const BLOB_LIMIT: u64 = 4 << 30;

impl Pass<'_> {
    /// Journals a draft and carries it out as far as the store allows. What the
    /// store did not take stays queued and is sent by a later pass.
    pub(crate) async fn carry_out(&mut self, draft: Draft) -> Result<()> {
        let plan = draft.plan.clone();
        let Some(id) = self.begin(draft)? else { return Ok(()) };
        self.perform_all_remote(id, &plan).await
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

    /// Carries the effects in the store of these plans out: those of one peer in
    /// their order, the peers at once. A peer for whom it does not work is told in
    /// the report and returned; what is left of it goes out in a later pass.
    pub(crate) async fn send(
        &mut self,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<Vec<Email>> {
        let plans = std::mem::take(&mut outgoing.0);
        let this: &Self = self;
        let sent: Vec<_> = stream::iter(plans)
            .map(|(peer, ids)| async move {
                let mut done = Vec::new();
                for id in ids {
                    match this.perform_pending_remote(id).await {
                        Ok(stays) => done.push((id, stays)),
                        Err(error) => return (peer, done, Err(error)),
                    }
                }
                (peer, done, Ok(()))
            })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        let mut failed = Vec::new();
        for (peer, done, result) in sent {
            for (id, stays) in done {
                self.done(id, stays)?;
            }
            if let Err(error) = result {
                note_problem(report, &peer, error)?;
                failed.push(peer);
            }
        }
        Ok(failed)
    }

    /// Returns the objects that the store does not let go.
    async fn perform_pending_remote(&self, id: u64) -> Result<Vec<Object>> {
        self.perform_each_remote(self.ledger.remote_of(id)).await
    }

    async fn perform_each_remote(&self, effects: &[RemoteEffect]) -> Result<Vec<Object>> {
        let mut stays = Vec::new();
        for effect in effects {
            stays.extend(self.perform_remote(effect).await?.cloned());
        }
        Ok(stays)
    }

    /// A plan is done. What the store did not let go is not looked at again.
    fn done(&mut self, id: u64, stays: Vec<Object>) -> Result<()> {
        self.ledger.done(id)?;
        let mut draft = Draft::default();
        for object in stays {
            self.note("object.stays", object.to_string())?;
            let (channel, name) = (object.space.to_string(), Some(object.name.to_string()));
            draft.fact(Fact::Arrived { channel, name, message: None, link: None });
        }
        self.begin(draft).map(drop)
    }

    /// Finishes what an earlier pass or a crash left over. Returns the store's
    /// complaint if something still waits for it.
    pub(crate) async fn finish_pending(&mut self) -> Result<Option<syft_transport::Error>> {
        let mut complaint: Option<syft_transport::Error> = None;
        let mut stuck = BTreeSet::new();
        for (id, pending) in self.ledger.pending() {
            if !pending.local_done {
                self.perform_all_local(id, &pending.plan)?;
            }
            let channel = pending.plan.channel().cloned();
            if stuck.len() >= STUCK_IN_STORE_AWAY || stuck.contains(&channel) {
                continue;
            }
            match self.perform_all_remote(id, &pending.plan).await {
                // It waits for the peer, and the store has no part in it.
                Err(crate::Error::Transport(error)) if is_closed(&error) => {}
                Err(crate::Error::Transport(error)) => {
                    if error.is_retryable() {
                        stuck.insert(channel);
                    }
                    complaint = Some(error);
                }
                other => other?,
            }
        }
        Ok(complaint)
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

    /// Finishes one plan that an earlier pass left over.
    pub(crate) async fn finish(&mut self, id: u64, pending: &Pending) -> Result<()> {
        if !pending.local_done {
            self.perform_all_local(id, &pending.plan)?;
        }
        self.perform_all_remote(id, &pending.plan).await
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

    async fn perform_all_remote(&mut self, id: u64, plan: &Plan) -> Result<()> {
        let stays = self.perform_each_remote(&plan.remote).await?;
        self.done(id, stays)
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

    /// Returns the object that was to go if the store does not let it go, which no
    /// repetition changes: others' folders may be so.
    async fn perform_remote<'e>(&self, effect: &'e RemoteEffect) -> Result<Option<&'e Object>> {
        let transport = &*self.node.transport;
        match effect {
            RemoteEffect::Put { space, name, blob } => {
                let bytes = self.ledger.blobs().read(blob, BLOB_LIMIT)?;
                let size = bytes.len() as u64;
                self.node.cache_event(space, name, &bytes)?;
                let put = async {
                    transport.open(space).await?;
                    transport.put(space, name, PutBody::from(bytes), PutMode::Create).await
                };
                match patiently(space, size, put).await {
                    // Nothing goes to somebody who was removed and poses as another now.
                    Err(error) if is_closed(&error) && self.is_removed(space)? => {
                        self.note("object.dropped", format!("{space}/{name}"))?;
                    }
                    // Somebody who can write the folder took the name. It stays
                    // taken, so waiting would only hold up what comes after.
                    Err(syft_transport::Error::AlreadyExists { .. }) => {
                        self.note("object.blocked", format!("{space}/{name}"))?;
                    }
                    put => self.note_written(put?)?,
                }
            }
            RemoteEffect::Delete { object } => {
                self.note_removed(object);
                let delete = transport.delete(std::slice::from_ref(object));
                return let_go(object, patiently(object, 0, delete).await);
            }
            RemoteEffect::Retire { object } => {
                let retire = transport.retire(std::slice::from_ref(object));
                return let_go(object, patiently(object, 0, retire).await);
            }
        }
        Ok(None)
    }
}

impl Pass<'_> {
    /// Whether a channel is one to a peer that was removed or rejected.
    fn is_removed(&self, space: &Space) -> Result<bool> {
        let (Space::Outbox { recipient: peer, .. } | Space::Inbox { owner: peer, .. }) = space
        else {
            return Ok(false);
        };
        let table = PeerTable::load(&*self.node.disk)?;
        Ok(table.state(peer).is_none_or(|state| state.is_refused()))
    }
}

fn let_go(object: &Object, removed: syft_transport::Result<()>) -> Result<Option<&Object>> {
    match removed {
        Ok(()) => Ok(None),
        Err(error) if error.is_retryable() => Err(error.into()),
        // A store that could not record it is no store that refuses it.
        Err(error) => match crate::Error::from(error) {
            crate::Error::Transport(_) => Ok(Some(object)),
            other => Err(other),
        },
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
