//! The packages of a job, in two phases.
//!
//! What a job needs is read from its `config.yaml` and its `pyproject.toml`, never
//! found by running it. In the first phase, with the network and without any data,
//! it is resolved to a [`PackageLock`]: exact versions with the hashes of their
//! wheels. The lock is part of what the owner approves. What it names is installed
//! from wheels alone, so that no code of a package runs, into a *layer* in the
//! node's cache. Both steps run in a box of level L1, as a job does. In the second
//! phase the job runs beside the data, without network, with the layer to read.
//!
//! A layer is found by the digest of its lock. The cache may be deleted at any time:
//! a run installs again what was approved, and nothing else.

mod front;
mod install;
mod interpreter;
mod layer;
mod lock;
mod marker;
mod needs;
mod options;
mod phase;
mod requirement;
mod resolve;
mod tool;

pub use lock::{LockedPackage, PackageLock, PackagesUsed};
pub use needs::PackageNeeds;
pub use options::{PackageOptions, PackageSource, UnknownSource};
pub use requirement::Requirement;

pub(crate) use front::Front;
pub(crate) use layer::{Layer, Wanted};
