//! Whether the files of a dataset fit into the stores where they are to lie.

use std::fs::DirEntry;
use std::path::Path;

use syft_core::DatasetName;
use syft_dataset::{Audience, Dataset};
use syft_transport::{CollectionHash, CollectionKind, Space};

use crate::Result;
use crate::node::Node;
use crate::room::Room;

impl Node {
    /// Refuses files of a dataset to be made that could not lie where they are to.
    ///
    /// # Errors
    /// [`Error::Refused`](crate::Error::Refused).
    pub(crate) fn check_sources(
        &self,
        name: &DatasetName,
        mock: Option<&Path>,
        uploaded: Option<&Path>,
        readers: &Audience,
    ) -> Result<()> {
        if let Some(mock) = mock {
            self.rooms(name, readers)?.iter().try_for_each(|room| check_source(room, mock))?;
        }
        let Some(uploaded) = uploaded else { return Ok(()) };
        check_source(&self.room_of(CollectionKind::Private, name)?, uploaded)
    }

    /// The same of a mock that is there, and is to be shared with these.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn check_mock(&self, dataset: &Dataset, readers: &Audience) -> Result<()> {
        for room in self.rooms(&dataset.name, readers)? {
            for file in &dataset.mock {
                room.check(format_args!("{} of {}", file.path, dataset.name), file.size)?;
            }
        }
        Ok(())
    }

    /// What each store takes in which a mock lies for these readers.
    fn rooms(&self, name: &DatasetName, readers: &Audience) -> Result<Vec<Room>> {
        let mut rooms = vec![self.room_of(CollectionKind::Mock, name)?];
        if let Audience::Users(readers) = readers {
            rooms.extend(readers.iter().map(|reader| self.room_to(reader)));
        }
        Ok(rooms)
    }

    fn room_of(&self, kind: CollectionKind, name: &DatasetName) -> Result<Room> {
        // Where it lies does not go by its content.
        let hash = CollectionHash::parse("0")?;
        let (owner, tag) = (self.email.clone(), name.clone());
        let space = Space::Collection { owner, kind, tag, hash };
        Ok(Room::of(self.transport.info_of(&space)))
    }
}

/// What cannot be looked at is told by whoever reads it.
fn check_source(room: &Room, path: &Path) -> Result<()> {
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    if !found.is_dir() {
        return room.check(path.display(), found.len());
    }
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(()) };
    // What a link leads to is no part of a dataset.
    let is_own = |entry: &DirEntry| entry.file_type().is_ok_and(|it| !it.is_symlink());
    let mut entries = entries.flatten().filter(is_own);
    entries.try_for_each(|entry| check_source(room, &entry.path()))
}
