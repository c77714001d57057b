//! Folders in Drive: found, made, shared.

use std::sync::{Mutex, PoisonError};

use google_drive3::api::File;
use google_drive3::hyper::Method;
use serde_json::json;
use syft_core::Email;

use super::call::{Call, What};
use super::client::Client;
use super::files::{FIELDS, is_folder, owner_of};
use super::ids::Made;
use super::known::Known;
use super::names::{Direction, Folder, OF_OTHERS, Purpose};
use super::query::{FOLDER_TYPE, Query};
use crate::{Error, Result, Skipped};

/// The folders of one account and those that others share with it.
#[derive(Debug)]
pub(super) struct Folders {
    pub(super) client: Client,
    pub(super) me: Email,
    pub(super) known: Known,
    /// Whether all that I made before is known. One at a time makes folders, so that none
    /// is made twice.
    making: tokio::sync::Mutex<bool>,
    /// What was passed over when others' folders were looked for, if they were since the
    /// last refresh.
    seen: Mutex<Option<Vec<Skipped>>>,
    /// One at a time asks for ids.
    pub(super) asking: tokio::sync::Mutex<()>,
}

impl Folders {
    pub(super) fn new(client: Client, me: Email, known: Known) -> Self {
        let (making, seen, asking) = Default::default();
        Folders { client, me, known, making, seen, asking }
    }

    /// The ids of a folder, after a look at the store if none is known; of twins the
    /// oldest first.
    pub(super) async fn find(&self, folder: &Folder, what: &What) -> Result<Vec<String>> {
        let known = self.known.ids(folder);
        if !known.is_empty() {
            return Ok(known);
        }
        if folder.owner == self.me {
            self.survey_mine(what).await?;
        } else {
            self.survey_others(what).await?;
        }
        Ok(self.known.ids(folder))
    }

    /// Finds out what the next look does not know: what is known of others is known again.
    pub(super) fn look_anew(&self) {
        self.note_seen(None);
    }

    fn note_seen(&self, skipped: Option<Vec<Skipped>>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = skipped;
    }

    /// Knows what others share with me: as of a survey since the last refresh. Tells what
    /// that one passed over.
    pub(super) async fn know_others(&self, what: &What) -> Result<Vec<Skipped>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match seen {
            Some(skipped) => Ok(skipped),
            None => self.survey_others(what).await,
        }
    }

    /// Knows all that I made.
    pub(super) async fn know_mine(&self, what: &What) -> Result<()> {
        let mut has_surveyed = self.making.lock().await;
        if !*has_surveyed {
            self.survey_mine(what).await?;
            *has_surveyed = true;
        }
        Ok(())
    }

    /// Looks for everything that I made.
    pub(super) async fn survey_mine(&self, what: &What) -> Result<()> {
        let mut roots = self.known.ids(&Folder::root(&self.me));
        if roots.is_empty() {
            roots = self.survey_roots(what).await?;
        }
        match self.survey_below(&roots, what).await {
            // What was known was deleted.
            Err(Error::NotFound { .. }) => {
                roots.iter().for_each(|id| drop(self.known.forget(id)));
                let roots = self.survey_roots(what).await?;
                self.survey_below(&roots, what).await
            }
            done => done,
        }
    }

    async fn survey_roots(&self, what: &What) -> Result<Vec<String>> {
        let root = Folder::root(&self.me);
        let query = Query::folders().named(&root.to_string()).of(&self.me);
        let (mut found, _) = recognised(self.client.search_all(&query, what).await?);
        found.retain(|(folder, _)| *folder == root);
        self.known.replace(|folder| *folder == root, found);
        Ok(self.known.ids(&root))
    }

    async fn survey_below(&self, roots: &[String], what: &What) -> Result<()> {
        let mut found = Vec::new();
        if !roots.is_empty() {
            let ids: Vec<&str> = roots.iter().map(String::as_str).collect();
            let query = Query::folders().in_one_of(&ids).of(&self.me);
            (found, _) = recognised(self.client.search_all(&query, what).await?);
        }
        let is_mine = |folder: &Folder| folder.owner == self.me && folder.purpose != Purpose::Root;
        self.known.replace(is_mine, found);
        Ok(())
    }

    /// Looks for everything that others share with me. Tells what has a name of ours and
    /// is nevertheless none of ours.
    pub(super) async fn survey_others(&self, what: &What) -> Result<Vec<Skipped>> {
        let query = Query::folders().of_others().name_has_one_of(&OF_OTHERS);
        let (found, skipped) = recognised(self.client.search_all(&query, what).await?);
        self.known.replace(|folder| folder.owner != self.me, found);
        self.note_seen(Some(skipped.clone()));
        Ok(skipped)
    }

    /// The id of a folder of mine, which is made if it is not there.
    pub(super) async fn make(&self, folder: &Folder, what: &What) -> Result<String> {
        if let Some(id) = self.known.ids(folder).into_iter().next() {
            return Ok(id);
        }
        let mut has_surveyed = self.making.lock().await;
        if !*has_surveyed {
            self.survey_mine(what).await?;
            *has_surveyed = true;
        }
        if let Some(id) = self.known.ids(folder).into_iter().next() {
            return Ok(id);
        }
        let made = self.make_below_root(folder, what).await;
        // A folder whose making got no answer may be there.
        *has_surveyed = made.is_ok();
        made
    }

    async fn make_below_root(&self, folder: &Folder, what: &What) -> Result<String> {
        let root = Folder::root(&self.me);
        let parent = match self.known.ids(&root).into_iter().next() {
            Some(id) => id,
            None => self.create(&root, None, what).await?,
        };
        if *folder == root {
            return Ok(parent);
        }
        match self.create(folder, Some(&parent), what).await {
            // It was deleted after it was found.
            Err(error @ Error::NotFound { .. }) => {
                self.known.forget(&parent);
                Err(error)
            }
            made => made,
        }
    }

    async fn create(&self, folder: &Folder, parent: Option<&str>, what: &What) -> Result<String> {
        let key = format!("folder/{folder}");
        let made = self.make_once(&key, what, |id| self.create_as(id, folder, parent, what)).await;
        if !matches!(&made, Err(error) if error.is_retryable()) {
            self.known.end(&key);
        }
        let (Made::Now(file) | Made::Before(file)) = made?;
        let id = file.id.ok_or_else(|| {
            Error::temporary(what.action, &what.subject, "Google named no folder")
        })?;
        self.known.add_made(folder.clone(), id.clone());
        Ok(id)
    }

    async fn create_as(
        &self,
        id: String,
        folder: &Folder,
        parent: Option<&str>,
        what: &What,
    ) -> Result<File> {
        let mut about = json!({ "id": id, "name": folder.to_string(), "mimeType": FOLDER_TYPE });
        if let (Some(parent), Some(fields)) = (parent, about.as_object_mut()) {
            fields.insert("parents".to_owned(), json!([parent]));
        }
        let call = self
            .client
            .call(Method::POST, &["files"], what.clone())
            .query("fields", FIELDS)
            .json(&about);
        self.client.json(&call).await
    }

    /// Makes both boxes between a datasite and me, its peer, and lets it in. One who has
    /// opened none for me is told by mail, once.
    pub(super) async fn open_pair(&self, datasite: &Email, what: &What) -> Result<()> {
        let mut ids = Vec::new();
        for direction in [Direction::Inbox, Direction::Outbox] {
            let folder = Folder::pair(&self.me, datasite, direction, &self.me);
            ids.push(self.make(&folder, what).await?);
        }
        let theirs = Folder::pair(datasite, &self.me, Direction::Inbox, datasite);
        let is_request = self.known.ids(&theirs).is_empty();
        self.let_in(&ids, datasite, is_request, what).await
    }

    /// Makes my own box of messages to a peer that has opened none.
    pub(super) async fn open_outbox(&self, peer: &Email, what: &What) -> Result<()> {
        let theirs = Folder::pair(peer, &self.me, Direction::Outbox, peer);
        if !self.find(&theirs, what).await?.is_empty() {
            return Ok(());
        }
        let mine = Folder::pair(&self.me, &self.me, Direction::Outbox, peer);
        let id = self.make(&mine, what).await?;
        self.let_in(&[id], peer, false, what).await
    }

    /// Lets a peer read and write in these folders of mine.
    async fn let_in(&self, ids: &[String], peer: &Email, by_mail: bool, what: &What) -> Result<()> {
        let new: Vec<String> = ids.iter().filter(|id| !self.known.is_shared(id)).cloned().collect();
        let call = |(number, id): (usize, &String)| -> Call {
            self.client.share_call(id, peer, "writer", by_mail && number == 0, what)
        };
        let calls: Vec<Call> = new.iter().enumerate().map(call).collect();
        for shared in self.client.batch(&calls, what).await? {
            shared?;
        }
        if !new.is_empty() {
            self.known.set_shared(&new);
        }
        Ok(())
    }
}

/// The folders of ours among these, with their ids, oldest first, and what only looks as
/// if it were one.
fn recognised(mut files: Vec<File>) -> (Vec<(Folder, String)>, Vec<Skipped>) {
    files.sort_by(|a, b| (a.created_time, &a.id).cmp(&(b.created_time, &b.id)));
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| is_folder(file)) {
        let name = file.name.as_deref().unwrap_or_default();
        let owner = owner_of(file);
        let folder = owner.as_ref().and_then(|owner| Folder::parse(name, owner));
        match (folder, &file.id) {
            (Some(folder), Some(id)) if folder.is_in_place() => found.push((folder, id.clone())),
            (Some(folder), _) => {
                skipped.push(Skipped::new(name, format!("it was opened by {}", folder.owner)));
            }
            // Names of another version, or of a search that found too much.
            (None, _) => {}
        }
    }
    (found, skipped)
}

/// The folder that one file is, if it is one of ours.
pub(super) fn recognise(file: File) -> Option<(Folder, String)> {
    recognised(vec![file]).0.into_iter().next()
}
