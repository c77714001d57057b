//! What a store takes as one object.

use std::fmt;

use syft_core::codec::encode_events;
use syft_core::{
    Change, Content, DatasitePath, Email, EventsName, FileChangeEvent, FileChangeEventsMessage,
    Timestamp,
};
use syft_transport::{Info, Space};
use uuid::Uuid;

use crate::node::Node;
use crate::{Error, Result};

/// So much at most is added to content by the message that it is in and by its seal, in bytes.
const WRAPPING: u64 = 1 << 20;

/// How much content one object of a store may hold.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    me: Email,
    store: String,
    most: Option<u64>,
}

impl Room {
    /// The room that a store has.
    pub(crate) fn of(info: &Info) -> Room {
        let most = info.capabilities.largest.map(|largest| largest.saturating_sub(WRAPPING));
        Room { me: info.identity.clone(), store: info.name.clone(), most }
    }

    /// What an object may hold that is to hold no more than `limit`, in bytes.
    pub(crate) fn within(&self, limit: u64) -> u64 {
        self.most.map_or(limit, |most| most.min(limit))
    }

    /// Whether there is no limit.
    pub(crate) fn is_endless(&self) -> bool {
        self.most.is_none()
    }

    /// Whether a file of this size has to be looked at: so much more at most it takes in a
    /// message.
    pub(crate) fn may_lack(&self, size: u64) -> bool {
        !self.has(size.saturating_mul(6))
    }

    /// Whether content of this size fits.
    pub(crate) fn has(&self, size: u64) -> bool {
        self.most.is_none_or(|most| size <= most)
    }

    /// What a file takes in a message of its own, in bytes, if there is no room for it.
    pub(crate) fn beyond(&self, path: &DatasitePath, content: &Content) -> Option<u64> {
        if self.has(content.wire_len()) {
            return None;
        }
        // Much of what is that large is smaller as it is sent.
        let alone = alone(&self.me, path, content.clone());
        let size = encode_events(&alone).map_or(content.wire_len(), |bytes| bytes.len() as u64);
        (!self.has(size)).then_some(size)
    }

    /// Why content of this size does not fit, and what helps.
    pub(crate) fn lack(&self, what: impl fmt::Display, size: u64) -> String {
        format!(
            "{what} has {}, and {} takes files of up to {}: split it, or use a store without such a \
             limit, as s3: or a folder",
            Mebibytes(size),
            self.store,
            Mebibytes(self.most.unwrap_or(u64::MAX))
        )
    }

    /// Refuses what could never be sent, before anything is.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub(crate) fn check(&self, what: impl fmt::Display, size: u64) -> Result<()> {
        if self.has(size) { Ok(()) } else { Err(Error::Refused(self.lack(what, size))) }
    }
}

impl Node {
    /// How much one message may hold that I send to a reader of mine.
    pub(crate) fn room_to(&self, reader: &Email) -> Room {
        let (owner, recipient) = (self.email.clone(), reader.clone());
        Room::of(self.transport.info_of(&Space::Outbox { owner, recipient }))
    }

    /// How much one message may hold that I propose to an owner.
    pub(crate) fn room_at(&self, owner: &Email) -> Room {
        let (owner, sender) = (owner.clone(), self.email.clone());
        Room::of(self.transport.info_of(&Space::Inbox { owner, sender }))
    }
}

fn alone(me: &Email, path: &DatasitePath, content: Content) -> FileChangeEventsMessage {
    let (id, timestamp) = (Uuid::nil(), Timestamp::EPOCH);
    let (path, change) = (path.clone(), Change::Write(content));
    let datasite = me.clone();
    let event = FileChangeEvent {
        id,
        path,
        datasite,
        change,
        old_hash: None,
        submitted: timestamp,
        timestamp,
    };
    let (events, name) = (vec![event], EventsName { timestamp, id });
    FileChangeEventsMessage { events, name, position: None, record: None }
}

/// A size as people say it: two that differ are not shown as the same.
struct Mebibytes(u64);

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.saturating_mul(10) >> 20;
        match (tenths / 10, tenths % 10) {
            (whole, 0) => write!(f, "{whole} MiB"),
            (whole, rest) => write!(f, "{whole}.{rest} MiB"),
        }
    }
}
