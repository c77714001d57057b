//! What plans do in the store.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use syft_core::Email;
use syft_transport::{Error as StoreError, Object, Space};

use super::Outgoing;
use super::stays::{Stays, TooLarge};
use crate::channels::{IN_FLIGHT, patiently};
use crate::ledger::{Pending, RemoteEffect};
use crate::node::Pass;
use crate::owner::note_problem;
use crate::report::SyncReport;
use crate::sealed::is_closed;
use crate::{Error, Result};

/// One peer whose channel is stuck holds up no other; when several are, the store
/// is away, and is not asked for every one of them.
pub(super) const STUCK_IN_STORE_AWAY: usize = 2;

impl Pass<'_> {
    /// Carries the effects in the store of these plans out: those of one peer in
    /// their order, the peers at once. A peer for whom it does not work is told in
    /// the report and returned; what is left of it goes out in a later pass. What is to be
    /// retired waits for [`Pass::take_leave`].
    pub(crate) async fn send(
        &mut self,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<Vec<Email>> {
        let plans = std::mem::take(&mut outgoing.0);
        // The log first: no message goes before it is there.
        for id in self.begin_appends()? {
            if let Err(error) = self.finish(id).await {
                let failed = plans.into_keys().collect();
                return note_problem_of_all(report, failed, error);
            }
        }
        let this: &Self = self;
        let sent: Vec<_> = stream::iter(plans)
            .map(|(peer, ids)| async move {
                let mut done = Vec::new();
                for id in ids {
                    match this.perform_all_but_retire(id).await {
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
                self.done_but_retire(id, stays)?;
            }
            if let Err(error) = result {
                note_problem(report, &peer, error)?;
                failed.push(peer);
            }
        }
        Ok(failed)
    }

    /// Finishes what an earlier pass or a crash left over. Returns the store's
    /// complaint if something still waits for it.
    pub(crate) async fn finish_pending(&mut self) -> Result<Option<syft_transport::Error>> {
        for (id, pending) in self.ledger.pending() {
            if !pending.local_done {
                self.perform_all_local(id, &pending.plan)?;
            }
        }
        self.begin_appends()?;
        let mut pending = self.ledger.pending();
        // Those that fill a channel for others come before these others.
        pending.sort_by_key(|(id, pending)| (pending.plan.appended.is_empty(), *id));
        let log = Space::Log { owner: self.node.email.clone() };
        let mut complaint: Option<syft_transport::Error> = None;
        let mut stuck = BTreeSet::new();
        for (id, pending) in pending {
            let channel = pending.plan.channel().cloned();
            if stuck.len() >= STUCK_IN_STORE_AWAY || stuck.contains(&channel) {
                continue;
            }
            if retires_unlogged(&pending, &log) && self.ledger.puts_into(&log) {
                continue;
            }
            let performed = match self.perform_all_but_retire(id).await {
                Ok(stays) => self.done_but_retire(id, stays),
                Err(error) => Err(error),
            };
            match performed {
                // It waits for the peer, and the store has no part in it.
                Err(Error::Transport(error)) if is_closed(&error) => {}
                Err(Error::Transport(error)) => {
                    if error.is_retryable() {
                        stuck.insert(channel);
                    }
                    complaint = Some(error);
                }
                other => other?,
            }
        }
        let stays = self.take_leave().await?;
        Ok(complaint.or(stays))
    }

    /// Finishes one plan, whose local effects are done.
    pub(crate) async fn finish(&mut self, id: u64) -> Result<()> {
        let stays = self.perform_each_remote(self.ledger.remote_of(id)).await?;
        self.done(id, stays)
    }

    async fn perform_all_but_retire(&self, id: u64) -> Result<Stays> {
        let effects = self.ledger.remote_of(id);
        let retired = effects.iter().rev().take_while(|effect| effect.is_retirement()).count();
        let (first, _) = effects.split_at(effects.len() - retired);
        self.perform_each_remote(first).await
    }

    /// Notes what was done of a plan; if it is to retire messages, they go later.
    fn done_but_retire(&mut self, id: u64, stays: Stays) -> Result<()> {
        let effects = self.ledger.remote_of(id);
        if !effects.last().is_some_and(RemoteEffect::is_retirement) {
            return self.done(id, stays);
        }
        let is_more = !effects.iter().all(RemoteEffect::is_retirement);
        self.note_stays(stays)?;
        if is_more {
            self.ledger.sent(id)?;
        }
        self.leaves(id);
        Ok(())
    }

    /// Does all of it in its order, and at once what is removed one after the other.
    async fn perform_each_remote(&self, effects: &[RemoteEffect]) -> Result<Stays> {
        let mut stays = Stays::default();
        let mut removed = Removed::default();
        for effect in effects {
            match effect {
                RemoteEffect::Delete { object } => {
                    self.note_removed(object);
                    removed.deleted.push(object.clone());
                }
                RemoteEffect::Retire { object } => removed.retired.push(object.clone()),
                RemoteEffect::Put { space, name, blob, older } => {
                    stays.kept(self.remove_all(std::mem::take(&mut removed)).await?);
                    older.iter().for_each(|older| self.note_removed(older));
                    match self.put(space, name, blob, older.as_ref()).await {
                        Err(Error::Transport(StoreError::TooLarge { limit: largest, .. })) => {
                            let (space, name, blob) = (space.clone(), name.clone(), *blob);
                            stays.too_large(TooLarge { space, name, blob, largest });
                        }
                        // Before anything else is put: it goes with what else is removed.
                        older => removed.deleted.extend(older?),
                    }
                }
                RemoteEffect::Append { space, .. } => {
                    let detail = format!("what is added to {space} is no object yet");
                    return Err(Error::Refused(detail));
                }
            }
        }
        stays.kept(self.remove_all(removed).await?);
        Ok(stays)
    }

    /// A plan is done. What the store did not take or let go is not tried again.
    pub(super) fn done(&mut self, id: u64, stays: impl Into<Stays>) -> Result<()> {
        self.note_stays(stays.into())?;
        self.ledger.done(id)
    }

    async fn remove_all(&self, removed: Removed) -> Result<Vec<Object>> {
        let Removed { deleted, retired } = removed;
        self.take_out(&deleted, &retired).await
    }

    /// Removes objects. Returns those that the store does not let go, which no repetition
    /// changes: others' folders may be so.
    pub(super) async fn take_out(
        &self,
        deleted: &[Object],
        retired: &[Object],
    ) -> Result<Vec<Object>> {
        let Some(first) = deleted.iter().chain(retired).next() else { return Ok(Vec::new()) };
        let transport = &*self.node.transport;
        match patiently(first, 0, transport.clear(deleted, retired)).await {
            Ok(()) => return Ok(Vec::new()),
            Err(error) if error.is_retryable() => return Err(error.into()),
            // Which of them it is about is not said.
            Err(_) => {}
        }
        let mut stays = Vec::new();
        for object in deleted {
            let delete = transport.delete(std::slice::from_ref(object));
            stays.extend(let_go(object, patiently(object, 0, delete).await)?);
        }
        for object in retired {
            let retire = transport.retire(std::slice::from_ref(object));
            stays.extend(let_go(object, patiently(object, 0, retire).await)?);
        }
        Ok(stays)
    }
}

/// The same problem with each of these peers, unless nothing can go on.
fn note_problem_of_all(
    report: &mut SyncReport,
    peers: Vec<Email>,
    error: Error,
) -> Result<Vec<Email>> {
    if error.ends_the_pass() {
        return Err(error);
    }
    let told = error.to_string();
    for peer in &peers {
        report.peer(peer).problem = Some(told.clone());
    }
    report.store.get_or_insert(told);
    Ok(peers)
}

/// What goes one after the other.
#[derive(Default)]
struct Removed {
    deleted: Vec<Object>,
    retired: Vec<Object>,
}

/// Whether a plan of which something else went to the log is to retire messages.
fn retires_unlogged(pending: &Pending, log: &Space) -> bool {
    let effects = &pending.plan.remote;
    effects.iter().any(RemoteEffect::is_retirement)
        && !effects.iter().any(|effect| effect.puts_into(log))
}

fn let_go(object: &Object, removed: syft_transport::Result<()>) -> Result<Option<Object>> {
    match removed {
        Ok(()) => Ok(None),
        Err(error) if error.is_retryable() => Err(error.into()),
        // A store that could not record it is no store that refuses it.
        Err(error) => match Error::from(error) {
            Error::Transport(_) => Ok(Some(object.clone())),
            other => Err(other),
        },
    }
}
