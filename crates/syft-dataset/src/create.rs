use std::path::PathBuf;

use syft_core::{Access, DatasetName, DatasitePath, HomePath, LayoutKind, SyftUrl, yaml};

use crate::metadata::{self, Metadata, PrivateMetadata};
use crate::source::{MOCK_SIZE, Source};
use crate::staging::{Intent, Operation, Stage};
use crate::{Audience, Dataset, DatasetStore, Error, FileInfo, Result, permission};

/// What an owner says of a dataset to be created.
#[derive(Debug, Clone)]
pub struct NewDataset {
    /// Its name.
    pub name: DatasetName,
    /// The mock, a file or a folder; without one the dataset is refused.
    pub mock: Option<PathBuf>,
    /// The private data, a file or a folder; without it the dataset is a mock only.
    pub private: Option<PathBuf>,
    /// Who may have the mock.
    pub users: Audience,
    /// One line on what it is.
    pub summary: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// A Markdown file that is shared with the mock.
    pub readme: Option<PathBuf>,
}

impl NewDataset {
    /// A dataset of this name, with nothing else said yet.
    #[must_use]
    pub fn named(name: DatasetName) -> Self {
        NewDataset {
            name,
            mock: None,
            private: None,
            users: Audience::Nobody,
            summary: None,
            tags: Vec::new(),
            readme: None,
        }
    }
}

impl DatasetStore {
    /// Creates a dataset by copying what is handed in. It exists as a whole when
    /// the call returns, and not at all if it fails.
    ///
    /// # Errors
    /// [`Error::NoMock`]; [`Error::NameTaken`]; [`Error::NameFolds`]; [`Error::Source`] for a
    /// link, a device or a name that no dataset may hold; [`Error::MockIsPrivate`];
    /// [`Error::TooLarge`]; the disk's.
    pub fn create(&self, new: NewDataset) -> Result<Dataset> {
        self.settle_all()?;
        self.check_name_is_free(&new.name)?;
        self.check_name_does_not_fold(&new.name)?;
        let mock = new.mock.as_ref().ok_or_else(|| Error::NoMock(new.name.clone()))?;
        let sources = Sources {
            mock: Source::mock(mock, new.readme.is_some(), &self.limits)?,
            private: new.private.as_deref().map(Source::private).transpose()?,
            readme: new.readme.as_deref().map(Source::readme).transpose()?,
        };
        let stage = Stage::new(self.disk(), &*self.entropy)?;
        match self.fill_and_move(&stage, &new, &sources) {
            // What is left of a stage is thrown away at the next start.
            Ok(()) => stage.discard(self.disk()).or(Ok(())),
            Err(error) => {
                // If undoing fails too, the next call that writes tries again.
                let _ = self.undo(&stage);
                Err(error)
            }
        }?;
        self.get(&new.name)
    }

    fn fill_and_move(&self, stage: &Stage, new: &NewDataset, sources: &Sources) -> Result<()> {
        let intent = self.fill(stage, new, sources)?;
        stage.record(self.disk(), &intent)?;
        self.move_staged(stage, &new.name, self.has_private_folder(sources.private.is_some()))
    }

    /// Moves a staged dataset into place, the private part first: with the mock it
    /// is there.
    pub(crate) fn move_staged(
        &self,
        stage: &Stage,
        name: &DatasetName,
        private: bool,
    ) -> Result<()> {
        if private {
            let target = self.private_folder(name);
            self.move_into(&stage.private()?, &target, Access::OwnerOnly)?;
        }
        let target = self.mock_folder(&self.owner, name);
        self.move_into(&stage.public()?, &target, Access::Shared)
    }

    pub(crate) fn undo(&self, stage: &Stage) -> Result<()> {
        match stage.intent(self.disk())? {
            Some(intent) => self.settle(stage, &intent),
            None => stage.discard(self.disk()),
        }
    }

    /// Stages all files of a new dataset.
    fn fill(&self, stage: &Stage, new: &NewDataset, sources: &Sources) -> Result<Intent> {
        let disk = self.disk();
        let uid = self.entropy.uuid()?.to_string();
        let public = stage.public()?;
        let mock = sources.mock.copy_to(disk, &public, Access::Shared)?;
        if mock.iter().map(|file| file.size).sum::<u64>() > self.limits.bytes {
            return Err(Error::TooLarge { what: MOCK_SIZE, limit: self.limits.bytes });
        }
        if self.has_private_folder(sources.private.is_some()) {
            let folder = stage.private()?;
            disk.create_dir_all(&folder, Access::OwnerOnly)?;
            if let Some(source) = &sources.private {
                let private = source.copy_to(disk, &folder, Access::OwnerOnly)?;
                refuse_equal(&mock, &private)?;
            }
            self.describe_private(&folder, &new.name, &uid)?;
        }
        if let Some(readme) = &sources.readme {
            readme.copy_one(disk, &public.join(metadata::README)?, Access::Shared)?;
        }
        let text = self.describe(new, &uid, &mock).text()?;
        disk.write(&public.join(metadata::FILE)?, text.as_bytes(), Access::Shared)?;
        let text = permission::text(&new.users)?;
        disk.write(&public.join(permission::FILE)?, text.as_bytes(), Access::Shared)?;
        let (owner, name) = (self.owner.clone(), new.name.clone());
        Ok(Intent { operation: Operation::Create, owner, name, uid })
    }

    /// The Python peer reads no dataset without a private folder, also of one that is a
    /// mock only.
    fn has_private_folder(&self, has_data: bool) -> bool {
        has_data || self.layouts.own().kind() == LayoutKind::Pysyft
    }

    /// Writes what ties staged private data to its dataset.
    pub(crate) fn describe_private(
        &self,
        staged: &HomePath,
        name: &DatasetName,
        uid: &str,
    ) -> Result<()> {
        let mut metadata = PrivateMetadata { uid: uid.to_owned(), data_dir: None };
        if self.layouts.own().kind() == LayoutKind::Pysyft {
            let folder = self.disk().real_path(&self.private_folder(name));
            metadata.data_dir = Some(folder.display().to_string());
            let text = permission::owner_alone(&self.owner)?;
            let path = staged.join(permission::FILE)?;
            self.disk().write(&path, text.as_bytes(), Access::OwnerOnly)?;
        }
        let text = yaml::to_string(&metadata)?;
        let path = staged.join(metadata::PRIVATE_METADATA)?;
        Ok(self.disk().write(&path, text.as_bytes(), Access::OwnerOnly)?)
    }

    fn describe(&self, new: &NewDataset, uid: &str, mock: &[FileInfo]) -> Metadata {
        let now = self.clock.now().to_rfc3339_micros();
        let url = SyftUrl::of(&self.mock_folder(&self.owner, &new.name)).to_string();
        let private = SyftUrl::of(&self.private_folder(&new.name)).to_string();
        let has_private = self.has_private_folder(new.private.is_some());
        let mut metadata = Metadata {
            uid: uid.to_owned(),
            created_at: Some(now.clone()),
            updated_at: Some(now),
            name: new.name.to_string(),
            summary: new.summary.clone(),
            tags: Some(new.tags.clone()),
            location: None,
            mock_url: Some(url.clone()),
            private_url: has_private.then_some(private),
            readme_url: new.readme.as_ref().map(|_| format!("{url}/{}", metadata::README)),
            mock_files_urls: None,
        };
        metadata.set_mock_files(&url, mock);
        metadata
    }

    /// A name is free if no folder has it, and none that jobs would know by the
    /// same variable.
    pub(crate) fn check_name_is_free(&self, name: &DatasetName) -> Result<()> {
        let variable = name.variable();
        let mocks = self.mock_folder(&self.owner, name).parent();
        let private = self.private_folder(name).parent();
        for folder in [mocks, private].into_iter().flatten() {
            for entry in self.disk().list(&folder)? {
                let existing = entry.name.unwrap_or_else(|shown| shown);
                let taken = existing == name.as_str()
                    || DatasetName::parse(&existing).is_ok_and(|it| it.variable() == variable);
                if taken {
                    return Err(Error::NameTaken { name: name.clone(), existing, variable });
                }
            }
        }
        Ok(())
    }

    /// A new name is another one on every machine of a peer, and wherever the store lies.
    fn check_name_does_not_fold(&self, name: &DatasetName) -> Result<()> {
        let folded = fold(name.as_str());
        let mocks = self.mock_folder(&self.owner, name).parent();
        let private = self.private_folder(name).parent();
        for folder in [mocks, private].into_iter().flatten() {
            for entry in self.disk().list(&folder)? {
                let existing = entry.name.unwrap_or_else(|shown| shown);
                if fold(&existing) == folded {
                    return Err(Error::NameFolds { name: name.clone(), existing });
                }
            }
        }
        Ok(())
    }
}

fn fold(name: &str) -> Option<String> {
    DatasitePath::parse(name).ok().map(|path| path.fold_key())
}

/// What was handed in, opened and checked.
struct Sources {
    mock: Source,
    private: Option<Source>,
    readme: Option<Source>,
}

/// Refuses a mock that gives a private file away. Empty files give nothing away,
/// unless there is nothing else.
fn refuse_equal(mock: &[FileInfo], private: &[FileInfo]) -> Result<()> {
    let whole = mock == private;
    for file in mock.iter().filter(|file| whole || file.size > 0) {
        if let Some(same) = private.iter().find(|other| other.sha256 == file.sha256) {
            let (mock, private) = (file.path.clone(), same.path.clone());
            return Err(Error::MockIsPrivate { mock, private });
        }
    }
    Ok(())
}
