//! What of a plan is not done in the store, and never will be.

use syft_core::ContentHash;
use syft_transport::{Object, ObjectName, Space};

use super::BLOB_LIMIT;
use crate::Result;
use crate::engine::{Draft, on_too_large};
use crate::ledger::Fact;
use crate::node::Pass;

/// What no later try changes.
#[derive(Debug, Default)]
pub(super) struct Stays {
    /// What the store does not let go.
    kept: Vec<Object>,
    /// What is larger than it takes.
    large: Vec<TooLarge>,
}

/// A message that the store does not take.
#[derive(Debug)]
pub(super) struct TooLarge {
    pub(super) space: Space,
    pub(super) name: ObjectName,
    pub(super) blob: ContentHash,
    /// What it takes, in bytes.
    pub(super) largest: u64,
}

impl Stays {
    pub(super) fn kept(&mut self, objects: Vec<Object>) {
        self.kept.extend(objects);
    }

    pub(super) fn too_large(&mut self, message: TooLarge) {
        self.large.push(message);
    }
}

impl From<Vec<Object>> for Stays {
    fn from(kept: Vec<Object>) -> Self {
        Stays { kept, large: Vec::new() }
    }
}

impl Pass<'_> {
    /// Remembers it, before what it is about is forgotten: it is not tried again.
    pub(super) fn note_stays(&mut self, stays: Stays) -> Result<()> {
        let mut draft = Draft::default();
        for object in stays.kept {
            self.note("object.stays", object.to_string())?;
            let (channel, name) = (object.space.to_string(), Some(object.name.to_string()));
            draft.fact(Fact::Arrived { channel, name, message: None, link: None });
        }
        self.begin(draft)?;
        for TooLarge { space, name, blob, largest } in stays.large {
            let bytes = self.ledger.blobs().read(&blob, BLOB_LIMIT)?;
            let (state, scene) = (self.ledger.state(), self.node.scene());
            let draft = on_too_large(state, &scene, (&space, &name), &bytes, largest);
            self.begin(draft)?;
        }
        Ok(())
    }
}
