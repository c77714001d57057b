//! Objects on their way into a space, each of which arrives once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use google_drive3::api::File;
use google_drive3::hyper::Method;
use serde_json::json;
use tokio::sync::Mutex;

use super::DriveTransport;
use super::call::What;
use super::files::{FIELDS, object};
use super::ids::Made;
use super::names::Folder;
use super::upload::{Target, md5_of_body};
use crate::{Error, Object, ObjectName, PutBody, Result, Space, Version};

/// Names that are remembered.
const MOST_SLOTS: usize = 10_000;

type Slot = Arc<Mutex<Option<Object>>>;

/// What this process put or is putting, by space and name: names may repeat in Drive, so
/// that of two puts of one name the second one has to know of the first.
#[derive(Debug, Default)]
pub(super) struct Puts(StdMutex<HashMap<String, Slot>>);

impl Puts {
    pub(super) fn slot(&self, key: &str) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_SLOTS {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        slots.entry(key.to_owned()).or_default().clone()
    }
}

impl DriveTransport {
    pub(super) async fn put_new(
        &self,
        space: &Space,
        name: &ObjectName,
        body: &PutBody,
        what: &What,
    ) -> Result<Object> {
        let put = |id| self.put_into_folder(id, space, name, body, what);
        self.once(space, name, put, |there| same(there, body, what), what).await
    }

    pub(super) async fn copy_object(
        &self,
        object: &Object,
        space: &Space,
        name: &ObjectName,
    ) -> Result<Object> {
        let what = What::new("copy", object);
        let copy = |id| self.copy_into_folder(id, object, space, name, &what);
        let same = |there: Object| async {
            let is_same = there.version == object.version;
            is_same.then_some(there).ok_or_else(|| taken(&what))
        };
        self.once(space, name, copy, same, &what).await
    }

    /// Makes an object, unless it is there already: then it must be the `same`.
    async fn once<M: Future<Output = Result<File>>, S: Future<Output = Result<Object>>>(
        &self,
        space: &Space,
        name: &ObjectName,
        make: impl Fn(String) -> M,
        same: impl Fn(Object) -> S,
        what: &What,
    ) -> Result<Object> {
        let key = format!("{space}/{name}");
        let slot = self.puts.slot(&key);
        let mut held = slot.lock().await;
        let there = match &*held {
            Some(known) => self.still_there(known, what).await?,
            None => None,
        };
        let done = match there {
            Some(there) => same(there).await,
            None => self.make_or_find(&key, space, name, &make, &same, what).await,
        };
        match &done {
            Ok(object) => {
                self.folders.known.finish(&key);
                *held = Some(object.clone());
            }
            Err(error) if error.is_retryable() => {}
            Err(_) => self.folders.known.end(&key),
        }
        done
    }

    /// Makes an object, unless an earlier try did, whose answer nobody had.
    async fn make_or_find<M: Future<Output = Result<File>>, S: Future<Output = Result<Object>>>(
        &self,
        key: &str,
        space: &Space,
        name: &ObjectName,
        make: &impl Fn(String) -> M,
        same: &impl Fn(Object) -> S,
        what: &What,
    ) -> Result<Object> {
        let once = || self.folders.make_once(key, name.as_str(), what, make);
        let (Made::Now(file) | Made::Before(file)) = match once().await? {
            Made::Before(file) => {
                let there = as_object(space, &file, what)?;
                let is_away = !self.lies_in_its_space(&there, &file);
                match same(there).await {
                    // Whoever that was for has it and has put it away, and the name is free.
                    Err(Error::AlreadyExists { .. }) if is_away => self.folders.known.end(key),
                    there => return there,
                }
                once().await?
            }
            made => made,
        };
        as_object(space, &file, what)
    }

    async fn put_into_folder(
        &self,
        id: String,
        space: &Space,
        name: &ObjectName,
        body: &PutBody,
        what: &What,
    ) -> Result<File> {
        let folder = self.place_for(space, name, what).await?;
        let target = Target::New { id: &id, folder: &folder };
        match self.client().upload(target, name, body, what).await {
            // The folder that was known is gone.
            Err(Error::NotFound { .. }) => {
                self.folders.forget(&folder);
                let folder = self.place_for(space, name, what).await?;
                let target = Target::New { id: &id, folder: &folder };
                self.client().upload(target, name, body, what).await
            }
            file => file,
        }
    }

    /// The folder that an object of that name goes to.
    pub(super) async fn place_for(
        &self,
        space: &Space,
        name: &ObjectName,
        what: &What,
    ) -> Result<String> {
        for folder in Folder::all_of(space, Some(name)) {
            if let Some(id) = self.folders.find(&folder, what).await?.into_iter().next() {
                return Ok(id);
            }
            if folder.is_made_late() {
                return self.folders.make(&folder, what).await;
            }
        }
        Err(Error::not_found(what.action, &what.subject, "nobody opened the space"))
    }

    /// The same object, if it is still where it was put.
    async fn still_there(&self, known: &Object, what: &What) -> Result<Option<Object>> {
        match self.client().look_up(&known.id, what).await {
            Ok(file) if file.trashed == Some(true) => Ok(None),
            // It may be something else by now, put in its place.
            Ok(file) if file.name.as_deref() != Some(known.name.as_str()) => Ok(None),
            Ok(file) if !self.lies_in_its_space(known, &file) => Ok(None),
            Ok(file) => as_object(&known.space, &file, what).map(Some),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn lies_in_its_space(&self, object: &Object, file: &File) -> bool {
        let parents = file.parents.iter().flatten();
        let mut folders = parents.filter_map(|id| self.folders.known.folder(id));
        folders.any(|f| f.space_of(object.name.as_str()).as_ref() == Some(&object.space))
    }

    async fn copy_into_folder(
        &self,
        id: String,
        object: &Object,
        space: &Space,
        name: &ObjectName,
        what: &What,
    ) -> Result<File> {
        let folder = self.place_for(space, name, what).await?;
        let call = self
            .client()
            .call(Method::POST, &["files", &object.id, "copy"], what.clone())
            .query("fields", FIELDS)
            .json(&json!({ "id": id, "name": name.as_str(), "parents": [folder] }));
        self.client().json(&call).await
    }
}

pub(super) fn as_object(space: &Space, file: &File, what: &What) -> Result<Object> {
    object(space, file).map_err(|skipped| {
        let detail = format!("Google made something else of it: {}", skipped.reason);
        Error::permanent(what.action, &what.subject, detail)
    })
}

/// The object that is there already, if it has the same bytes.
async fn same(there: Object, body: &PutBody, what: &What) -> Result<Object> {
    let is_same =
        there.size == body.length() && there.version == Some(Version(md5_of_body(body).await?));
    is_same.then_some(there).ok_or_else(|| taken(what))
}

fn taken(what: &What) -> Error {
    Error::already_exists(what.action, &what.subject, "")
}
