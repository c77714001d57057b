//! Files of Drive as objects.

use google_drive3::api::{File, FileList};
use google_drive3::hyper::Method;
use syft_core::{Email, Timestamp};

use super::call::What;
use super::client::Client;
use super::query::{FOLDER_TYPE, Query};
use crate::{Object, ObjectName, Result, Skipped, Space, Version};

/// What is asked of each file.
pub(super) const FIELDS: &str =
    "id,name,mimeType,size,md5Checksum,createdTime,parents,trashed,owners(emailAddress)";
/// The most that Drive gives at once.
const PAGE: &str = "1000";

/// One page of a search.
pub(super) struct Page {
    pub(super) files: Vec<File>,
    /// How to ask for the next one.
    pub(super) next: Option<String>,
}

impl Client {
    /// A page of what a search finds; a page may be empty and not the last one.
    pub(super) async fn search(
        &self,
        query: &Query,
        page: Option<&str>,
        what: &What,
    ) -> Result<Page> {
        let fields = format!("nextPageToken,files({FIELDS})");
        let mut call = self
            .call(Method::GET, &["files"], what.clone())
            .query("q", query.as_str())
            .query("pageSize", PAGE)
            .query("fields", &fields);
        if let Some(page) = page {
            call = call.query("pageToken", page);
        }
        let found: FileList = self.json(&call).await?;
        Ok(Page { files: found.files.unwrap_or_default(), next: found.next_page_token })
    }

    /// All that a search finds.
    pub(super) async fn search_all(&self, query: &Query, what: &What) -> Result<Vec<File>> {
        let mut files = Vec::new();
        let mut page = None;
        loop {
            let found = self.search(query, page.as_deref(), what).await?;
            files.extend(found.files);
            match found.next {
                Some(next) => page = Some(next),
                None => return Ok(files),
            }
        }
    }

    /// What is known of one file.
    pub(super) async fn look_up(&self, id: &str, what: &What) -> Result<File> {
        let call = self.call(Method::GET, &["files", id], what.clone()).query("fields", FIELDS);
        self.json(&call).await
    }
}

pub(super) fn is_folder(file: &File) -> bool {
    file.mime_type.as_deref() == Some(FOLDER_TYPE)
}

/// Whose a file is, as Drive states it.
pub(super) fn owner_of(file: &File) -> Option<Email> {
    let owner = file.owners.as_ref()?.first()?.email_address.as_deref()?;
    Email::parse(&owner.to_ascii_lowercase()).ok()
}

/// The object that a file in a space is; whatever is none is passed over.
pub(super) fn object(space: &Space, file: &File) -> Result<Object, Skipped> {
    let raw = file.name.as_deref().unwrap_or_default();
    let skipped = |reason: &str| Skipped::new(raw, reason).with_id(file.id.clone());
    if is_folder(file) {
        return Err(skipped("it is a folder"));
    }
    let (Some(id), Some(size), Some(md5)) = (&file.id, file.size, &file.md5_checksum) else {
        return Err(skipped("it is a document of Google's and has no bytes"));
    };
    Ok(Object {
        space: space.clone(),
        name: ObjectName::parse(raw).map_err(|error| skipped(&error.context().detail))?,
        id: id.clone(),
        size: u64::try_from(size).map_err(|_| skipped("its size is negative"))?,
        version: Some(Version(md5.clone())),
        owner: owner_of(file),
        created: created(file),
    })
}

/// When it was put there, by the clock of Drive.
fn created(file: &File) -> Option<Timestamp> {
    let milliseconds = file.created_time.as_ref()?.timestamp_millis();
    Timestamp::new(milliseconds as f64 / 1e3).ok()
}
