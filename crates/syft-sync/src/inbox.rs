//! What owner and watcher have in common: which objects of a channel are new, and
//! what becomes of one that is not to be read.

use syft_core::{Email, NewEntry, Reject};
use syft_transport::{Listing, Object, Skipped, Space};

use crate::Result;
use crate::engine::{Draft, refuse_unread, unknown_id, waits_on};
use crate::hello::HELLO;
use crate::ledger::TrustFact;
use crate::node::Pass;

/// Messages of one channel that are dealt with in one pass (`threats.md` I13).
const BUDGET: usize = 256;

/// Objects that were no message before, and are looked at again in one pass.
const BUDGET_FORGED: usize = 16;

/// What of a channel is no message: each with its name and why.
pub(crate) fn odd<K>(listing: &Listing, key: impl Fn(&str) -> Option<K>) -> Vec<Skipped> {
    let is_strange = |name: &str| name != HELLO && key(name).is_none();
    let names = listing.objects.iter().map(|object| object.name.as_str());
    let strange = names.filter(|name| is_strange(name));
    let strange = strange.map(|name| Skipped::new(name, "it is the name of no message"));
    strange.chain(listing.skipped.iter().cloned()).collect()
}

impl Pass<'_> {
    /// The objects of a channel that were not dealt with, in the order of `key`; as
    /// many as one pass deals with. A peer that sends without end takes its own time.
    /// Messages that wait for an earlier one are tried again when another has arrived.
    pub(crate) fn new_objects<K: Ord>(
        &self,
        space: &Space,
        listed: Vec<Object>,
        key: impl Fn(&str) -> Option<K>,
    ) -> Vec<Object> {
        let arrived = self.ledger.state().arrived.get(&space.to_string());
        let mut objects: Vec<(K, Object)> = listed
            .into_iter()
            .filter(|object| !arrived.is_some_and(|a| a.names.contains(object.name.as_str())))
            .filter(|object| !self.ledger.retires(object))
            .filter_map(|object| Some((key(object.name.as_str())?, object)))
            .collect();
        if arrived.is_some_and(|arrived| {
            objects.iter().all(|(_, object)| waits_on(arrived, object, self.node.clock.now()))
        }) {
            return Vec::new();
        }
        objects.sort_by(|(a, first), (b, second)| (a, &first.id).cmp(&(b, &second.id)));
        // What was no message is looked at again, and does not stand in the way of those
        // that are.
        let was_forged = |object: &Object| {
            arrived.is_some_and(|arrived| arrived.forged.contains(object.name.as_str()))
        };
        let (odd, mut new): (Vec<Object>, Vec<Object>) =
            objects.into_iter().map(|(_, object)| object).partition(was_forged);
        new.truncate(BUDGET);
        new.extend(odd.into_iter().take(BUDGET_FORGED));
        new
    }

    /// Notes, once for each, that an object is not what the one in whose place it lies put
    /// there.
    pub(crate) fn note_forged(
        &mut self,
        object: &Object,
        from: &Email,
        reject: &Reject,
    ) -> Result<()> {
        let (channel, name) = (object.space.to_string(), object.name.to_string());
        let known = self.ledger.state().arrived.get(&channel);
        if !known.is_some_and(|known| known.forged.contains(&name)) {
            self.learn(TrustFact::Forged { channel, name })?;
        }
        let version = object.version.as_ref().map(|version| version.0.as_str());
        let key = format!("forged:{object}:{}:{}", object.id, version.unwrap_or_default());
        let details = [
            ("code".to_owned(), reject.code.as_str().into()),
            ("detail".to_owned(), reject.detail.clone().into()),
        ];
        Ok(self.node.audit.append(NewEntry {
            key: Some(key),
            at: self.node.clock.now(),
            actor: from.to_string(),
            action: "object.forged".to_owned(),
            subject: object.to_string(),
            details: details.into(),
        })?)
    }

    /// What becomes of an object that was not read; with `answers` its sender is told.
    pub(crate) fn put_away(
        &self,
        object: &Object,
        from: &Email,
        reject: &Reject,
        answers: bool,
        retire: bool,
    ) -> Result<Draft> {
        let mut draft = Draft::default();
        let scene = self.node.scene();
        let id = if answers { unknown_id(self.ledger.state(), object) } else { None };
        draft.quarantine(&scene, from, object, None, id, reject);
        if let Some(id) = id {
            refuse_unread(&mut draft, &scene, from, id, reject)?;
        }
        if retire {
            draft.retire(object);
        }
        Ok(draft)
    }
}
