//! Storage that two peers share: the Transport trait, its backends, its layers
//! and its conformance suite.
//!
//! A store is seen as [spaces](Space) that hold immutable, named
//! [objects](Object). [`Transport`] is what somebody implements to bring their
//! own store; [`TransportExt`] and [`grants`] are what a caller mostly uses.

mod access;
mod body;
mod cache;
mod changes;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "drive")]
pub mod drive;
mod endpoint;
mod error;
mod ext;
mod folder;
pub mod grants;
#[cfg(feature = "http")]
mod http;
pub mod keys;
mod layers;
mod memory;
mod object;
#[cfg(feature = "opendal")]
mod opendal;
mod operation;
mod pairs;
mod probe;
mod routes;
mod sharing;
mod space;
pub mod store_url;
mod temporary;
mod transport;

pub use body::{ByteStream, PutBody, collect};
pub use cache::{Cache, MemoryCache};
pub use changes::{Change, ChangePage, Changes, Cursor};
pub use error::{Cause, Context, Error, Result};
pub use ext::{Listing, TransportExt};
pub use folder::FolderTransport;
pub use layers::{
    Chaos, Fault, FaultRates, Metered, Mirror, Retry, RetryPolicy, Sleeper, Stale, TokioSleeper,
    Usage,
};
#[cfg(feature = "record")]
pub use layers::{Recorder, Wire};
pub use memory::{MemoryStore, MemoryTransport};
pub use object::{Object, ObjectName, Version};
#[cfg(feature = "opendal")]
pub use opendal::{OpendalTransport, StoreLogin};
pub use operation::Operation;
pub use probe::{Kept, Probe, Promise, probe};
pub use routes::Routes;
pub use sharing::{Recipient, Sharing};
pub use space::{CollectionHash, CollectionKind, Space, SpaceKind};
pub use store_url::StoreUrl;
pub use transport::{
    Capabilities, Discovered, Identities, Info, ListOptions, ListStream, Listed, PutMode, Skipped,
    Transport,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
