use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use syft_core::Email;

use crate::{Result, Space};

/// Whom a collection is shared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// Everyone who can reach the store.
    Any,
    /// One participant.
    One(Email),
}

impl From<Email> for Recipient {
    fn from(email: Email) -> Self {
        Recipient::One(email)
    }
}

impl From<&Email> for Recipient {
    fn from(email: &Email) -> Self {
        Recipient::One(email.clone())
    }
}

/// `any`, or the address.
impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recipient::Any => f.write_str("any"),
            Recipient::One(email) => f.write_str(email.as_str()),
        }
    }
}

/// Who may read a space of mine, kept by the store itself: a collection, my profile, and,
/// where those who exchange messages let each other in, the inbox that I opened at a peer.
/// Of that one both directions are meant: the peer also writes to me there. Opening it lets
/// the peer in; [`Error::Unsupported`](crate::Error::Unsupported) says that a store has no
/// more than roles.
#[async_trait]
pub trait Sharing: Send + Sync {
    /// Lets somebody read. Idempotent.
    ///
    /// # Errors
    /// [`Error::Denied`](crate::Error::Denied) for a space of somebody else,
    /// [`Error::NotFound`](crate::Error::NotFound) for one that is not opened.
    async fn grant(&self, space: &Space, recipient: &Recipient) -> Result<()>;

    /// Takes it back; what was read is not recalled. Idempotent.
    ///
    /// # Errors
    /// As for [`grant`](Sharing::grant).
    async fn revoke(&self, space: &Space, recipient: &Recipient) -> Result<()>;

    /// Who may read, sorted; without the owner.
    ///
    /// # Errors
    /// As for [`grant`](Sharing::grant).
    async fn grants(&self, space: &Space) -> Result<Vec<Recipient>>;
}
