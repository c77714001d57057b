use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::put::clear_abandoned;
use super::{OpendalTransport, errors, folder_of};
use crate::keys::Folders as _;
use crate::{Result, Space};

/// Stands for the folder of a space. A key that ends with a slash would do, but some servers
/// of S3 make a file of it, in the way of all that is to lie below.
const MARKER: &str = ".syft-space";

/// The spaces that this process made sure of, so that not each put asks again.
#[derive(Debug, Default)]
pub(super) struct Opened(Mutex<HashSet<Space>>);

impl Opened {
    fn has(&self, space: &Space) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(space)
    }

    fn add(&self, space: &Space) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(space.clone());
    }

    /// What was there is not any more.
    pub(super) fn forget(&self, space: &Space) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(space);
    }
}

impl OpendalTransport {
    /// Makes the folder of a space. In a bucket, where there are none, it is an object in it
    /// that no listing shows, so that a space in which nothing lies is found again.
    pub(super) async fn make_folder(&self, space: &Space) -> Result<()> {
        if self.opened.has(space) {
            return Ok(());
        }
        let made = if !self.service.lists_deep {
            self.operator.create_dir(&folder_of(&space.components())).await
        } else if !self.has_folder(&space.components()).await? {
            self.operator.write(&format!("{space}/{MARKER}"), MARKER).await.map(drop)
        } else {
            Ok(())
        };
        made.map_err(|error| errors::error("open", space, &error))?;
        if self.service.by_rename {
            clear_abandoned(self, space).await?;
        }
        self.opened.add(space);
        Ok(())
    }
}
