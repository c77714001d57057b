//! The vocabulary of a Syft node: names, events, messages, codecs, and the only
//! door to disk, clock and randomness.
//!
//! Values that arrive from a peer are parsed into the newtypes of this crate at
//! the edge; past that edge nobody checks them again.

mod advert;
mod audit;
mod blobs;
mod canonical;
mod checkpoint;
mod clock;
pub mod codec;
mod content;
mod disk;
mod email;
mod entropy;
mod error;
mod event;
mod hash;
mod journal;
mod layout;
mod lines;
mod lock;
mod message;
mod name;
mod path;
pub mod python_names;
mod reject;
mod safe_text;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod time;
mod url;
pub mod yaml;

pub use advert::{Advert, COMPAT_VERSION, Version, VersionStatus};
pub use audit::{AuditEntry, AuditLog, AuditProblem, AuditReport, NewEntry};
pub use blobs::Blobs;
pub use canonical::canonical_json;
pub use checkpoint::{
    Checkpoint, CheckpointFile, CheckpointName, IncrementalCheckpoint, RollingState,
};
pub use clock::{Clock, SystemClock};
pub use content::{Change, Content};
pub use disk::{Access, DirDisk, Disk, Entry, FileKind, Metadata, is_temporary};
pub use email::Email;
pub use entropy::{Entropy, SystemEntropy};
pub use error::{Error, Result};
pub use event::{EventsName, FileChangeEvent, FileChangeEventsMessage, RecordChange};
pub use hash::{ContentHash, ContentHasher, HashingReader, collection_hash};
pub use journal::Journal;
pub use layout::{
    JobPath, JobPlace, Layout, LayoutKind, Layouts, NEVER_SYNCED, NativeLayout, NodePaths,
    PysyftLayout,
};
pub use lock::HomeLock;
pub use message::{
    ChannelHead, ChannelPosition, ProposalName, ProposedFileChange, ProposedFileChangesMessage,
};
pub use name::{DatasetName, JobName};
pub use path::{DatasitePath, HomePath};
pub use reject::{Reject, RejectCode};
pub use safe_text::{has_suspicious, safe_text, shorten};
pub use time::Timestamp;
pub use url::SyftUrl;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
