use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::codec::canonical_name;
use crate::{
    Change, ContentHash, DatasitePath, Email, Error, Reject, RejectCode, Result, Timestamp,
};

/// Where a message stands in its channel; extra keys that a Python peer ignores.
///
/// Order is this number and never a clock; `prev` and `seen` make a store that
/// drops, reorders, forks or puts back messages show (`threats.md` rule 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelPosition {
    /// The number of the message; the writer of the channel counts.
    pub seq: u64,
    /// The hash of the message before, over its exact encoded bytes, before
    /// they are sealed; `None` for the first.
    pub prev: Option<ContentHash>,
    /// The newest message that the writer has taken of the one who reads this: so two who
    /// were shown different pasts find out (`threats.md` F14).
    pub seen: Option<ChannelHead>,
}

/// A message of a channel, by its number and the hash of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelHead {
    /// The number; the first is 1.
    pub seq: u64,
    /// The hash, as in [`ChannelPosition::prev`].
    pub hash: ContentHash,
}

impl ChannelHead {
    /// The highest number that somebody can have seen: whoever goes on after it has many
    /// left.
    pub const MAX_SEEN: u64 = 1 << 40;
}

/// One change to a datasite that a peer proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedFileChange {
    /// The id that the event will carry once the owner accepts.
    pub id: Uuid,
    /// The file.
    pub path: DatasitePath,
    /// Whose datasite is meant; must be the owner of the channel.
    pub datasite: Email,
    /// What happens to the file.
    pub change: Change,
    /// What the sender believes the owner has; `None` for a new file.
    pub old_hash: Option<ContentHash>,
    /// When the change was made, by the sender's clock.
    pub submitted: Timestamp,
}

impl ProposedFileChange {
    /// The hash of the file afterwards, computed now; `None` after a deletion.
    #[must_use]
    pub fn new_hash(&self) -> Option<ContentHash> {
        self.change.new_hash()
    }
}

/// What a peer puts into an owner's inbox (`protocol.md` b.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedFileChangesMessage {
    /// The message's own id.
    pub id: Uuid,
    /// Who says it is from them; a claim that [`check_channel`](Self::check_channel) compares.
    pub sender: Email,
    /// The name in the inbox.
    pub name: ProposalName,
    /// The changes, to be applied in this order.
    pub changes: Vec<ProposedFileChange>,
    /// The place in the inbox; `None` from a Python peer.
    pub position: Option<ChannelPosition>,
}

impl ProposedFileChangesMessage {
    /// Compares what the body claims with the channel that it came through:
    /// the inbox of `owner` that belongs to `sender` (`threats.md` S1 to S3, S6).
    ///
    /// # Errors
    /// `SenderMismatch` or `DatasiteMismatch`.
    pub fn check_channel(&self, sender: &Email, owner: &Email) -> Result<(), Reject> {
        if self.sender != *sender {
            let claimed = &self.sender;
            return Err(Reject::new(
                RejectCode::SenderMismatch,
                format!("message in {sender}'s folder says it is from {claimed}"),
            ));
        }
        check_datasites(owner, self.changes.iter().map(|change| (&change.path, &change.datasite)))
    }
}

/// Every change of a channel must concern the datasite of its owner.
pub(crate) fn check_datasites<'a>(
    owner: &Email,
    changes: impl IntoIterator<Item = (&'a DatasitePath, &'a Email)>,
) -> Result<(), Reject> {
    match changes.into_iter().find(|(_, datasite)| *datasite != owner) {
        None => Ok(()),
        Some((path, other)) => Err(Reject::new(
            RejectCode::DatasiteMismatch,
            format!("message in a channel of {owner} changes {path} of {other}"),
        )),
    }
}

/// `msgv2_{time}_{uid}.tar.gz`, the name of a proposal in an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProposalName {
    submitted: Timestamp,
    uid: String,
}

impl ProposalName {
    /// Longest `uid` in bytes.
    pub const MAX_UID_BYTES: usize = 64;

    /// The name that a message of this node gets.
    #[must_use]
    pub fn new(submitted: Timestamp, id: Uuid) -> Self {
        ProposalName { submitted, uid: id.to_string() }
    }

    /// A name with a foreign `uid`: 1 to 64 of `[A-Za-z0-9-]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other `uid`.
    pub fn with_uid(submitted: Timestamp, uid: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if uid.is_empty() || uid.len() > Self::MAX_UID_BYTES || !uid.bytes().all(allowed) {
            let rule = "its id must be 1 to 64 letters, digits or dashes";
            return Err(Error::invalid("message name", uid, rule));
        }
        Ok(ProposalName { submitted, uid: uid.to_owned() })
    }

    /// Reads a name in its one spelling; nothing is repaired (`threats.md` I9).
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything that [`Display`](fmt::Display) would not write.
    pub fn parse(text: &str) -> Result<Self> {
        canonical_name("message name", "msgv2_{time}_{id}.tar.gz", text, |text| {
            let fields = text.strip_prefix("msgv2_")?.strip_suffix(".tar.gz")?;
            let (time, uid) = fields.split_once('_')?;
            ProposalName::with_uid(Timestamp::parse(time).ok()?, uid).ok()
        })
    }

    /// When the message was made, by the sender's clock.
    #[must_use]
    pub fn submitted(&self) -> Timestamp {
        self.submitted
    }

    /// The part that makes the name unique.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.uid
    }
}

impl fmt::Display for ProposalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "msgv2_{}_{}.tar.gz", self.submitted.python_repr(), self.uid)
    }
}

impl FromStr for ProposalName {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        ProposalName::parse(text)
    }
}
