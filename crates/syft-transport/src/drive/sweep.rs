//! What is left of me in Drive when all my objects are gone.

use std::collections::{BTreeMap, BTreeSet};

use google_drive3::api::File;
use google_drive3::hyper::Method;
use syft_core::ProposalName;

use super::DriveTransport;
use super::call::{Call, What};
use super::files::owner_of;
use super::many::MOST_NAMED;
use super::names::{Folder, Purpose};
use super::query::Query;
use super::remove::gone;
use crate::Result;

/// How the names of messages begin that their readers put away (`protocol.md` a.2).
const MESSAGE: &str = "msgv2_";

impl DriveTransport {
    /// Deletes my folders in which nothing lies, or with `received` nothing of mine, and the
    /// messages of mine that their readers put away. Returns the names.
    pub(super) async fn sweep_all(&self, received: bool) -> Result<Vec<String>> {
        let what = What::new("sweep", "Google Drive");
        self.folders.survey_mine(&what).await?;
        let mine: BTreeMap<String, Folder> = self.my_folders();
        let mut swept =
            self.delete_each(self.put_away_by_others(&mine, &what).await?, &what).await?;
        let is_root = |folder: &Folder| folder.purpose == Purpose::Root;
        let (roots, below): (Vec<_>, Vec<_>) =
            mine.into_iter().partition(|(_, folder)| is_root(folder));
        // The root last: it holds the others.
        for folders in [below, roots] {
            let full = self.full(&folders, received, &what).await?;
            let empty = folders.into_iter().filter(|(id, _)| !full.contains(id));
            let empty = empty.map(|(id, folder)| (id, folder.to_string())).collect();
            swept.extend(self.delete_each(empty, &what).await?);
        }
        Ok(swept)
    }

    fn my_folders(&self) -> BTreeMap<String, Folder> {
        let known = self.folders.known.folders().into_iter();
        let mine = known.filter(|folder| folder.owner == *self.me());
        mine.flat_map(|folder| {
            let ids = self.folders.known.ids(&folder);
            ids.into_iter().map(move |id| (id, folder.clone()))
        })
        .collect()
    }

    /// Those of these folders that stay.
    async fn full(
        &self,
        folders: &[(String, Folder)],
        received: bool,
        what: &What,
    ) -> Result<BTreeSet<String>> {
        let mut full = BTreeSet::new();
        for some in folders.chunks(MOST_NAMED) {
            let ids: Vec<&str> = some.iter().map(|(id, _)| id.as_str()).collect();
            let found = self.client().search_all(&Query::all().in_one_of(&ids), what).await?;
            let counts = |file: &&File| !received || owner_of(file).as_ref() == Some(self.me());
            full.extend(
                found.iter().filter(counts).flat_map(|file| file.parents.clone()).flatten(),
            );
        }
        Ok(full)
    }

    /// Messages of mine in no folder of mine.
    async fn put_away_by_others(
        &self,
        mine: &BTreeMap<String, Folder>,
        what: &What,
    ) -> Result<Vec<(String, String)>> {
        let query = Query::all().of(self.me()).name_has_one_of(&[MESSAGE]);
        let mut messages = self.client().search_all(&query, what).await?;
        messages.retain(|file| !file.parents.iter().flatten().any(|id| mine.contains_key(id)));
        let named = |file: File| Some((file.id?, file.name?));
        // What else of mine is called so is none of the program's.
        let is_message = |(_, name): &(String, String)| ProposalName::parse(name).is_ok();
        Ok(messages.into_iter().filter_map(named).filter(is_message).collect())
    }

    async fn delete_each(&self, files: Vec<(String, String)>, what: &What) -> Result<Vec<String>> {
        let call = |(id, _): &(String, String)| {
            self.client().call(Method::DELETE, &["files", id], what.clone())
        };
        let calls: Vec<Call> = files.iter().map(call).collect();
        let done = self.client().batch(&calls, what).await?;
        for (done, (id, _)) in done.into_iter().zip(&files) {
            gone(done)?;
            self.folders.forget(id);
        }
        Ok(files.into_iter().map(|(_, name)| name).collect())
    }
}
