//! Folders in Drive: found, made, shared.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
    fresh: Mutex<Fresh>,
    /// One at a time asks for ids.
    pub(super) asking: tokio::sync::Mutex<()>,
}

/// What need not be looked for again before the next refresh.
#[derive(Debug, Default)]
struct Fresh {
    /// Whether anybody refreshes; else all is looked for each time.
    counts: bool,
    mine: bool,
    /// What was passed over.
    others: Option<Vec<Skipped>>,
}

impl Folders {
    pub(super) fn new(client: Client, me: Email, known: Known) -> Self {
        let (making, fresh, asking) = Default::default();
        Folders { client, me, known, making, fresh, asking }
    }

    fn fresh(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is looked for from now on is looked for once until this is called again.
    pub(super) fn refresh(&self) {
        *self.fresh() = Fresh { counts: true, ..Fresh::default() };
    }

    /// Forgets a folder that is gone: there may be another of its name.
    pub(super) fn forget(&self, id: &str) {
        let mut fresh = self.fresh();
        (fresh.mine, fresh.others) = (false, None);
        self.known.forget(id);
    }

    /// The ids of a folder, after a look at the store if none is known; of twins the
    /// oldest first.
    pub(super) async fn find(&self, folder: &Folder, what: &What) -> Result<Vec<String>> {
        let known = self.known.ids(folder);
        if !known.is_empty() {
            return Ok(known);
        }
        if folder.owner == self.me {
            self.look_at_mine(what).await?;
        } else {
            self.look_at_others(what).await?;
        }
        Ok(self.known.ids(folder))
    }

    /// Makes sure that everything is known that I made.
    pub(super) async fn look_at_mine(&self, what: &What) -> Result<()> {
        if self.fresh().mine {
            return Ok(());
        }
        self.survey_mine(what).await?;
        let mut fresh = self.fresh();
        fresh.mine = fresh.counts;
        Ok(())
    }

    /// Makes sure that everything is known that others share with me. Tells what has a name
    /// of ours and is nevertheless none of ours.
    pub(super) async fn look_at_others(&self, what: &What) -> Result<Vec<Skipped>> {
        if let Some(skipped) = &self.fresh().others {
            return Ok(skipped.clone());
        }
        self.survey_others(what).await
    }

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

    /// Looks for everything that others share with me, again.
    pub(super) async fn survey_others(&self, what: &What) -> Result<Vec<Skipped>> {
        let query = Query::folders().of_others().name_has_one_of(&OF_OTHERS);
        let (found, skipped) = recognised(self.client.search_all(&query, what).await?);
        self.known.replace(|folder| folder.owner != self.me, found);
        let mut fresh = self.fresh();
        fresh.others = fresh.counts.then(|| skipped.clone());
        Ok(skipped)
    }

    /// The id of a folder of mine, which is made if it is not there.
    pub(super) async fn make(&self, folder: &Folder, what: &What) -> Result<String> {
        if let Some(id) = self.known.ids(folder).into_iter().next() {
            return Ok(id);
        }
        let mut has_surveyed = self.making.lock().await;
        if !*has_surveyed {
            self.look_at_mine(what).await?;
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
                self.forget(&parent);
                Err(error)
            }
            made => made,
        }
    }

    async fn create(&self, folder: &Folder, parent: Option<&str>, what: &What) -> Result<String> {
        let key = format!("folder/{folder}");
        let name = folder.to_string();
        let make = |id| self.create_as(id, folder, parent, what);
        let made = self.make_once(&key, &name, what, make).await;
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

    /// Both boxes between a datasite and me, its peer.
    fn boxes(&self, datasite: &Email) -> [Folder; 2] {
        [Direction::Inbox, Direction::Outbox]
            .map(|direction| Folder::pair(&self.me, datasite, direction, &self.me))
    }

    /// Makes both boxes between a datasite and me, its peer, and lets it in. One who has
    /// opened none for me is told by mail, once.
    pub(super) async fn open_pair(&self, datasite: &Email, what: &What) -> Result<()> {
        let mut ids = Vec::new();
        for folder in self.boxes(datasite) {
            ids.push(self.make(&folder, what).await?);
        }
        let theirs = Folder::pair(datasite, &self.me, Direction::Inbox, datasite);
        let is_request = self.known.ids(&theirs).is_empty();
        self.let_in(&ids, datasite, is_request, what).await
    }

    /// Those of my boxes between a datasite and me that there are.
    pub(super) async fn pair(&self, datasite: &Email, what: &What) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for folder in self.boxes(datasite) {
            ids.extend(self.find(&folder, what).await?);
        }
        Ok(ids)
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

    /// Lets a peer read and write in these folders of mine, into which it was not let yet
    /// as far as is known.
    async fn let_in(&self, ids: &[String], peer: &Email, by_mail: bool, what: &What) -> Result<()> {
        let new: Vec<String> = ids.iter().filter(|id| !self.known.is_shared(id)).cloned().collect();
        self.share(&new, peer, by_mail, what).await
    }

    /// Lets a peer into these folders, unless this process did. What is remembered does not
    /// count: another process may have shut the peer out since.
    pub(super) async fn let_in_again(
        &self,
        ids: &[String],
        peer: &Email,
        what: &What,
    ) -> Result<()> {
        let old: Vec<String> =
            ids.iter().filter(|id| !self.known.is_shared_by_us(id)).cloned().collect();
        self.share(&old, peer, false, what).await
    }

    async fn share(&self, new: &[String], peer: &Email, by_mail: bool, what: &What) -> Result<()> {
        let call = |(number, id): (usize, &String)| -> Call {
            self.client.share_call(id, peer, "writer", by_mail && number == 0, what)
        };
        let calls: Vec<Call> = new.iter().enumerate().map(call).collect();
        for shared in self.client.batch(&calls, what).await? {
            shared?;
        }
        if !new.is_empty() {
            self.known.set_shared(new);
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
