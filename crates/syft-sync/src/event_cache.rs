//! Copies of my event log on this machine, for whoever wants to read it without
//! the store (seed: `.syftbox-events/`, optional). A cache: deleting it at any
//! moment changes nothing but time.

use syft_core::codec::{Limits, decode_events};
use syft_core::{Access, FileChangeEventsMessage, HomePath, NodePaths};
use syft_transport::{ObjectName, Space};

use crate::Result;
use crate::node::Node;

impl Node {
    /// Keeps what has just been put into the store, if it is of my log and the
    /// cache is wanted.
    pub(crate) fn cache_event(&self, space: &Space, name: &ObjectName, bytes: &[u8]) -> Result<()> {
        match space {
            Space::Log { owner } if self.event_cache && *owner == self.email => {
                Ok(self.disk.write(&folder()?.join(name.as_str())?, bytes, Access::OwnerOnly)?)
            }
            _ => Ok(()),
        }
    }

    /// An object of my log, if there is a copy of it.
    pub(crate) fn cached_event(&self, name: &str) -> Option<Vec<u8>> {
        let path = folder().ok()?.join(name).ok()?;
        self.disk.read(&path, Limits::EVENTS.packed_bytes).ok()
    }

    /// All copies that can be read, in the order in which they happened.
    pub(crate) fn cached_events(&self) -> Result<Vec<FileChangeEventsMessage>> {
        let names = self.disk.list(&folder()?)?.into_iter().filter_map(|entry| entry.name.ok());
        let read = |name: String| decode_events(&self.cached_event(&name)?, &Limits::EVENTS).ok();
        let mut messages: Vec<FileChangeEventsMessage> = names.filter_map(read).collect();
        messages.sort_by_key(|message| message.name.timestamp);
        Ok(messages)
    }
}

fn folder() -> Result<HomePath> {
    Ok(NodePaths::cache().join("events")?)
}
