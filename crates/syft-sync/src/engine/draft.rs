use std::collections::BTreeMap;

use serde_json::Value;
use syft_core::codec::{encode_events, encode_proposal};
use syft_core::{
    ChannelHead, ChannelPosition, ContentHash, Email, Entropy, EventsName, FileChangeEvent,
    FileChangeEventsMessage, HomePath, ProposedFileChangesMessage, RecordChange, Reject, Timestamp,
};
use syft_transport::{Object, ObjectName, Space};
use uuid::Uuid;

use super::chain::counterpart;
use crate::Result;
use crate::ledger::{Fact, Head, LocalEffect, LogObject, LoggedEvent, Plan, RemoteEffect, State};

/// Who decides, when, and with which randomness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) me: &'a Email,
    pub(crate) now: Timestamp,
    pub(crate) entropy: &'a dyn Entropy,
}

/// A plan in the making, with the bytes that it needs.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) plan: Plan,
    pub(crate) blobs: BTreeMap<ContentHash, Vec<u8>>,
}

impl Draft {
    pub(crate) fn fact(&mut self, fact: impl Into<Fact>) {
        self.plan.facts.push(fact.into());
    }

    pub(crate) fn blob(&mut self, bytes: Vec<u8>) -> ContentHash {
        let hash = ContentHash::of(&bytes);
        self.blobs.insert(hash, bytes);
        hash
    }

    pub(crate) fn write(&mut self, path: HomePath, bytes: &[u8], replaces: Option<ContentHash>) {
        let blob = self.blob(bytes.to_vec());
        self.plan.local.push(LocalEffect::Write { path, blob, replaces });
    }

    pub(crate) fn local(&mut self, effect: LocalEffect) {
        self.plan.local.push(effect);
    }

    pub(crate) fn put(&mut self, space: Space, name: ObjectName, bytes: Vec<u8>) {
        self.put_in_place(space, name, bytes, None);
    }

    /// The same in place of an older object of mine, if there is one.
    pub(crate) fn put_in_place(
        &mut self,
        space: Space,
        name: ObjectName,
        bytes: Vec<u8>,
        older: Option<Object>,
    ) {
        let blob = self.blob(bytes);
        self.plan.remote.push(RemoteEffect::Put { space, name, blob, older });
    }

    pub(crate) fn delete(&mut self, object: &Object) {
        self.plan.remote.push(RemoteEffect::Delete { object: object.clone() });
    }

    pub(crate) fn retire(&mut self, object: &Object) {
        self.plan.remote.push(RemoteEffect::Retire { object: object.clone() });
    }

    /// One audit line; `key` makes it one however often the plan is repeated.
    pub(crate) fn audit(
        &mut self,
        key: impl Into<String>,
        at: Timestamp,
        actor: &Email,
        action: &str,
        subject: impl Into<String>,
        details: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        self.plan.local.push(LocalEffect::Audit {
            key: key.into(),
            at,
            actor: actor.to_string(),
            action: action.to_owned(),
            subject: subject.into(),
            details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        });
    }

    /// Puts events into a reader's outbox. Returns the object's key.
    pub(crate) fn emit_events(
        &mut self,
        state: &State,
        scene: &Scene<'_>,
        space: Space,
        timestamp: Timestamp,
        events: Vec<FileChangeEvent>,
    ) -> Result<String> {
        let name = EventsName { timestamp, id: scene.entropy.uuid()? };
        self.emit_named(state, space, name, events, None)
    }

    /// The same under this name; into the log with what changed in the record.
    pub(crate) fn emit_named(
        &mut self,
        state: &State,
        space: Space,
        name: EventsName,
        events: Vec<FileChangeEvent>,
        record: Option<RecordChange>,
    ) -> Result<String> {
        let (channel, timestamp) = (space.to_string(), name.timestamp);
        let object = ObjectName::parse(&name.to_string())?;
        let position = next_position(state, &space);
        let seq = position.seq;
        if matches!(space, Space::Log { .. }) {
            let object =
                LogObject { name: object.to_string(), at: timestamp, events: events.len() as u64 };
            let logged = |event: &FileChangeEvent| (event.path.clone(), LoggedEvent::of(event));
            self.fact(Fact::Logged { object, events: events.iter().map(logged).collect() });
        }
        match &record {
            Some(RecordChange { base, hash, .. }) => {
                self.fact(Fact::BackedUp { hash: *hash, record: Some(*base) });
            }
            // A restore looks at the newest object of the log: what older ones say counts no
            // more, and the record has to be put as a whole.
            None if matches!(space, Space::Log { .. }) && state.record.is_some() => {
                self.fact(Fact::RecordBehind);
            }
            None => {}
        }
        let position = Some(position);
        let message = FileChangeEventsMessage { events, name, position, record };
        let bytes = encode_events(&message)?;
        self.fact(Fact::Emitted { channel, head: Head { seq, hash: ContentHash::of(&bytes) } });
        let key = format!("{space}/{object}");
        self.put(space, object, bytes);
        Ok(key)
    }

    /// Adds events of this time to a channel of mine, together with what other plans add.
    pub(crate) fn append_events(
        &mut self,
        scene: &Scene<'_>,
        space: Space,
        timestamp: Timestamp,
        events: Vec<FileChangeEvent>,
    ) -> Result<()> {
        let name = EventsName { timestamp, id: scene.entropy.uuid()? };
        let bytes =
            encode_events(&FileChangeEventsMessage { events, name, position: None, record: None })?;
        let blob = self.blob(bytes);
        self.plan.remote.push(RemoteEffect::Append { space, blob });
        Ok(())
    }

    /// Puts a proposal into the inbox of another datasite. Returns the object's key.
    pub(crate) fn emit_proposal(
        &mut self,
        state: &State,
        space: Space,
        mut message: ProposedFileChangesMessage,
    ) -> Result<String> {
        let channel = space.to_string();
        let object = ObjectName::parse(&message.name.to_string())?;
        let position = next_position(state, &space);
        let seq = position.seq;
        message.position = Some(position);
        let bytes = encode_proposal(&message)?;
        self.fact(Fact::Emitted { channel, head: Head { seq, hash: ContentHash::of(&bytes) } });
        let key = format!("{space}/{object}");
        self.put(space, object, bytes);
        Ok(key)
    }

    /// Puts a message away with its reason: in quarantine, in the audit log, out
    /// of its inbox if it is mine to retire.
    pub(crate) fn quarantine(
        &mut self,
        scene: &Scene<'_>,
        from: &Email,
        object: &Object,
        bytes: Option<&[u8]>,
        message: Option<Uuid>,
        reject: &Reject,
    ) {
        let channel = object.space.to_string();
        let name = object.name.to_string();
        let blob = bytes.map(|bytes| self.blob(bytes.to_vec()));
        let stays = !matches!(object.space, Space::Inbox { .. });
        self.fact(Fact::Arrived {
            channel: channel.clone(),
            name: stays.then(|| name.clone()),
            message,
            link: None,
        });
        self.local(LocalEffect::Quarantine {
            blob,
            from: from.clone(),
            channel: channel.clone(),
            name: name.clone(),
            code: reject.code,
            detail: reject.detail.clone(),
            at: scene.now,
        });
        self.audit(
            format!("quarantined:{channel}/{name}"),
            scene.now,
            from,
            "message.quarantined",
            format!("{channel}/{name}"),
            [("code", reject.code.as_str().into()), ("detail", reject.detail.clone().into())],
        );
    }
}

/// The place of the next message in a channel of mine, with what I have of its reader.
fn next_position(state: &State, space: &Space) -> ChannelPosition {
    let seen = counterpart(space).and_then(|theirs| state.arrived.get(&theirs.to_string())?.head);
    let seen = seen.map(ChannelHead::from);
    match state.emitted.get(&space.to_string()) {
        Some(head) => {
            ChannelPosition { seq: head.seq.saturating_add(1), prev: Some(head.hash), seen }
        }
        None => ChannelPosition { seq: 1, prev: None, seen },
    }
}
