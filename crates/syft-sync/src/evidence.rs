//! Whether the store still shows what it showed before, and what I put there: one that was
//! put back to an earlier state, or that takes writes and keeps none, is told of in the sync
//! that meets it (`threats.md` F14).

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use syft_core::{Email, EventsName, NewEntry};
use syft_transport::{Object, Space, SpaceKind, Transport, TransportExt};

use crate::channels::patiently;
use crate::engine::Draft;
use crate::hello::HELLO;
use crate::ledger::{Fact, State};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::reset::{forget_store, note_emptying};
use crate::{Error, Result, collections};

/// Looks whether the store has what this pass put into channels that stay, and shows the
/// newest object of my event log, if it ever did.
pub(crate) async fn check_own(pass: &mut Pass<'_>, report: &mut SyncReport) -> Result<()> {
    let mut written: BTreeMap<Space, Vec<Object>> = BTreeMap::new();
    for object in pass.take_written() {
        written.entry(object.space.clone()).or_default().push(object);
    }
    let log = Space::Log { owner: pass.node.email.clone() };
    let newest = pass.ledger.state().saved.log.last().map(|object| object.name.clone());
    if newest.is_some() && !pass.ledger.puts_into(&log) {
        written.entry(log.clone()).or_default();
    }
    let mut lost = Vec::new();
    for (space, objects) in written {
        let listed = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
        let names: BTreeSet<&str> = listed.iter().map(|object| object.name.as_str()).collect();
        for object in objects.iter().filter(|object| !names.contains(object.name.as_str())) {
            if is_gone(pass, object).await? {
                lost.push(object.to_string());
            }
        }
        let Some(newest) = newest.as_deref().filter(|_| space == log) else { continue };
        let shown = pass.ledger.state().log_shown.as_deref() == Some(newest);
        match names.contains(newest) {
            true if !shown => {
                let mut draft = Draft::default();
                draft.fact(Fact::LogShown { name: newest.to_owned() });
                pass.begin(draft)?;
            }
            false if shown => lost.push(format!("{space}/{newest}")),
            _ => {}
        }
    }
    for object in &lost {
        note(pass, object)?;
    }
    if let Some(object) = lost.first() {
        let more = match lost.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        report.alarms.push(format!(
            "the store does not have what you put there: {object}{more} is gone, and you did not \
             take it away; the store was put back to an earlier state, or keeps nothing of what \
             you write; ask whoever runs it, and then syft doctor --repair puts everything there \
             again"
        ));
    }
    Ok(())
}

/// Whether an object that is not listed is not there: a listing may lag.
async fn is_gone(pass: &Pass<'_>, object: &Object) -> Result<bool> {
    // Not to its end, so that nothing is recorded as taken.
    let first = async {
        let mut body = pass.node.store.get(object, None).await?;
        body.try_next().await.map(drop)
    };
    match patiently(object, 0, first).await {
        Ok(()) => Ok(false),
        Err(syft_transport::Error::NotFound { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn note(pass: &Pass<'_>, object: &str) -> Result<()> {
    Ok(pass.node.audit.append(NewEntry {
        key: Some(format!("lost:{object}")),
        at: pass.node.clock.now(),
        actor: pass.node.email.to_string(),
        action: "object.lost".to_owned(),
        subject: object.to_owned(),
        details: BTreeMap::new(),
    })?)
}

/// That an outbox shows an older state than it did before, in words. Its owner takes things
/// away only to put something newer there.
pub(crate) fn put_back(
    state: &State,
    owner: &Email,
    space: &Space,
    listed: &[Object],
) -> Option<String> {
    let known = state.arrived.get(&space.to_string())?;
    let time = |name: &str| EventsName::parse(name).ok().map(|name| name.timestamp);
    let newest = known
        .names
        .iter()
        .filter_map(|name| Some((time(name)?, name)))
        .max_by(|a, b| a.0.cmp(&b.0))?;
    let shows = |object: &Object| time(object.name.as_str()).is_some_and(|at| at >= newest.0);
    if listed.iter().any(shows) {
        return None;
    }
    Some(format!(
        "the store shows an older state of what {owner} sent than you have seen: {} is gone; it \
         was put back, or somebody took things away; ask {owner}, and if that is so, syft doctor \
         --repair goes on with what is there",
        newest.1
    ))
}

/// Goes on in spite of all that does not fit, since the owner of this home says so. Returns
/// what was done, a line each.
pub(crate) async fn repair(pass: &mut Pass<'_>, peers: &BTreeSet<Email>) -> Result<Vec<String>> {
    let mut done = Vec::new();
    let found: Vec<_> = pass.ledger.state().contradictions.clone().into_iter().collect();
    for (channel, contradiction) in found {
        let mut draft = Draft::default();
        reconciled(pass, &mut draft, &channel);
        draft.fact(Fact::Reconciled { channel });
        pass.carry_out(draft).await?;
        done.push(format!("goes on with {} from here", contradiction.peer));
    }
    for owner in peers {
        let space = Space::Outbox { owner: owner.clone(), recipient: pass.node.email.clone() };
        let listed = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
        if put_back(pass.ledger.state(), owner, &space, &listed).is_some() {
            let channel = space.to_string();
            let mut draft = Draft::default();
            reconciled(pass, &mut draft, &channel);
            draft.fact(Fact::Forgotten { channel });
            pass.carry_out(draft).await?;
            done.push(format!("goes on with what {owner} has in the store"));
        }
    }
    if has_lost_log(pass).await? {
        put_again(pass, Anew::Backup).await?;
        done.push("the next sync puts everything of yours into the store again".to_owned());
    }
    Ok(done)
}

fn reconciled(pass: &Pass<'_>, draft: &mut Draft, channel: &str) {
    let scene = pass.node.scene();
    let key = format!("reconciled:{channel}");
    draft.audit(key, scene.now, scene.me, "channel.reconciled", channel, []);
}

async fn has_lost_log(pass: &Pass<'_>) -> Result<bool> {
    let log = Space::Log { owner: pass.node.email.clone() };
    let Some(newest) = pass.ledger.state().saved.log.last() else { return Ok(false) };
    if pass.ledger.puts_into(&log) {
        return Ok(false);
    }
    let listed = patiently(&log, 0, pass.node.transport.list_all(&log)).await?;
    Ok(!listed.iter().any(|object| object.name.as_str() == newest.name))
}

/// What of mine in the store is put there anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anew {
    /// My backup; what others have not read yet they find as it is.
    Backup,
    /// That, too, and what waits for others: they are to read it in another form.
    All,
}

/// Takes what is there of it out of the store, and makes all of it due again.
pub(crate) async fn put_again(pass: &mut Pass<'_>, what: Anew) -> Result<()> {
    note_emptying(pass).await?;
    let transport = pass.node.transport.clone();
    let mine = patiently(&"my spaces", 0, transport.discover(SpaceKind::Mine)).await?;
    for space in mine.spaces {
        match space {
            Space::Log { .. }
            | Space::Checkpoints { .. }
            | Space::Rolling { .. }
            | Space::State { .. } => {}
            Space::Outbox { .. } | Space::Inbox { .. } if what == Anew::All => {}
            Space::Collection { .. } if what == Anew::All => {
                collections::withdraw(pass, &space).await?;
                continue;
            }
            _ => continue,
        }
        let mut objects = patiently(&space, 0, transport.list_all(&space)).await?;
        objects.retain(|object| object.name.as_str() != HELLO);
        patiently(&space, 0, transport.delete(&objects)).await?;
    }
    forget_store(pass).await
}

/// What lies in the store is sealed from now on, or is not: what was put there in the open
/// is put there sealed.
pub(crate) async fn take_sealing(pass: &mut Pass<'_>) -> Result<()> {
    let (on, state) = (pass.node.seals(), pass.ledger.state());
    if state.sealing == on {
        return Ok(());
    }
    if on && state.has_sent() {
        put_again(pass, Anew::All).await?;
    }
    let scene = pass.node.scene();
    let mut draft = Draft::default();
    draft.fact(Fact::Sealing { on });
    let (key, word) = (format!("sealing:{on}"), if on { "on" } else { "off" });
    draft.audit(key, scene.now, scene.me, "sealing", word, []);
    pass.begin(draft).map(drop)
}

impl Pass<'_> {
    /// Remembers what was put into a channel in which it stays.
    pub(crate) fn note_written(&self, object: Object) -> Result<()> {
        if matches!(object.space, Space::Outbox { .. } | Space::Log { .. }) {
            self.written.lock().map_err(|_| lost_track())?.push(object);
        }
        Ok(())
    }

    /// What I take away again is not missed.
    pub(crate) fn note_removed(&self, object: &Object) {
        if let Ok(mut written) = self.written.lock() {
            written.retain(|one| one.space != object.space || one.name != object.name);
        }
    }

    fn take_written(&self) -> Vec<Object> {
        self.written.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default()
    }
}

fn lost_track() -> Error {
    Error::Refused("another part of this pass has failed".to_owned())
}
