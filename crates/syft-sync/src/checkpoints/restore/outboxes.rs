//! What each reader was sent, from the outboxes.

use std::collections::{BTreeMap, BTreeSet};

use syft_core::{
    ContentHash, DatasitePath, Email, Error as CoreError, EventsName, FileChangeEventsMessage,
    Timestamp,
};
use syft_transport::{Object, Space, SpaceKind, Transport};

use super::Progress;
use super::history::fetch as fetch_piece;
use crate::channels::patiently;
use crate::checkpoints::is_mine;
use crate::checkpoints::record::Backup;
use crate::ledger::Head;
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::{Error, Result};

/// What one reader was sent, and where its outbox goes on.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) sent: BTreeMap<DatasitePath, ContentHash>,
    pub(super) head: Option<Head>,
    /// The newest time in it.
    pub(super) latest: Option<Timestamp>,
}

/// Reads the outbox of everybody who is or may become a reader. A message that
/// cannot be read means that its files are sent once more.
pub(super) async fn fetch(
    progress: &mut Progress<'_, '_>,
    backup: Option<&Backup>,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<Email, Outbox>> {
    if let Some(backup) = backup {
        // Some of them are reached over other stores.
        progress.pass.node.lead(&PeerTable { peers: backup.peers().clone() });
    }
    let known = backup.iter().flat_map(|backup| backup.peers().keys());
    let mut outboxes = BTreeMap::new();
    for reader in readers(progress.pass, known).await? {
        let outbox = read(progress, &reader, notes).await?;
        if outbox.head.is_some() {
            outboxes.insert(reader, outbox);
        }
    }
    Ok(outboxes)
}

/// Everybody who is or may become a reader of mine: whoever asked, and the peers
/// that are known.
pub(in crate::checkpoints) async fn readers(
    pass: &Pass<'_>,
    known: impl Iterator<Item = &Email> + Send,
) -> Result<BTreeSet<Email>> {
    let mut readers: BTreeSet<Email> = known.cloned().collect();
    let found = patiently(&"my inboxes", 0, pass.node.transport.discover(SpaceKind::Inbox)).await?;
    for space in found.spaces {
        if let Space::Inbox { sender, .. } = space {
            readers.insert(sender);
        }
    }
    readers.remove(&pass.node.email);
    Ok(readers)
}

/// What I sent to a reader and is still there, in the order in which it was sent.
pub(in crate::checkpoints) async fn listed(
    pass: &Pass<'_>,
    reader: &Email,
) -> Result<Vec<(Timestamp, Object)>> {
    let me = &pass.node.email;
    let space = Space::Outbox { owner: me.clone(), recipient: reader.clone() };
    let listed = pass.list_whole(&space).await?.into_iter();
    let named = listed.filter(|object| is_mine(object, me));
    let named = named.filter_map(|o| Some((EventsName::parse(o.name.as_str()).ok()?.timestamp, o)));
    let mut objects: Vec<_> = named.collect();
    objects.sort_by_key(|(timestamp, _)| *timestamp);
    Ok(objects)
}

async fn read(
    progress: &mut Progress<'_, '_>,
    reader: &Email,
    notes: &mut Vec<String>,
) -> Result<Outbox> {
    let objects = listed(progress.pass, reader).await?;
    progress.total += objects.len() as u64;
    let mut outbox = Outbox::default();
    for (at, object) in objects {
        outbox.latest = outbox.latest.max(Some(at));
        let (message, hash) = match fetch_piece::<FileChangeEventsMessage>(progress, &object).await
        {
            Ok(read) => read,
            Err(Error::Integrity(reason)) => {
                notes.push(format!("{reason}; its files are sent to {reader} once more"));
                continue;
            }
            Err(Error::Core(CoreError::Rejected(reject))) => {
                notes.push(format!("{reject}; its files are sent to {reader} once more"));
                continue;
            }
            Err(error) => return Err(error),
        };
        let seq = message.position.map(|position| position.seq);
        outbox.head = seq.map(|seq| Head { seq, hash }).or(outbox.head);
        for event in message.events {
            match event.change.new_hash() {
                Some(hash) => outbox.sent.insert(event.path, hash),
                None => outbox.sent.remove(&event.path),
            };
        }
    }
    Ok(outbox)
}
