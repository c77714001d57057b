//! Rolling state, incremental and full checkpoints.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use super::FromWire;
use super::changes::{EventIn, events};
use super::fields::{self, LooseTime, check_hash};
use crate::codec::collisions::Names;
use crate::{
    Checkpoint, CheckpointFile, Content, ContentHash, DatasitePath, Email, FileChangeEvent,
    IncrementalCheckpoint, Reject, RejectCode, RollingState, Timestamp,
};

const VERSION: u64 = 1;

#[derive(Serialize)]
struct RollingOut<'a> {
    version: u64,
    timestamp: Timestamp,
    email: &'a Email,
    base_checkpoint_timestamp: Timestamp,
    last_event_timestamp: Option<Timestamp>,
    events: &'a [FileChangeEvent],
}

impl Serialize for RollingState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = RollingOut {
            version: VERSION,
            timestamp: self.timestamp,
            email: &self.email,
            base_checkpoint_timestamp: self.base_checkpoint,
            last_event_timestamp: self.last_event,
            events: &self.events,
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
pub struct RollingIn {
    #[serde(default)]
    version: Option<u64>,
    timestamp: LooseTime,
    email: String,
    base_checkpoint_timestamp: LooseTime,
    #[serde(default)]
    last_event_timestamp: Option<LooseTime>,
    events: Vec<EventIn>,
}

impl FromWire for RollingState {
    type Wire = RollingIn;
    fn from_wire(wire: RollingIn) -> Result<Self, Reject> {
        fields::version(wire.version)?;
        Ok(RollingState {
            timestamp: wire.timestamp.0,
            email: fields::email(&wire.email)?,
            base_checkpoint: wire.base_checkpoint_timestamp.0,
            last_event: wire.last_event_timestamp.map(|time| time.0),
            events: events(wire.events)?,
        })
    }
}

#[derive(Serialize)]
struct IncrementalOut<'a> {
    version: u64,
    timestamp: Timestamp,
    email: &'a Email,
    sequence_number: u64,
    events: &'a [FileChangeEvent],
}

impl Serialize for IncrementalCheckpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = IncrementalOut {
            version: VERSION,
            timestamp: self.timestamp,
            email: &self.email,
            sequence_number: self.sequence,
            events: &self.events,
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
pub struct IncrementalIn {
    #[serde(default)]
    version: Option<u64>,
    timestamp: LooseTime,
    email: String,
    sequence_number: u64,
    events: Vec<EventIn>,
}

impl FromWire for IncrementalCheckpoint {
    type Wire = IncrementalIn;
    fn from_wire(wire: IncrementalIn) -> Result<Self, Reject> {
        fields::version(wire.version)?;
        Ok(IncrementalCheckpoint {
            timestamp: wire.timestamp.0,
            email: fields::email(&wire.email)?,
            sequence: wire.sequence_number,
            events: events(wire.events)?,
        })
    }
}

#[derive(Serialize)]
struct FileOut<'a> {
    path: &'a DatasitePath,
    hash: ContentHash,
    content: Cow<'a, str>,
    /// A key of ours, and only where the Python peer has no form at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
}

impl Serialize for CheckpointFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (content, content_type) = fields::spell(&self.content);
        let binary = matches!(self.content, Content::Binary(_));
        let wire = FileOut {
            path: &self.path,
            hash: self.content.hash(),
            content,
            content_type: binary.then_some(content_type),
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
pub struct FileIn {
    path: String,
    hash: String,
    content: String,
    #[serde(default)]
    content_type: Option<String>,
}

impl FromWire for CheckpointFile {
    type Wire = FileIn;
    fn from_wire(wire: FileIn) -> Result<Self, Reject> {
        let path = fields::path(&wire.path)?;
        let content = fields::content(wire.content, wire.content_type.as_deref())?;
        check_hash(&path, &content, Some(&wire.hash))?;
        Ok(CheckpointFile { path, content })
    }
}

#[derive(Serialize)]
struct CheckpointOut<'a> {
    version: u64,
    timestamp: Timestamp,
    email: &'a Email,
    last_event_timestamp: Option<Timestamp>,
    files: &'a [CheckpointFile],
}

impl Serialize for Checkpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = CheckpointOut {
            version: VERSION,
            timestamp: self.timestamp,
            email: &self.email,
            last_event_timestamp: self.last_event,
            files: &self.files,
        };
        wire.serialize(serializer)
    }
}

#[derive(Debug, Deserialize)]
pub struct CheckpointIn {
    #[serde(default)]
    version: Option<u64>,
    timestamp: LooseTime,
    email: String,
    #[serde(default)]
    last_event_timestamp: Option<LooseTime>,
    files: Vec<FileIn>,
}

impl FromWire for Checkpoint {
    type Wire = CheckpointIn;
    fn from_wire(wire: CheckpointIn) -> Result<Self, Reject> {
        fields::version(wire.version)?;
        let files =
            wire.files.into_iter().map(CheckpointFile::from_wire).collect::<Result<Vec<_>, _>>()?;
        let mut names = Names::default();
        for file in &files {
            if names.write(&file.path)? {
                let detail = format!("{} stands twice in the checkpoint", file.path);
                return Err(Reject::new(RejectCode::NameCollision, detail));
            }
        }
        Ok(Checkpoint {
            timestamp: wire.timestamp.0,
            email: fields::email(&wire.email)?,
            last_event: wire.last_event_timestamp.map(|time| time.0),
            files,
        })
    }
}
