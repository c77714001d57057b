//! What was read in this pass, so that sending it does not read it again.

use std::collections::BTreeMap;

use syft_core::{Content, ContentHash, DatasitePath, Metadata};

/// Content that is kept at a time, in bytes; what does not fit is read again.
const ROOM: usize = 64 << 20;

/// Files as they were read.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    used: usize,
    kept: BTreeMap<DatasitePath, Kept>,
}

#[derive(Debug)]
struct Kept {
    metadata: Metadata,
    hash: ContentHash,
    content: Content,
}

impl Contents {
    /// Keeps a file as it was read when the disk said this of it.
    pub(crate) fn keep(
        &mut self,
        path: &DatasitePath,
        metadata: &Metadata,
        hash: ContentHash,
        content: &Content,
    ) {
        let size = content.as_bytes().len();
        let before = self.kept.remove(path);
        self.used -= before.map_or(0, |kept| kept.content.as_bytes().len());
        if self.used + size <= ROOM {
            self.used += size;
            let kept = Kept { metadata: *metadata, hash, content: content.clone() };
            self.kept.insert(path.clone(), kept);
        }
    }

    /// A file, if this is still what the disk says of it.
    pub(crate) fn at(
        &self,
        path: &DatasitePath,
        metadata: &Metadata,
    ) -> Option<(ContentHash, Content)> {
        let kept = self.kept.get(path).filter(|kept| kept.metadata == *metadata)?;
        Some((kept.hash, kept.content.clone()))
    }

    /// A file, if these bytes were read.
    pub(crate) fn holding(&self, path: &DatasitePath, hash: ContentHash) -> Option<Content> {
        let kept = self.kept.get(path).filter(|kept| kept.hash == hash)?;
        Some(kept.content.clone())
    }
}
