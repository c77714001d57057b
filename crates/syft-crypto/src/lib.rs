//! Keys, public bundles, signatures and sealed envelopes of a Syft node.
//!
//! A [`RecoveryKey`] is what a person writes down; from it come the [`Keys`] of an
//! address, whose public half is a [`Bundle`]. Who holds keys can [`Sealer::seal`] bytes to
//! others and sign them; whoever has the bundle of the sender can tell that nobody else
//! did. All forms are those of the Python peer (`protocol.md` c.3); the cryptography is
//! that of the crate `syft-crypto-protocol`, which nothing of this interface shows.

mod bundle;
mod error;
mod jwk;
mod key_file;
mod keys;
mod open;
mod recovery;
mod seal;
mod sealer;
mod source;

pub use bundle::{Bundle, DidDocument, verification_words};
pub use error::{Error, Result};
pub use key_file::KeyFile;
pub use keys::Keys;
pub use open::{Limits, is_envelope, may_become_envelope};
pub use recovery::RecoveryKey;
pub use sealer::{Opened, Party, Sealer};
pub use source::KeySource;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
