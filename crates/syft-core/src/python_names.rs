//! The names that the Python peer gives its folders and files in a shared drive
//! (`protocol.md` a.1). Anybody can make a folder of any name: what a name says
//! is a claim, to be held against the folder's owner (`threats.md` S8).

use std::fmt;

use crate::{DatasetName, Email, Error, Result};

const P2P_PREFIX: &str = "syft_datasite";

/// Which way a folder between two peers goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum P2pDirection {
    /// Proposals of the peer to the datasite.
    Inbox,
    /// Events of the datasite for the peer.
    Outbox,
}

impl fmt::Display for P2pDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            P2pDirection::Inbox => "inbox",
            P2pDirection::Outbox => "outbox",
        })
    }
}

/// `syft_datasite#{version}#{datasite}#inbox#{peer}`, a folder that `peer` owns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct P2pFolder {
    /// The program version of whoever made it; not looked at when it is parsed.
    pub version: String,
    /// Whose datasite it is about.
    pub datasite: Email,
    /// Which way it goes.
    pub direction: P2pDirection,
    /// The other side, who owns the folder.
    pub peer: Email,
}

impl P2pFolder {
    /// Reads a name: exactly five fields, both addresses such as this node accepts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |reason| Error::invalid("folder name", text, reason);
        // One more than there are: anybody may give a folder a name of any length.
        let fields: Vec<&str> = text.splitn(6, '#').collect();
        let [P2P_PREFIX, version, datasite, direction, peer] = fields.as_slice() else {
            return Err(invalid("it is not syft_datasite#VERSION#DATASITE#DIRECTION#PEER"));
        };
        let direction = match *direction {
            "inbox" => P2pDirection::Inbox,
            "outbox" => P2pDirection::Outbox,
            _ => return Err(invalid("it is neither an inbox nor an outbox")),
        };
        let (datasite, peer) = (Email::parse(datasite)?, Email::parse(peer)?);
        Ok(P2pFolder { version: (*version).to_owned(), datasite, direction, peer })
    }
}

impl fmt::Display for P2pFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let P2pFolder { version, datasite, direction, peer } = self;
        write!(f, "{P2P_PREFIX}#{version}#{datasite}#{direction}#{peer}")
    }
}

/// The version in a folder's name: with `-` read as `#`, the first field of
/// exactly three numbers.
#[must_use]
pub fn version_in_name(name: &str) -> Option<&str> {
    name.split(['#', '-']).find(|field| numbers(field).is_some())
}

/// Whether a node of `version` takes a folder of this name for its own kind: the
/// first two numbers of the versions are the same.
#[must_use]
pub fn is_kept_by(name: &str, version: &str) -> bool {
    version_in_name(name).and_then(kind).is_some_and(|found| kind(version) == Some(found))
}

fn kind(version: &str) -> Option<(&str, &str)> {
    numbers(version).map(|[major, minor, _]| (major, minor))
}

/// Three numbers, without their leading zeros.
fn numbers(field: &str) -> Option<[&str; 3]> {
    let number = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = field.splitn(4, '.').collect();
    let [major, minor, patch] = parts.as_slice() else { return None };
    let parts = [major, minor, patch];
    parts.iter().all(|part| number(part)).then(|| parts.map(|part| part.trim_start_matches('0')))
}

/// `syft_datasetcollection_{tag}_{hash}`, or `syft_privatecollection_…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CollectionFolder {
    /// Whether it holds the private files, for the owner alone.
    pub private: bool,
    /// The dataset.
    pub tag: DatasetName,
    /// The hash of its content.
    pub hash: String,
}

impl CollectionFolder {
    fn prefix(private: bool) -> &'static str {
        if private { "syft_privatecollection_" } else { "syft_datasetcollection_" }
    }

    /// Reads the name of a folder of mocks or of private files: the tag may hold
    /// `_`, the hash not.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name.
    pub fn parse(private: bool, text: &str) -> Result<Self> {
        let parts = text
            .strip_prefix(Self::prefix(private))
            .and_then(|rest| rest.rsplit_once('_'))
            .filter(|(tag, hash)| !tag.is_empty() && !hash.is_empty());
        let Some((tag, hash)) = parts else {
            return Err(Error::invalid("folder name", text, "it is no collection"));
        };
        Ok(CollectionFolder { private, tag: DatasetName::parse(tag)?, hash: hash.to_owned() })
    }
}

impl fmt::Display for CollectionFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}_{}", Self::prefix(self.private), self.tag, self.hash)
    }
}

/// The folder of a participant's event log.
#[must_use]
pub fn log_folder(version: &str, owner: &Email) -> String {
    format!("{version}#{owner}")
}

/// The folder where a recipient keeps the proposals of a sender that are done.
#[must_use]
pub fn archive_folder(sender: &Email, recipient: &Email) -> String {
    format!("syft_{sender}_to_{recipient}_archive")
}

/// The folder of an owner's checkpoints.
#[must_use]
pub fn checkpoints_folder(version: &str, owner: &Email) -> String {
    format!("{owner}-{version}-checkpoints")
}

/// The folder of an owner's rolling state.
#[must_use]
pub fn rolling_state_folder(version: &str, owner: &Email) -> String {
    format!("{owner}-{version}-rolling-state")
}

/// The folder of a participant's public keys.
#[must_use]
pub fn bundles_folder(owner: &Email) -> String {
    format!("syft_encryption_bundles#{owner}")
}

/// The file of a participant's public keys for one peer.
#[must_use]
pub fn bundle_file(owner: &Email, peer: &Email) -> String {
    format!("encryption_bundle_{owner}_for_{peer}.json")
}
