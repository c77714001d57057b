use std::collections::BTreeSet;

use syft_core::codec::{Limits, decode_events};
use syft_core::{Email, EventsName, Timestamp};
use syft_transport::{Object, Space};

use super::DatasiteWatcherSyncer;
use crate::Result;
use crate::channels::{Arrival, Arrivals, Body, list_all};
use crate::engine::{contradiction_in, on_events, on_refusal};
use crate::evidence::put_back;
use crate::inbox::odd;
use crate::ledger::TrustFact;
use crate::node::Pass;
use crate::owner::{is_quarantine, note_odd, note_problem};
use crate::refusal::Refusal;
use crate::report::SyncReport;

/// A refusal is never larger, in bytes.
const REFUSAL_LIMIT: u64 = 4 << 20;

impl DatasiteWatcherSyncer<'_> {
    /// Takes what owners put into my outboxes there, in each owner's order.
    pub(super) async fn pull(
        &self,
        pass: &mut Pass<'_>,
        owners: &BTreeSet<Email>,
        greeting: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let outbox = |owner: &Email| {
            let (owner, recipient) = (owner.clone(), self.node.email.clone());
            Space::Outbox { owner, recipient }
        };
        let spaces = owners.iter().map(|owner| (owner.clone(), outbox(owner))).collect();
        let mut channels = Vec::new();
        for (owner, space, listed) in list_all(&*self.node.transport, spaces).await {
            match listed {
                Ok(listing) => {
                    // Who has taken the own hello away, too, has left.
                    let is_here = greeting.contains(&owner);
                    if let Some(problem) =
                        put_back(pass, &owner, &space, &listing.objects).filter(|_| is_here)
                    {
                        report.alarm(&owner, problem);
                    }
                    note_odd(report, &owner, &odd(&listing, order));
                    let objects = pass.new_objects(&space, listing.objects, order);
                    if !objects.is_empty() {
                        channels.push((owner, objects));
                    } else if !self.node.transport.is_partial(&space)
                        && self.has_nothing_of(pass, &owner)
                    {
                        pass.learn(TrustFact::Listened { channel: space.to_string() })?;
                    }
                }
                Err(error) => note_problem(report, &owner, error.into())?,
            }
        }
        let mut arrivals = Arrivals::new(&self.node.transport, channels, limit);
        while let Some(arrival) = arrivals.next().await {
            let owner = arrival.peer.clone();
            if let Err(error) = self.take(pass, arrival, report).await {
                arrivals.stop(&owner);
                note_problem(report, &owner, error)?;
            }
            if pass.ledger.state().contradiction_with(&owner).is_some() {
                arrivals.stop(&owner);
            }
        }
        Ok(())
    }

    async fn take(
        &self,
        pass: &mut Pass<'_>,
        arrival: Arrival,
        report: &mut SyncReport,
    ) -> Result<()> {
        let Arrival { peer: owner, object, body, .. } = arrival;
        let (owner, object) = (&owner, &object);
        let (scene, state) = (self.node.scene(), pass.ledger.state());
        let arriving = &self.node.arriving;
        let mut taken_back = 0;
        let draft = match body {
            Body::Gone => return Ok(()),
            Body::Unfinished => {
                report.unfinished(owner, object.name.as_str());
                return Ok(());
            }
            Body::Failed(error) => return Err(error.into()),
            // It stays there, and is told of until the owner or the store puts it right.
            Body::Refused(reject, _) if reject.code.is_forgery() => {
                report.forged(owner, object, &reject);
                return pass.note_forged(object, owner, &reject);
            }
            Body::Refused(reject, _) => pass.put_away(object, owner, &reject, false, false)?,
            Body::Bytes(bytes) if Refusal::is_name(object.name.as_str()) => {
                let read = Refusal::from_bytes(&bytes);
                if read.is_err() && arriving.awaits_json(object, &bytes) {
                    report.unfinished(owner, object.name.as_str());
                    return Ok(());
                }
                on_refusal(state, &scene, owner, object, &bytes, read)
            }
            Body::Bytes(bytes) => {
                let decoded = decode_events(&bytes, &Limits::EVENTS);
                if decoded.is_err() && arriving.awaits_container(object, &bytes, &Limits::EVENTS) {
                    report.unfinished(owner, object.name.as_str());
                    return Ok(());
                }
                let events = decoded.iter().flat_map(|message| &message.events);
                taken_back = events.filter(|event| event.change.is_delete()).count();
                let layout = self.node.layouts.of(owner);
                on_events(state, &scene, layout, owner, object, &bytes, decoded)
            }
        };
        if let Some(contradiction) = contradiction_in(&draft) {
            report.alarm(owner, contradiction.reason.clone());
            return pass.carry_out(draft).await;
        }
        let peer = report.peer(owner);
        if is_quarantine(&draft) {
            peer.quarantined += 1;
            taken_back = 0;
        } else {
            peer.received += 1;
        }
        if taken_back > 0 {
            let s = if taken_back == 1 { "" } else { "s" };
            report.notes.push(format!("{owner} took back {taken_back} file{s}"));
        }
        pass.carry_out(draft).await
    }
}

fn limit(object: &Object) -> u64 {
    match Refusal::is_name(object.name.as_str()) {
        true => REFUSAL_LIMIT,
        false => Limits::EVENTS.packed_bytes,
    }
}

/// Refusals first: they free the names that the owner's version then takes.
fn order(name: &str) -> Option<(bool, Timestamp, String)> {
    if Refusal::is_name(name) {
        return Some((false, Timestamp::EPOCH, name.to_owned()));
    }
    let parsed = EventsName::parse(name).ok()?;
    Some((true, parsed.timestamp, name.to_owned()))
}
