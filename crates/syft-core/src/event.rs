use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec::canonical_name;
use crate::message::check_datasites;
use crate::{
    Change, ChannelPosition, ContentHash, DatasitePath, Email, Error, ProposedFileChange, Reject,
    Result, Timestamp,
};

/// One change to a datasite that its owner made or accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChangeEvent {
    /// The id; of an accepted proposal, the id of the proposed change.
    pub id: Uuid,
    /// The file.
    pub path: DatasitePath,
    /// Whose datasite is meant.
    pub datasite: Email,
    /// What happened to the file.
    pub change: Change,
    /// What was there before; `None` for a new file.
    pub old_hash: Option<ContentHash>,
    /// When the change was made, by the clock of who made it.
    pub submitted: Timestamp,
    /// When the owner accepted it, by the owner's clock.
    pub timestamp: Timestamp,
}

impl FileChangeEvent {
    /// The event that an accepted proposal becomes.
    #[must_use]
    pub fn accept(proposed: ProposedFileChange, timestamp: Timestamp) -> Self {
        let ProposedFileChange { id, path, datasite, change, old_hash, submitted } = proposed;
        FileChangeEvent { id, path, datasite, change, old_hash, submitted, timestamp }
    }

    /// The hash of the file afterwards, computed now; `None` after a deletion.
    #[must_use]
    pub fn new_hash(&self) -> Option<ContentHash> {
        self.change.new_hash()
    }
}

/// What an owner puts into its log and into the outbox of a peer (`protocol.md` b.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChangeEventsMessage {
    /// The events, in the order in which they happened.
    pub events: Vec<FileChangeEvent>,
    /// The name in the log and in each outbox.
    pub name: EventsName,
    /// The place in the channel; `None` from a Python peer.
    pub position: Option<ChannelPosition>,
    /// In the log of its owner alone: how the record stands after these events.
    pub record: Option<RecordChange>,
}

/// What changed in an owner's own record since it was put into the store as a whole; an
/// extra key that a Python peer ignores, and that is in no message for somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordChange {
    /// The record that was changed, by the hash of its bytes.
    pub base: ContentHash,
    /// What is recorded afterwards.
    pub hash: ContentHash,
    /// How to come from one to the other, as JSON Patch (RFC 6902).
    pub patch: String,
}

impl FileChangeEventsMessage {
    /// Compares what the body claims with the channel that it came through, an
    /// outbox or the log of `owner` (`threats.md` S7).
    ///
    /// # Errors
    /// `DatasiteMismatch` if an event names another datasite.
    pub fn check_channel(&self, owner: &Email) -> Result<(), Reject> {
        check_datasites(owner, self.events.iter().map(|event| (&event.path, &event.datasite)))
    }
}

/// `syfteventsmessagev3_{time}_{uuid}.tar.gz`, the name of an events message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventsName {
    /// When the message was made, by the owner's clock.
    pub timestamp: Timestamp,
    /// The part that makes the name unique.
    pub id: Uuid,
}

impl EventsName {
    /// Reads a name in its one spelling; nothing is repaired (`threats.md` I9).
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything that [`Display`](fmt::Display) would not write.
    pub fn parse(text: &str) -> Result<Self> {
        canonical_name("message name", "syfteventsmessagev3_{time}_{id}.tar.gz", text, |text| {
            let fields = text.strip_prefix("syfteventsmessagev3_")?.strip_suffix(".tar.gz")?;
            let (time, id) = fields.split_once('_')?;
            Some(EventsName {
                timestamp: Timestamp::parse(time).ok()?,
                id: Uuid::parse_str(id).ok()?,
            })
        })
    }
}

impl fmt::Display for EventsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "syfteventsmessagev3_{}_{}.tar.gz", self.timestamp.python_repr(), self.id)
    }
}

impl FromStr for EventsName {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        EventsName::parse(text)
    }
}
