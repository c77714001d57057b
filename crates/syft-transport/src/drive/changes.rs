//! What changed anywhere in the account, in one request (Drive API, "Retrieve changes").

use async_trait::async_trait;
use google_drive3::api::{Change as DriveChange, ChangeList, File, StartPageToken};
use google_drive3::hyper::Method;

use super::DriveTransport;
use super::call::What;
use super::files::{FIELDS, is_folder, object, owner_of};
use super::folders::recognise;
use super::names::Folder;
use crate::{Change, ChangePage, Changes, Cursor, Error, Result, Space};

#[async_trait]
impl Changes for DriveTransport {
    async fn cursor(&self) -> Result<Cursor> {
        let what = What::new("read the changes of", &self.info.name);
        let call = self.client().call(Method::GET, &["changes", "startPageToken"], what.clone());
        let token: StartPageToken = self.client().json(&call).await?;
        token.start_page_token.map(Cursor).ok_or_else(|| {
            Error::temporary(what.action, what.subject, "Google named no place in them")
        })
    }

    async fn since(&self, cursor: &Cursor) -> Result<ChangePage> {
        let what = What::new("read the changes of", &self.info.name);
        let fields =
            format!("nextPageToken,newStartPageToken,changes(fileId,removed,file({FIELDS}))");
        let call = self
            .client()
            .call(Method::GET, &["changes"], what.clone())
            .query("pageToken", &cursor.0)
            .query("pageSize", "1000")
            .query("fields", &fields);
        let page: ChangeList = match self.client().json(&call).await {
            // So does Drive refuse a place that it does not know.
            Err(Error::Permanent { context, .. } | Error::NotFound { context, .. }) => {
                return Err(Error::precondition(what.action, what.subject, context.detail));
            }
            page => page?,
        };
        let changes = page.changes.unwrap_or_default();
        if changes.iter().any(|change| self.is_of_an_unknown_folder(change)) {
            self.folders.survey_others(&what).await?;
        }
        let changes = changes.into_iter().filter_map(|change| self.change(change)).collect();
        let more = page.next_page_token.is_some();
        let next = page.next_page_token.or(page.new_start_page_token).map(Cursor);
        Ok(ChangePage { changes, next: next.unwrap_or_else(|| cursor.clone()), more })
    }
}

impl DriveTransport {
    /// Whether it is about a file that somebody put into a folder which may be one of ours,
    /// opened before the feed was followed.
    fn is_of_an_unknown_folder(&self, change: &DriveChange) -> bool {
        change.file.as_ref().is_some_and(|file| {
            let mut parents = file.parents.iter().flatten();
            let is_known = parents.any(|parent| self.folders.known.folder(parent).is_some());
            let is_hidden = file.parents.is_none();
            !is_folder(file)
                && !is_known
                && !is_hidden
                && owner_of(file).is_some_and(|owner| owner != *self.me())
        })
    }

    fn change(&self, change: DriveChange) -> Option<Change> {
        let id = change.file_id?;
        match change.file {
            Some(file) if change.removed != Some(true) && file.trashed != Some(true) => {
                if is_folder(&file) {
                    self.folder_change(id, file)
                } else {
                    Some(self.file_change(id, &file))
                }
            }
            _ => match self.folders.known.forget(&id) {
                Some(folder) => folder.space().map(Change::Space),
                None => Some(Change::Removed { id }),
            },
        }
    }

    fn folder_change(&self, id: String, file: File) -> Option<Change> {
        let Some((folder, id)) = recognise(file.clone()) else {
            // It may have had a name of ours, or lie where only files should.
            return match self.folders.known.forget(&id) {
                Some(known) => known.space().map(Change::Space),
                None => Some(self.file_change(id, &file)),
            };
        };
        let space = folder.space();
        self.folders.known.add(folder, id);
        space.filter(|space| !matches!(space, Space::Archive { .. })).map(Change::Opened)
    }

    /// What left a space for a folder that nobody reads, or for one that is none of ours,
    /// is gone.
    fn file_change(&self, id: String, file: &File) -> Change {
        let name = file.name.as_deref().unwrap_or_default();
        let parents = file.parents.iter().flatten();
        let mut folders = parents.filter_map(|parent| self.folders.known.folder(parent));
        let known = folders.find_map(|folder| folder.space_of(name));
        let space = known.or_else(|| Folder::profile_of(&owner_of(file)?, name));
        let space = space.filter(|space| !matches!(space, Space::Archive { .. }));
        match space.map(|space| (object(&space, file), space)) {
            Some((Ok(object), _)) => Change::Put(object),
            Some((Err(skipped), space)) => Change::Odd { space, skipped },
            None => Change::Removed { id },
        }
    }
}
