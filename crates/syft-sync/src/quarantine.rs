use std::sync::Arc;

use serde::{Deserialize, Serialize};
use syft_core::{
    Access, ContentHash, Disk, Email, HomePath, NodePaths, RejectCode, Timestamp, yaml,
};

use crate::{Error, Result};

/// A message that was put away, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// What to call it: 12 hex digits.
    pub id: String,
    /// Who sent it, by the channel.
    pub from: Email,
    /// The channel, as `inbox/alice@example.org/bob@example.org`.
    pub channel: String,
    /// The object's name.
    pub name: String,
    /// The reason as a word.
    pub code: RejectCode,
    /// The reason in words, safe to show.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

impl Quarantined {
    pub(crate) fn new(
        from: &Email,
        channel: &str,
        name: &str,
        content: Option<ContentHash>,
        code: RejectCode,
        detail: &str,
        at: Timestamp,
    ) -> Self {
        let content = content.map(|hash| hash.to_string()).unwrap_or_default();
        let id = ContentHash::of(format!("{channel}/{name}/{content}").as_bytes()).short();
        let (channel, name) = (channel.to_owned(), syft_core::safe_text(name));
        Quarantined { id, from: from.clone(), channel, name, code, detail: detail.to_owned(), at }
    }
}

/// The messages that were put away: kept with their reason until somebody drops
/// them, so that nothing is lost.
#[derive(Debug, Clone)]
pub struct Quarantine {
    disk: Arc<dyn Disk>,
}

impl Quarantine {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Quarantine { disk }
    }

    pub(crate) fn put(&self, item: &Quarantined, bytes: Option<&[u8]>) -> Result<()> {
        if let Some(bytes) = bytes {
            self.disk.write(&path(&item.id, "bin")?, bytes, Access::OwnerOnly)?;
        }
        let text = yaml::to_string(item)?;
        Ok(self.disk.write(&path(&item.id, "yaml")?, text.as_bytes(), Access::OwnerOnly)?)
    }

    /// All messages that were put away, oldest first.
    ///
    /// # Errors
    /// The disk; a damaged entry.
    pub fn list(&self) -> Result<Vec<Quarantined>> {
        let mut items = Vec::new();
        for entry in self.disk.list(&NodePaths::quarantine())? {
            let Ok(name) = entry.name else { continue };
            let Some(id) = name.strip_suffix(".yaml") else { continue };
            // One entry that cannot be read hides no other.
            items.extend(self.get(id));
        }
        items.sort_by_key(|item: &Quarantined| item.at);
        Ok(items)
    }

    /// One message that was put away.
    ///
    /// # Errors
    /// [`Error::NotFound`]; the disk; a damaged entry.
    pub fn get(&self, id: &str) -> Result<Quarantined> {
        let missing = || Error::NotFound(format!("nothing in quarantine is called {id:?}"));
        let path = path(id, "yaml").map_err(|_| missing())?;
        let bytes = self.disk.read_if_there(&path, yaml::MAX_BYTES as u64)?.ok_or_else(missing)?;
        Ok(yaml::from_str(&String::from_utf8_lossy(&bytes))?)
    }

    /// The bytes of one message; `None` if it was too large to be fetched.
    ///
    /// # Errors
    /// The disk.
    pub fn bytes(&self, id: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        Ok(self.disk.read_if_there(&path(id, "bin")?, limit)?)
    }

    /// Drops one message for good.
    pub(crate) fn drop(&self, id: &str) -> Result<()> {
        self.get(id)?;
        self.disk.remove_file(&path(id, "bin")?)?;
        Ok(self.disk.remove_file(&path(id, "yaml")?)?)
    }
}

fn path(id: &str, extension: &str) -> Result<HomePath> {
    Ok(NodePaths::quarantine().join(&format!("{id}.{extension}"))?)
}
