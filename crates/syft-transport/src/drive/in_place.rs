//! Objects that take the place of older ones.

use google_drive3::api::File;

use super::DriveTransport;
use super::call::What;
use super::names::Folder;
use super::put::as_object;
use super::upload::Target;
use crate::access::check_in_place;
use crate::{Error, Object, ObjectName, PutBody, Result, Space};

impl DriveTransport {
    /// Puts in place of an older object of mine, under its id: one request, and at no moment
    /// two of them.
    pub(super) async fn put_in_place(
        &self,
        space: &Space,
        older: &Object,
        name: &ObjectName,
        body: &PutBody,
        what: &What,
    ) -> Result<Object> {
        check_in_place(space, older, self.me())?;
        let slot = self.puts.slot(&format!("{space}/{name}"));
        let mut held = slot.lock().await;
        let has_third = held.as_ref().is_some_and(|known| known.id != older.id);
        let places = |name| Folder::all_of(space, Some(name));
        if has_third || places(name) != places(&older.name) {
            drop(held);
            let put = self.put_new(space, name, body, what).await?;
            self.client().remove(&older.id, what).await?;
            return Ok(put);
        }
        // By its folder it is told whether it is still in its space.
        self.place_for(space, name, what).await?;
        let taken = self.client().upload(Target::Over { id: &older.id }, name, body, what).await;
        let has_left = match &taken {
            Ok(file) => self.has_left(older, file),
            Err(Error::NotFound { .. }) => true,
            // Google may refuse to change what is in the bin.
            Err(Error::Denied { .. }) => match self.client().look_up(&older.id, what).await {
                Ok(file) => self.has_left(older, &file),
                Err(Error::NotFound { .. }) => true,
                Err(error) => return Err(error),
            },
            Err(_) => false,
        };
        if has_left {
            drop(held);
            return self.put_new(space, name, body, what).await;
        }
        let object = as_object(space, &taken?, what)?;
        *held = Some(object.clone());
        Ok(object)
    }

    /// Whether somebody threw a file away by hand, or put it somewhere else.
    fn has_left(&self, object: &Object, file: &File) -> bool {
        file.trashed == Some(true) || !self.lies_in_its_space(object, file)
    }
}
