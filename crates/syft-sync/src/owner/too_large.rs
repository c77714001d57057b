use std::collections::BTreeSet;

use syft_core::{DatasitePath, Email, Metadata};

use super::look::Look;
use super::{DatasiteOwnerSyncer, is_shared};
use crate::Result;
use crate::engine::due;
use crate::ledger::State;
use crate::peers::{PeerState, PeerTable};
use crate::room::Room;

impl DatasiteOwnerSyncer<'_> {
    /// Which files of mine do not go, since they are larger than a store takes over which they
    /// would: a line each.
    ///
    /// # Errors
    /// The disk.
    pub(crate) fn too_large(&self, state: &State) -> Result<Vec<String>> {
        let node = self.node;
        let table = PeerTable::load(&*node.disk)?;
        let readers: BTreeSet<Email> = table.in_state(PeerState::Accepted).cloned().collect();
        let own = Room::of(node.info_of_mine());
        let rooms: Vec<(&Email, Room)> =
            readers.iter().map(|reader| (reader, node.room_to(reader))).collect();
        if own.is_endless() && rooms.iter().all(|(_, room)| room.is_endless()) {
            return Ok(Vec::new());
        }
        let mut look = Look::new(node)?;
        let permissions = look.permissions()?;
        let mut lines = Vec::new();
        for (path, metadata) in &look.walk.files {
            if (node.is_guarded() || is_shared(&permissions, &readers, path))
                && let Some(size) = self.size_beyond(&own, path, metadata)?
            {
                lines.push(own.lack(path, size));
            }
        }
        for (reader, due) in due(state, node.layouts.own(), &permissions, &readers) {
            let Some((_, room)) = rooms.iter().find(|(one, _)| *one == reader) else { continue };
            for due in due.iter().filter(|due| due.hash.is_some()) {
                if let Some(metadata) = look.walk.files.get(&due.path)
                    && let Some(size) = self.size_beyond(room, &due.path, metadata)?
                {
                    lines.push(room.lack(format_args!("{} for {reader}", due.path), size));
                }
            }
        }
        Ok(lines)
    }

    /// What a file takes in a message, if there is no room for it.
    fn size_beyond(
        &self,
        room: &Room,
        path: &DatasitePath,
        metadata: &Metadata,
    ) -> Result<Option<u64>> {
        if !room.may_lack(metadata.size) {
            return Ok(None);
        }
        Ok(self.read(path)?.and_then(|content| room.beyond(path, &content)))
    }
}
