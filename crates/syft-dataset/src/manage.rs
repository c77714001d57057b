//! Sharing and deleting.

use syft_core::{Access, DatasetName};

use crate::staging::{Intent, Operation, Stage};
use crate::{Audience, Dataset, DatasetStore, Error, Result, permission};

impl DatasetStore {
    /// Shares a dataset of mine with more participants, or with any peer.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Damaged`] if its permission file holds other
    /// rules than an audience; the disk's.
    pub fn share(&self, name: &DatasetName, addition: Audience) -> Result<Dataset> {
        self.settle_all()?;
        let audience = self.audience(name)?;
        self.set_audience(name, &audience.with(addition))
    }

    /// Stops sharing a dataset of mine with these participants; [`Audience::Any`]
    /// takes it back from all. Whoever has a copy of the mock may keep it.
    ///
    /// # Errors
    /// [`Error::SharedWithAny`] if single users are named and it is shared with
    /// any; otherwise as [`DatasetStore::share`].
    pub fn unshare(&self, name: &DatasetName, removal: &Audience) -> Result<Dataset> {
        self.settle_all()?;
        let audience = match (self.audience(name)?, removal) {
            (_, Audience::Any) => Audience::Nobody,
            (Audience::Any, Audience::Users(_)) => {
                return Err(Error::SharedWithAny(name.clone()));
            }
            (Audience::Users(mut users), Audience::Users(gone)) => {
                users.retain(|user| !gone.contains(user));
                Audience::users(users)
            }
            (audience, _) => audience,
        };
        self.set_audience(name, &audience)
    }

    /// Deletes a dataset of mine, the mock and the private copy. What the owner
    /// handed in at creation is not touched.
    ///
    /// # Errors
    /// [`Error::NotFound`]; the disk's, and then the next call that writes goes on.
    pub fn delete(&self, name: &DatasetName) -> Result<()> {
        self.settle_all()?;
        if !self.is_there(&self.mock_folder(&self.owner, name))?
            && !self.is_there(&self.private_folder(name))?
        {
            return Err(self.not_found(&self.owner, name));
        }
        let stage = Stage::new(self.disk(), &*self.entropy)?;
        let intent = Intent {
            operation: Operation::Delete,
            owner: self.owner.clone(),
            name: name.clone(),
            uid: String::new(),
        };
        stage.record(self.disk(), &intent)?;
        self.settle(&stage, &intent)
    }

    fn set_audience(&self, name: &DatasetName, audience: &Audience) -> Result<Dataset> {
        let path = self.mock_folder(&self.owner, name).join(permission::FILE)?;
        self.disk().write(&path, permission::text(audience)?.as_bytes(), Access::Shared)?;
        self.get(name)
    }
}
