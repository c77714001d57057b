use ::opendal::options;
use ::opendal::{Entry, EntryMode, Metadata};
use async_trait::async_trait;
use futures::future;
use futures::stream::{StreamExt, TryStreamExt};
use syft_core::Timestamp;

use super::{OpendalTransport, errors, folder_of};
use crate::keys::{Child, Folders, KeyTree, LAYOUT};
use crate::{
    ListOptions, ListStream, Listed, Object, ObjectName, Result, Skipped, Space, SpaceKind, Version,
};

impl OpendalTransport {
    pub(super) async fn list_space(
        &self,
        space: &Space,
        options: &ListOptions,
    ) -> Result<ListStream> {
        let folder = folder_of(&space.components());
        let lister = self.operator.lister(&folder).await;
        let lister = lister.map_err(|error| errors::error("list", space, &error))?;
        let (space, options) = (space.clone(), options.clone());
        let lines = lister.filter_map(move |entry| {
            let line = match entry {
                Err(error) => Some(Err(errors::error("list", &space, &error))),
                Ok(entry) => line(&space, &folder, &entry)
                    .filter(|line| options.selects(line.name()))
                    .map(Ok),
            };
            future::ready(line)
        });
        Ok(lines.boxed())
    }

    /// All that lies in a space.
    pub(super) async fn list_whole(&self, space: &Space) -> Result<Vec<Listed>> {
        self.list_space(space, &ListOptions::default()).await?.try_collect().await
    }

    pub(super) async fn remove(&self, action: &'static str, objects: &[Object]) -> Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        let removed = self.operator.delete_iter(objects.iter().map(ToString::to_string)).await;
        removed.map_err(|error| errors::error(action, OneOf(objects), &error))
    }

    /// The keys of all collections that a question is about, where the store tells them in
    /// one listing.
    pub(super) async fn collections(&self, kind: SpaceKind) -> Result<Option<KeyTree>> {
        let folder = match kind {
            _ if !self.service.lists_deep => return Ok(None),
            SpaceKind::Collection => folder_of(&[LAYOUT, "collections"]),
            SpaceKind::OwnCollection => folder_of(&[LAYOUT, "collections", self.me().as_str()]),
            _ => return Ok(None),
        };
        let deep = options::ListOptions { recursive: true, ..Default::default() };
        let entries = self.operator.list_options(&folder, deep).await;
        let entries = entries.map_err(|error| errors::error("list", &folder, &error))?;
        Ok(Some(KeyTree::new(entries.iter().map(Entry::path))))
    }
}

#[async_trait]
impl Folders for OpendalTransport {
    async fn children(&self, folder: &[&str]) -> Result<Vec<Child>> {
        let key = folder_of(folder);
        let failed = |error: ::opendal::Error| errors::error("discover", folder.join("/"), &error);
        let entries = self.operator.list(&key).await.map_err(failed)?;
        Ok(entries.iter().filter_map(|entry| child(&key, entry)).collect())
    }

    async fn has_folder(&self, folder: &[&str]) -> Result<bool> {
        let key = folder_of(folder);
        let failed = |error: ::opendal::Error| errors::error("discover", folder.join("/"), &error);
        if !self.service.lists_deep {
            return self.operator.exists(&key).await.map_err(failed);
        }
        let mut lister = self.operator.lister_with(&key).limit(1).await.map_err(failed)?;
        Ok(lister.try_next().await.map_err(failed)?.is_some())
    }
}

/// A name directly in a folder; not the folder itself, nor what a writer has not finished.
fn name<'a>(folder: &str, entry: &'a Entry) -> Option<&'a str> {
    // Some tell the whole path of what lies there, and some the name alone.
    let name = entry.name().trim_end_matches('/');
    (entry.path() != folder && !name.is_empty() && !name.starts_with('.')).then_some(name)
}

fn child(folder: &str, entry: &Entry) -> Option<Child> {
    let name = name(folder, entry)?.to_owned();
    Some(match entry.metadata().mode() {
        EntryMode::DIR => Child::Folder(name),
        EntryMode::FILE => Child::Object(name),
        EntryMode::Unknown => Child::Bad(name, "it is neither a folder nor a file".to_owned()),
    })
}

fn line(space: &Space, folder: &str, entry: &Entry) -> Option<Listed> {
    let name = name(folder, entry)?;
    if entry.metadata().mode() != EntryMode::FILE {
        return Some(Listed::Skipped(Skipped::new(name, "it is no regular file")));
    }
    Some(match ObjectName::parse(name) {
        Ok(parsed) => {
            let size = entry.metadata().content_length();
            Listed::Object(object(space, parsed, size, entry.metadata()))
        }
        Err(problem) => Listed::Skipped(Skipped::new(name, &problem.context().detail)),
    })
}

/// An object as it is told of.
pub(super) fn object(space: &Space, name: ObjectName, size: u64, told: &Metadata) -> Object {
    Object {
        id: format!("{space}/{name}"),
        space: space.clone(),
        name,
        size,
        version: told.etag().map(|etag| Version(etag.to_owned())),
        owner: None,
        created: told.last_modified().and_then(seconds),
    }
}

#[expect(clippy::cast_precision_loss, reason = "times are doubles everywhere")]
fn seconds(at: ::opendal::raw::Timestamp) -> Option<Timestamp> {
    Timestamp::new(at.into_inner().as_millisecond() as f64 / 1e3).ok()
}

/// Several objects, in the words of an error.
struct OneOf<'a>(&'a [Object]);

impl std::fmt::Display for OneOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            [] => f.write_str("nothing"),
            [one] => one.fmt(f),
            [first, rest @ ..] => write!(f, "{first} and {} more", rest.len()),
        }
    }
}
