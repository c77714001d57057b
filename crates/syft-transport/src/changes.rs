use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Object, Result, Skipped, Space};

/// A place in a store's feed of changes; opaque, may be kept over restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Something that changed in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A space that I can read or write is there; it may have been before.
    Opened(Space),
    /// A space is no longer what it was: it was closed, or is closed to me. What was known
    /// of it counts no more.
    Space(Space),
    /// An object came into a space that I can read, or was replaced there.
    Put(Object),
    /// Something that is no object came into a space that I can read, or became so there.
    Odd {
        /// Where it lies.
        space: Space,
        /// What it is, with its [id](Skipped::id).
        skipped: Skipped,
    },
    /// What the store calls so, an object or not, went from wherever it was.
    Removed {
        /// [`Object::id`].
        id: String,
    },
}

/// Some changes, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// In the order in which they happened.
    pub changes: Vec<Change>,
    /// Ask with this one next.
    pub next: Cursor,
    /// Whether there is more to fetch now.
    pub more: bool,
}

/// A feed of what changed: it makes an idle sync one call.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Where the feed ends now.
    ///
    /// # Errors
    /// What the store answers.
    async fn cursor(&self) -> Result<Cursor>;

    /// What happened since.
    ///
    /// # Errors
    /// [`Error::Precondition`](crate::Error::Precondition) if the store does not
    /// know the cursor any more: list everything and take a new one.
    async fn since(&self, cursor: &Cursor) -> Result<ChangePage>;
}
