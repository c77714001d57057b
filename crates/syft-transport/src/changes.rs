use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{ObjectName, Result, Space};

/// A place in a store's feed of changes; opaque, may be kept over restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Something that changed in a space that I can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub space: Space,
    /// Which object, if it is about one whose name is ours.
    pub name: Option<ObjectName>,
    /// What happened.
    pub kind: ChangeKind,
}

/// What happened in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The space was opened, or its readers changed.
    Space,
    /// An object came or was replaced.
    Put,
    /// An object went.
    Removed,
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
