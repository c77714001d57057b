//! Objects that leave a space.

use std::collections::BTreeMap;

use bytes::Bytes;
use google_drive3::hyper::Method;
use serde_json::json;
use syft_core::Email;

use super::DriveTransport;
use super::call::{Call, What};
use super::names::Folder;
use super::query::Query;
use crate::access::{check_delete, check_retire};
use crate::{Error, Object, Result, Space};

impl DriveTransport {
    /// Deletes and retires, all of it in one request if it is not too much. What somebody
    /// sent me only its author deletes: I put it away.
    pub(super) async fn clear_all(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        deleted.iter().try_for_each(|object| check_delete(&object.space, self.me()))?;
        retired.iter().try_for_each(|object| check_retire(&object.space, self.me()))?;
        let is_mine = |object: &&Object| object.owner.as_ref() == Some(self.me());
        let (mine, mut away): (Vec<&Object>, Vec<&Object>) = deleted.iter().partition(is_mine);
        away.extend(retired);
        let delete = |object: &&Object| {
            let what = What::new("delete", object);
            self.client().call(Method::DELETE, &["files", &object.id], what)
        };
        let mut calls: Vec<Call> = mine.iter().map(delete).collect();
        calls.extend(self.moves(&away).await?);
        let what = What::new("take away", "files in Google Drive");
        let mut done = self.client().batch(&calls, &what).await?;
        let moved = done.split_off(mine.len());
        for done in done {
            gone(done)?;
        }
        for (done, object) in moved.into_iter().zip(away) {
            match gone(done) {
                // It may be there already.
                Err(error @ (Error::Permanent { .. } | Error::Denied { .. })) => {
                    self.check_put_away(object, error).await?;
                }
                done => done?,
            }
        }
        self.close_collections(&mine).await
    }

    /// What moves messages into the archive of their sender.
    async fn moves(&self, objects: &[&Object]) -> Result<Vec<Call>> {
        let what = What::new("retire", "messages in Google Drive");
        let mut archives: BTreeMap<Email, String> = BTreeMap::new();
        let mut calls = Vec::new();
        for object in objects {
            let sender = object.space.writer();
            let archive = match archives.get(sender) {
                Some(id) => id.clone(),
                None => {
                    let id = self.folders.make(&Folder::archive(self.me(), sender), &what).await?;
                    archives.insert(sender.clone(), id.clone());
                    id
                }
            };
            let from: Vec<String> = Folder::all_of(&object.space, Some(&object.name))
                .iter()
                .flat_map(|folder| self.folders.known.ids(folder))
                .collect();
            calls.push(
                self.client()
                    .call(Method::PATCH, &["files", &object.id], What::new("retire", object))
                    .query("addParents", &archive)
                    .query("removeParents", &from.join(","))
                    .query("supportsAllDrives", "true")
                    .query("fields", "id")
                    .json(&json!({})),
            );
        }
        Ok(calls)
    }

    async fn check_put_away(&self, object: &Object, error: Error) -> Result<()> {
        let file = match self.client().look_up(&object.id, &What::new("retire", object)).await {
            Err(Error::NotFound { .. }) => return Ok(()),
            file => file?,
        };
        let parents = file.parents.iter().flatten();
        let mut spaces = parents.filter_map(|id| self.folders.known.folder(id)?.space());
        match spaces.any(|space| space == object.space) {
            true => Err(error),
            false => Ok(()),
        }
    }

    /// Deletes the folders of collections in which nothing is left: a peer takes a folder
    /// for a dataset.
    async fn close_collections(&self, deleted: &[&Object]) -> Result<()> {
        let mut spaces: Vec<&Space> = deleted.iter().map(|object| &object.space).collect();
        spaces.retain(|space| matches!(space, Space::Collection { .. }));
        spaces.sort();
        spaces.dedup();
        for space in spaces {
            let what = What::new("close", space);
            for folder in Folder::all_of(space, None) {
                for id in self.folders.known.ids(&folder) {
                    let left = Query::all().in_one_of(&[&id]);
                    if self.client().search(&left, None, &what).await?.files.is_empty() {
                        self.client().remove(&id, &what).await?;
                        self.folders.known.forget(&id);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is gone already is success.
pub(super) fn gone(done: Result<Bytes>) -> Result<()> {
    match done {
        Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
