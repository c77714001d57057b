//! Proposals and events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use super::FromWire;
use super::fields::{self, LooseChange, LooseTime, Place, present};
use crate::codec::collisions;
use crate::{
    ContentHash, DatasitePath, Email, EventsName, FileChangeEvent, FileChangeEventsMessage,
    ProposalName, ProposedFileChange, ProposedFileChangesMessage, RecordChange, Reject, RejectCode,
    Timestamp,
};

const EXTENSION: &str = ".tar.gz";

#[derive(Serialize)]
struct ProposedOut<'a> {
    id: Uuid,
    old_hash: Option<ContentHash>,
    new_hash: Option<ContentHash>,
    submitted_timestamp: Timestamp,
    path_in_datasite: &'a DatasitePath,
    content: Option<Cow<'a, str>>,
    datasite_email: &'a Email,
    is_deleted: bool,
    content_type: Option<&'static str>,
}

impl Serialize for ProposedFileChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (content, content_type) = self.change.content().map(fields::spell).unzip();
        let wire = ProposedOut {
            id: self.id,
            old_hash: self.old_hash,
            new_hash: self.new_hash(),
            submitted_timestamp: self.submitted,
            path_in_datasite: &self.path,
            content,
            datasite_email: &self.datasite,
            is_deleted: self.change.is_delete(),
            content_type,
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
pub struct ProposedIn {
    id: Uuid,
    #[serde(default)]
    old_hash: Option<String>,
    #[serde(default, deserialize_with = "present")]
    new_hash: Option<Option<String>>,
    submitted_timestamp: LooseTime,
    path_in_datasite: String,
    #[serde(default)]
    content: Option<String>,
    datasite_email: String,
    #[serde(default)]
    is_deleted: bool,
    #[serde(default)]
    content_type: Option<String>,
}

impl FromWire for ProposedFileChange {
    type Wire = ProposedIn;
    fn from_wire(wire: ProposedIn) -> Result<Self, Reject> {
        let ProposedIn { is_deleted, content, content_type, new_hash, .. } = wire;
        let path = fields::path(&wire.path_in_datasite)?;
        Ok(ProposedFileChange {
            id: wire.id,
            datasite: fields::email(&wire.datasite_email)?,
            old_hash: fields::old_hash(wire.old_hash.as_deref())?,
            submitted: wire.submitted_timestamp.0,
            change: LooseChange { is_deleted, content, content_type, new_hash }.agree(&path)?,
            path,
        })
    }
}

#[derive(Serialize)]
struct ProposalNameOut<'a> {
    submitted_timestamp: Timestamp,
    uid: &'a str,
}

#[derive(Serialize)]
struct ProposalOut<'a> {
    id: Uuid,
    sender_email: &'a Email,
    message_filename: ProposalNameOut<'a>,
    proposed_file_changes: &'a [ProposedFileChange],
    #[serde(flatten)]
    place: Place,
}

impl Serialize for ProposedFileChangesMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = ProposalOut {
            id: self.id,
            sender_email: &self.sender,
            message_filename: ProposalNameOut {
                submitted_timestamp: self.name.submitted(),
                uid: self.name.uid(),
            },
            proposed_file_changes: &self.changes,
            place: Place::of(self.position.as_ref()),
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
struct ProposalNameIn {
    submitted_timestamp: LooseTime,
    uid: String,
}

#[derive(Debug, Deserialize)]
pub struct ProposalIn {
    id: Uuid,
    sender_email: String,
    message_filename: ProposalNameIn,
    proposed_file_changes: Vec<ProposedIn>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default)]
    prev: Option<ContentHash>,
    #[serde(default)]
    seen_seq: Option<u64>,
    #[serde(default)]
    seen_hash: Option<ContentHash>,
}

impl FromWire for ProposedFileChangesMessage {
    type Wire = ProposalIn;
    const INDENTED: bool = true;
    fn from_wire(wire: ProposalIn) -> Result<Self, Reject> {
        let ProposalIn { seq, prev, seen_seq, seen_hash, .. } = wire;
        let name = wire.message_filename;
        let changes = wire
            .proposed_file_changes
            .into_iter()
            .map(ProposedFileChange::from_wire)
            .collect::<Result<Vec<_>, _>>()?;
        collisions::check(changes.iter().map(|change| (&change.path, &change.change)))?;
        Ok(ProposedFileChangesMessage {
            id: wire.id,
            sender: fields::email(&wire.sender_email)?,
            name: ProposalName::with_uid(name.submitted_timestamp.0, &name.uid)
                .map_err(|error| Reject::new(RejectCode::BadName, error.to_string()))?,
            changes,
            position: Place { seq, prev, seen_seq, seen_hash }.position()?,
        })
    }
}

#[derive(Serialize)]
struct EventOut<'a> {
    id: Uuid,
    path_in_datasite: &'a DatasitePath,
    datasite_email: &'a Email,
    content: Option<Cow<'a, str>>,
    old_hash: Option<ContentHash>,
    new_hash: Option<ContentHash>,
    is_deleted: bool,
    submitted_timestamp: Timestamp,
    timestamp: Timestamp,
    content_type: Option<&'static str>,
}

impl Serialize for FileChangeEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (content, content_type) = self.change.content().map(fields::spell).unzip();
        let wire = EventOut {
            id: self.id,
            path_in_datasite: &self.path,
            datasite_email: &self.datasite,
            content,
            old_hash: self.old_hash,
            new_hash: self.new_hash(),
            is_deleted: self.change.is_delete(),
            submitted_timestamp: self.submitted,
            timestamp: self.timestamp,
            content_type,
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
pub struct EventIn {
    id: Uuid,
    path_in_datasite: String,
    datasite_email: String,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    old_hash: Option<String>,
    #[serde(default, deserialize_with = "present")]
    new_hash: Option<Option<String>>,
    #[serde(default)]
    is_deleted: bool,
    submitted_timestamp: LooseTime,
    timestamp: LooseTime,
    #[serde(default)]
    content_type: Option<String>,
}

impl FromWire for FileChangeEvent {
    type Wire = EventIn;
    fn from_wire(wire: EventIn) -> Result<Self, Reject> {
        let EventIn { is_deleted, content, content_type, new_hash, .. } = wire;
        let path = fields::path(&wire.path_in_datasite)?;
        Ok(FileChangeEvent {
            id: wire.id,
            datasite: fields::email(&wire.datasite_email)?,
            old_hash: fields::old_hash(wire.old_hash.as_deref())?,
            submitted: wire.submitted_timestamp.0,
            timestamp: wire.timestamp.0,
            change: LooseChange { is_deleted, content, content_type, new_hash }.agree(&path)?,
            path,
        })
    }
}

/// The events of a message or a backup.
pub(super) fn events(wire: Vec<EventIn>) -> Result<Vec<FileChangeEvent>, Reject> {
    let events = wire.into_iter().map(FileChangeEvent::from_wire).collect::<Result<Vec<_>, _>>()?;
    collisions::check(events.iter().map(|event| (&event.path, &event.change)))?;
    Ok(events)
}

#[derive(Serialize)]
struct EventsNameOut {
    id: Uuid,
    timestamp: Timestamp,
    extension: &'static str,
}

#[derive(Serialize)]
struct EventsOut<'a> {
    events: &'a [FileChangeEvent],
    message_filepath: EventsNameOut,
    #[serde(flatten)]
    place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a RecordChange>,
}

impl Serialize for FileChangeEventsMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let EventsName { timestamp, id } = self.name;
        let wire = EventsOut {
            events: &self.events,
            message_filepath: EventsNameOut { id, timestamp, extension: EXTENSION },
            place: Place::of(self.position.as_ref()),
            record: self.record.as_ref(),
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
struct EventsNameIn {
    id: Uuid,
    timestamp: LooseTime,
    #[serde(default)]
    extension: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct EventsIn {
    events: Vec<EventIn>,
    message_filepath: EventsNameIn,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default)]
    prev: Option<ContentHash>,
    #[serde(default)]
    seen_seq: Option<u64>,
    #[serde(default)]
    seen_hash: Option<ContentHash>,
    #[serde(default)]
    record: Option<RecordChange>,
}

impl FromWire for FileChangeEventsMessage {
    type Wire = EventsIn;
    fn from_wire(wire: EventsIn) -> Result<Self, Reject> {
        let EventsIn { seq, prev, seen_seq, seen_hash, .. } = wire;
        let name = wire.message_filepath;
        if name.extension.is_some_and(|extension| extension != EXTENSION) {
            return Err(Reject::new(RejectCode::BadName, "its name does not end in .tar.gz"));
        }
        Ok(FileChangeEventsMessage {
            events: events(wire.events)?,
            name: EventsName { timestamp: name.timestamp.0, id: name.id },
            position: Place { seq, prev, seen_seq, seen_hash }.position()?,
            record: wire.record,
        })
    }
}
