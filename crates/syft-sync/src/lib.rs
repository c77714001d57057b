//! The Syft node as a library: peers, datasets, jobs and sync over any transport.
//!
//! [`SyftboxManager`] is the whole node of one identity. It is made from a
//! [`Config`]; nothing is read from the environment.

mod arriving;
mod batch;
mod bodies;
mod channels;
mod checkpoints;
mod collections;
mod config;
mod connect;
mod contents;
mod engine;
mod error;
mod event_cache;
mod evidence;
mod health;
mod hello;
mod home_watch;
mod inbox;
mod index;
mod ledger;
mod manager;
mod node;
mod notice;
mod offline;
mod own_keys;
mod owner;
mod peers;
mod perform;
mod perm_context;
mod quarantine;
mod refusal;
mod report;
mod reset;
mod rights;
mod room;
mod router;
mod rules;
mod scan;
mod sealed;
mod shared_audit;
mod touched;
mod traffic;
mod watcher;

pub use checkpoints::{
    CheckpointInfo, CheckpointKind, CheckpointStatus, Download, MadeCheckpoint, Restored,
};
pub use config::{Encrypt, NodeConfig, Role};
#[cfg(feature = "opendal")]
pub use connect::StoreLogins;
pub use connect::{GOOGLE_DRIVE, NO_STORE, StoreKind, StoreOpener, Stores, one_form};
#[cfg(feature = "drive")]
pub use connect::{GoogleAccount, GoogleLogin, GoogleStatus};
pub use error::{Error, Result};
pub use health::{Check, CheckUp, Verdict};
pub use hello::{Hello, NativeHello, PeerKind, ProtocolRange};
pub use home_watch::HomeWatch;
#[cfg(feature = "drive")]
pub use manager::GoogleHosts;
pub use manager::{
    AccessChange, AuditExport, Config, CreateOptions, DEFAULT_JOB_TIMEOUT, Datasets, Elsewhere,
    FirstKeys, HeldBack, PathAccess, PeerCounts, Preview, ProcessOptions, Processed, ReceiptCheck,
    ReceiptKey, ReceiptProblem, RehearsalBudget, Removal, Sent, Status, SubmitOptions,
    SyftboxManager, SyncOptions, Waiting, WaitingFor, WatchOptions, login_do, login_ds,
};
pub use notice::{Notice, NoticeSink, Work};
pub use offline::OfflineTransport;
pub use own_keys::OwnKeys;
pub use owner::DatasiteOwnerSyncer;
pub use peers::{Identity, Peer, PeerList, PeerState};
pub use perm_context::{PermContext, PermEdit, PermEntry};
pub use quarantine::{Quarantine, Quarantined};
pub use report::{Late, PeerReport, SyncReport};
pub use reset::{Broadcast, DeleteOptions, DeleteReport, Left, LocalItem, RemoteItem};
pub use router::Router;
pub use traffic::{Direction, Transfer};
pub use watcher::DatasiteWatcherSyncer;

pub use syft_core as core;
pub use syft_crypto as crypto;
pub use syft_dataset as dataset;
pub use syft_job as job;
pub use syft_perm as perm;
pub use syft_transport as transport;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;

/// The pages of the documentation, whose programs are run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/manager.md")]
struct ManagerPage;
#[cfg(doctest)]
#[doc = include_str!("../../../docs/architecture.md")]
struct ArchitecturePage;
#[cfg(doctest)]
#[doc = include_str!("../../../docs/datasites.md")]
struct DatasitesPage;
