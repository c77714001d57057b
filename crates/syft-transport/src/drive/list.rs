//! What lies in spaces.

use std::collections::BTreeSet;

use google_drive3::api::File;
use syft_core::Email;

use super::DriveTransport;
use super::call::What;
use super::files;
use super::names::{self, Folder, Purpose};
use super::query::Query;
use crate::{Error, Listed, Result, Space};

impl DriveTransport {
    /// The adverts of a participant, of which there should be one.
    pub(super) async fn version_files(&self, owner: &Email, what: &What) -> Result<Vec<File>> {
        let query = Query::all().named(names::VERSION_FILE).of(owner);
        self.client().search_all(&query, what).await
    }

    /// The folders of a space that there are, by their ids, after a look at the store if
    /// none is known.
    pub(super) async fn places(&self, space: &Space, what: &What) -> Result<Vec<String>> {
        let ids = self.known_places(space);
        if !ids.is_empty() {
            return Ok(ids);
        }
        let folders = Folder::parts_of(space);
        if folders.iter().any(|folder| folder.owner == *self.me()) {
            self.folders.look_at_mine(what).await?;
        }
        if folders.iter().any(|folder| folder.owner != *self.me()) {
            self.folders.look_at_others(what).await?;
        }
        Ok(self.known_places(space))
    }

    /// The folders of a space that are known, by their ids.
    pub(super) fn known_places(&self, space: &Space) -> Vec<String> {
        let is_archive = |folder: &Folder| matches!(folder.purpose, Purpose::Archive { .. });
        let mut folders = Folder::parts_of(space);
        if let Space::Archive { .. } = space {
            folders.extend(self.folders.known.folders().into_iter().filter(is_archive));
        }
        let ids = folders.iter().flat_map(|folder| self.folders.known.ids(folder));
        ids.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Where else there is one file of a space: of what a participant keeps for itself, it
    /// lies beside the folders.
    pub(super) fn roots_of(&self, space: &Space) -> Vec<String> {
        match space {
            Space::State { owner } => self.folders.known.ids(&Folder::root(owner)),
            _ => Vec::new(),
        }
    }

    /// What a search in the folders of a space finds.
    async fn search(&self, space: &Space, what: &What) -> Result<Vec<File>> {
        let ids = self.places(space, what).await?;
        let roots = self.roots_of(space);
        let mut files = Vec::new();
        if !(ids.is_empty() && roots.is_empty()) {
            let query = Query::all().in_one_of_or_named(&ids, names::PEERS_FILE, &roots);
            files = self.client().search_all(&query, what).await?;
        }
        if let Space::Profile { owner } = space {
            files.extend(self.version_files(owner, what).await?);
        }
        Ok(files)
    }

    /// Forgets the folders of a space, of which one is gone.
    fn forget(&self, space: &Space) {
        for folder in Folder::parts_of(space) {
            for id in self.folders.known.ids(&folder) {
                self.folders.forget(&id);
            }
        }
    }

    /// What lies in a space.
    pub(super) async fn listed(&self, space: &Space, what: &What) -> Result<Vec<Listed>> {
        let files = match self.search(space, what).await {
            // A folder that was known is gone: there may be another.
            Err(Error::NotFound { .. }) => {
                self.forget(space);
                self.search(space, what).await?
            }
            found => found?,
        };
        Ok(files.iter().map(|file| as_line(space, file)).collect())
    }
}

pub(super) fn as_line(space: &Space, file: &File) -> Listed {
    match files::object(space, file) {
        Ok(object) => Listed::Object(object),
        Err(skipped) => Listed::Skipped(skipped),
    }
}
