use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use syft_core::{Email, EventsName, NewEntry};
use syft_transport::{Object, Space, Transport, TransportExt};

use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::{LogObject, State, TrustFact};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{Error, Result};

/// Looks whether the store has what this pass put into channels that stay, and shows what of
/// my event log it ever showed.
pub(crate) async fn check_own(pass: &mut Pass<'_>, report: &mut SyncReport) -> Result<()> {
    let log = Space::Log { owner: pass.node.email.clone() };
    let has_log = !pass.ledger.state().saved.log.is_empty();
    let mut written: BTreeMap<Space, Vec<Object>> = BTreeMap::new();
    for object in pass.take_written() {
        written.entry(object.space.clone()).or_default().push(object);
    }
    if has_log && !pass.ledger.puts_into(&log) {
        written.entry(log.clone()).or_default();
    }
    let mut gone = Vec::new();
    for (space, objects) in written {
        let listed = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
        if pass.node.transport.is_partial(&space) {
            continue;
        }
        let names: BTreeSet<&str> = listed.iter().map(|object| object.name.as_str()).collect();
        for object in objects.iter().filter(|object| !names.contains(object.name.as_str())) {
            if is_gone(pass, object).await? {
                gone.push((space.clone(), object.name.to_string()));
                if let Space::Outbox { recipient, .. } = &space {
                    pass.learn(TrustFact::OutboxLost { peer: recipient.clone() })?;
                }
            }
        }
        if space == log {
            note_shown(pass, &names)?;
            let lacking = log_lacks(pass.ledger.state(), &names);
            gone.extend(lacking.into_iter().map(|name| (space.clone(), name.to_owned())));
        }
    }
    for (space, name) in &gone {
        note(pass, &format!("{space}/{name}"))?;
    }
    report.alarms.extend(in_words(&lost(pass, &gone)));
    Ok(())
}

/// Learns which objects of the log the store shows.
fn note_shown(pass: &mut Pass<'_>, names: &BTreeSet<&str>) -> Result<()> {
    let state = pass.ledger.state();
    let mut draft = Draft::default();
    for LogObject { name, .. } in &state.saved.log {
        if names.contains(name.as_str()) && !state.log_seen.contains(name) {
            draft.fact(TrustFact::LogShown { name: name.clone() });
        }
    }
    pass.begin(draft).map(drop)
}

/// What the log showed once and does not any more, although no checkpoint holds it. What is
/// put there later does not make up for it.
pub(super) fn log_lacks<'s>(state: &'s State, names: &BTreeSet<&str>) -> Vec<&'s str> {
    let shown = state.saved.log.iter().filter(|object| state.log_seen.contains(&object.name));
    shown.map(|object| object.name.as_str()).filter(|name| !names.contains(name)).collect()
}

/// What is not there, and of whom something was not there before, until it is repaired.
fn lost(pass: &Pass<'_>, gone: &[(Space, String)]) -> Vec<String> {
    let mut lost: Vec<_> = gone.iter().map(|(space, name)| format!("{space}/{name}")).collect();
    for recipient in pass.ledger.state().outbox_lost.iter().cloned() {
        let outbox = Space::Outbox { owner: pass.node.email.clone(), recipient };
        if !gone.iter().any(|(space, _)| *space == outbox) {
            lost.push(format!("{outbox}, in part"));
        }
    }
    lost
}

fn in_words(lost: &[String]) -> Option<String> {
    let (object, others) = lost.split_first()?;
    let more = match others.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Some(format!(
        "the store does not have what you put there: {object}{more} is gone, and you did not \
         take it away; the store was put back to an earlier state, or keeps nothing of what \
         you write; ask whoever runs it, and then syft doctor --repair puts everything there \
         again"
    ))
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
    pass: &Pass<'_>,
    owner: &Email,
    space: &Space,
    listed: &[Object],
) -> Option<String> {
    if pass.node.transport.is_partial(space) {
        // What is not shown may lie in the store that is away.
        return None;
    }
    let newest = lacks(pass.ledger.state(), space, listed)?;
    Some(format!(
        "the store shows an older state of what {owner} sent than you have seen: the message \
         {newest} is gone; the store was put back, or somebody took things away; ask {owner}, and \
         if that is so, syft doctor --repair goes on with what is there"
    ))
}

/// The newest message that I have of a channel, if nothing as new is listed.
pub(crate) fn lacks<'a>(state: &'a State, space: &Space, listed: &[Object]) -> Option<&'a str> {
    let known = state.arrived.get(&space.to_string())?;
    let time = |name: &str| EventsName::parse(name).ok().map(|name| name.timestamp);
    let newest = known
        .names
        .iter()
        .filter_map(|name| Some((time(name)?, name)))
        .max_by(|a, b| a.0.cmp(&b.0))?;
    let shows = |object: &Object| time(object.name.as_str()).is_some_and(|at| at >= newest.0);
    if listed.iter().any(shows) { None } else { Some(newest.1) }
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
