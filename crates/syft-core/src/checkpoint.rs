use std::collections::BTreeMap;
use std::fmt;

use crate::codec::canonical_name;
use crate::{Content, ContentHash, DatasitePath, Email, FileChangeEvent, Result, Timestamp};

/// The events since the last checkpoint, one per path: the smallest tier of an
/// owner's backup, replaced in place (`protocol.md` b.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollingState {
    /// When it was written.
    pub timestamp: Timestamp,
    /// The owner.
    pub email: Email,
    /// The time of the checkpoint that it builds on; [`Timestamp::EPOCH`] if none.
    pub base_checkpoint: Timestamp,
    /// The time of the newest event; `None` without events.
    pub last_event: Option<Timestamp>,
    /// The newest event of each path, newest last.
    pub events: Vec<FileChangeEvent>,
}

/// Some fifty events in one file: the middle tier of an owner's backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncrementalCheckpoint {
    /// When it was written.
    pub timestamp: Timestamp,
    /// The owner.
    pub email: Email,
    /// Its number since the last full checkpoint, from 1.
    pub sequence: u64,
    /// The events, in the order in which they happened.
    pub events: Vec<FileChangeEvent>,
}

/// All files of a datasite at one moment: the largest tier of an owner's backup.
///
/// The Python peer's form has room for text only and leaves out empty files
/// (`protocol.md` k.4); here bytes are bytes: text is written as the Python peer
/// writes it, other content with a further key (`threats.md` I15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// When it was written.
    pub timestamp: Timestamp,
    /// The owner.
    pub email: Email,
    /// The time of the newest event in it; `None` without events.
    pub last_event: Option<Timestamp>,
    /// The files; no path stands twice.
    pub files: Vec<CheckpointFile>,
}

/// A file in a [`Checkpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFile {
    /// Where it stands.
    pub path: DatasitePath,
    /// What it holds.
    pub content: Content,
}

impl Checkpoint {
    /// Path and hash of every file, computed now.
    #[must_use]
    pub fn file_hashes(&self) -> BTreeMap<DatasitePath, ContentHash> {
        self.files.iter().map(|file| (file.path.clone(), file.content.hash())).collect()
    }

    /// The name to store it under.
    #[must_use]
    pub fn name(&self) -> CheckpointName {
        CheckpointName::Full { timestamp: self.timestamp }
    }
}

impl IncrementalCheckpoint {
    /// The name to store it under.
    #[must_use]
    pub fn name(&self) -> CheckpointName {
        CheckpointName::Incremental { sequence: self.sequence, timestamp: self.timestamp }
    }
}

impl RollingState {
    /// The name to store it under.
    #[must_use]
    pub fn name(&self) -> CheckpointName {
        CheckpointName::Rolling { timestamp: self.timestamp }
    }
}

/// The name of a file of an owner's backup, of whichever tier (`protocol.md` b.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckpointName {
    /// `checkpoint_{time}.tar.gz`
    Full {
        /// When it was written.
        timestamp: Timestamp,
    },
    /// `incremental_checkpoint_{sequence}_{time}.tar.gz`
    Incremental {
        /// Its number since the last full checkpoint.
        sequence: u64,
        /// When it was written.
        timestamp: Timestamp,
    },
    /// `rolling_state_{time}.tar.gz`
    Rolling {
        /// When it was first written.
        timestamp: Timestamp,
    },
}

impl CheckpointName {
    /// Reads a name in its one spelling; nothing is repaired (`threats.md` I9).
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for anything that [`Display`](fmt::Display)
    /// would not write.
    pub fn parse(text: &str) -> Result<Self> {
        let grammar = "[incremental_]checkpoint_…{time}.tar.gz or rolling_state_{time}.tar.gz";
        canonical_name("checkpoint name", grammar, text, |text| {
            let stem = text.strip_suffix(".tar.gz")?;
            let time = |text: &str| Timestamp::parse(text).ok();
            if let Some(fields) = stem.strip_prefix("incremental_checkpoint_") {
                let (sequence, timestamp) = fields.split_once('_')?;
                let sequence = sequence.parse().ok()?;
                return Some(CheckpointName::Incremental { sequence, timestamp: time(timestamp)? });
            }
            if let Some(timestamp) = stem.strip_prefix("rolling_state_") {
                return Some(CheckpointName::Rolling { timestamp: time(timestamp)? });
            }
            let timestamp = time(stem.strip_prefix("checkpoint_")?)?;
            Some(CheckpointName::Full { timestamp })
        })
    }

    /// When the file was written.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        match self {
            CheckpointName::Full { timestamp }
            | CheckpointName::Incremental { timestamp, .. }
            | CheckpointName::Rolling { timestamp } => *timestamp,
        }
    }
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.timestamp().python_repr();
        match self {
            CheckpointName::Full { .. } => write!(f, "checkpoint_{time}.tar.gz"),
            CheckpointName::Incremental { sequence, .. } => {
                write!(f, "incremental_checkpoint_{sequence}_{time}.tar.gz")
            }
            CheckpointName::Rolling { .. } => write!(f, "rolling_state_{time}.tar.gz"),
        }
    }
}
