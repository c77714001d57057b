//! Many spaces in few requests (Drive API, "Search for files and folders").

use std::collections::{BTreeMap, BTreeSet};

use google_drive3::api::File;
use syft_core::Email;

use super::DriveTransport;
use super::call::What;
use super::files::owner_of;
use super::list::as_line;
use super::names::{Folder, PEERS_FILE, VERSION_FILE};
use super::query::Query;
use crate::transport::list_whole;
use crate::{Error, Listed, Result, Space};

/// Folders or owners that one search names: with more its address becomes too long.
pub(super) const MOST_NAMED: usize = 50;

impl DriveTransport {
    /// What lies in these spaces. One that cannot be looked into together with the others is
    /// asked for by itself, and what is wrong with it is said of it.
    pub(super) async fn list_together(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        let what = What::new("list", format!("{} spaces", spaces.len()));
        self.know_folders(spaces, &what).await?;
        let mut asked = Asked::new(spaces);
        for (place, space) in spaces.iter().enumerate() {
            match self.reads(space) {
                true => asked.add(place, space, self.known_places(space), self.roots_of(space)),
                false => drop(asked.alone.insert(place)),
            }
        }
        self.search_folders(&mut asked, &what).await?;
        self.search_profiles(&mut asked, &what).await?;
        let Asked { lists, alone, .. } = asked;
        let mut told = Vec::with_capacity(spaces.len());
        for (place, (space, list)) in spaces.iter().zip(lists).enumerate() {
            told.push(match alone.contains(&place) {
                true => list_whole(self, space).await,
                false => Ok(list),
            });
        }
        Ok(told)
    }

    /// Looks for the folders that are not known: they may have been opened meanwhile.
    async fn know_folders(&self, spaces: &[Space], what: &What) -> Result<()> {
        let unknown = spaces.iter().filter(|space| self.known_places(space).is_empty());
        let folders: Vec<Folder> = unknown.flat_map(Folder::parts_of).collect();
        if folders.iter().any(|folder| folder.owner == *self.me()) {
            self.folders.look_at_mine(what).await?;
        }
        if folders.iter().any(|folder| folder.owner != *self.me()) {
            self.folders.look_at_others(what).await?;
        }
        Ok(())
    }

    async fn search_folders(&self, asked: &mut Asked<'_>, what: &What) -> Result<()> {
        let roots = std::mem::take(&mut asked.roots);
        let is_root = |id: &&String| !roots.contains(*id);
        let ids: Vec<String> = asked.folders.keys().filter(is_root).cloned().collect();
        // The roots are looked into with the first of them.
        let mut roots: &[String] = &Vec::from_iter(roots.clone());
        for ids in ids.chunks(MOST_NAMED) {
            let roots = std::mem::take(&mut roots);
            let query = Query::all().in_one_of_or_named(ids, PEERS_FILE, roots);
            let is_told = match self.client().search_all(&query, what).await {
                Ok(files) => files.iter().all(|file| asked.put_by_folder(file)),
                // One of them is gone, and it is not said which.
                Err(Error::NotFound { .. }) => false,
                Err(error) => return Err(error),
            };
            if !is_told {
                let places = ids.iter().chain(roots).filter_map(|id| asked.folders.get(id));
                asked.alone.extend(places);
            }
        }
        Ok(())
    }

    async fn search_profiles(&self, asked: &mut Asked<'_>, what: &What) -> Result<()> {
        let owners: Vec<Email> = asked.profiles.keys().cloned().collect();
        for owners in owners.chunks(MOST_NAMED) {
            let query = Query::all().named(VERSION_FILE).of_one_of(owners);
            let files = self.client().search_all(&query, what).await?;
            files.iter().for_each(|file| asked.put_by_owner(file));
        }
        Ok(())
    }
}

/// What is asked for, and by what it is told to which of the spaces a file belongs.
#[derive(Debug)]
struct Asked<'a> {
    spaces: &'a [Space],
    lists: Vec<Vec<Listed>>,
    folders: BTreeMap<String, usize>,
    profiles: BTreeMap<Email, usize>,
    /// Those of the folders in which one file alone is of a space.
    roots: BTreeSet<String>,
    /// These are asked for by themselves.
    alone: BTreeSet<usize>,
}

impl<'a> Asked<'a> {
    fn new(spaces: &'a [Space]) -> Self {
        let lists = spaces.iter().map(|_| Vec::new()).collect();
        let (folders, profiles, roots, alone) = Default::default();
        Asked { spaces, lists, folders, profiles, roots, alone }
    }

    fn add(&mut self, place: usize, space: &Space, ids: Vec<String>, roots: Vec<String>) {
        let has_root_alone = ids.is_empty() && !roots.is_empty();
        let is_known = has_root_alone
            || ids.iter().any(|id| self.folders.contains_key(id))
            || matches!(space, Space::Profile { owner } if self.profiles.contains_key(owner));
        if is_known {
            // It was asked for before, or has no folder to be looked into with the others.
            self.alone.insert(place);
            return;
        }
        self.folders.extend(ids.into_iter().chain(roots.clone()).map(|id| (id, place)));
        self.roots.extend(roots);
        if let Space::Profile { owner } = space {
            self.profiles.insert(owner.clone(), place);
        }
    }

    /// Whether it is told where the file lies.
    fn put_by_folder(&mut self, file: &File) -> bool {
        let mut parents = file.parents.iter().flatten();
        let place = parents.find_map(|parent| self.folders.get(parent)).copied();
        place.is_some_and(|place| self.put(place, file))
    }

    fn put_by_owner(&mut self, file: &File) {
        if let Some(place) = owner_of(file).and_then(|owner| self.profiles.get(&owner).copied()) {
            self.put(place, file);
        }
    }

    fn put(&mut self, place: usize, file: &File) -> bool {
        let (Some(space), Some(list)) = (self.spaces.get(place), self.lists.get_mut(place)) else {
            return false;
        };
        list.push(as_line(space, file));
        true
    }
}
