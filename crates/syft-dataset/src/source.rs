//! The files that an owner hands in as mock or private data, anywhere on disk.

use std::collections::BTreeSet;
use std::path::Path;

use syft_core::{Access, DatasitePath, DirDisk, Disk, FileKind, HomePath};

use crate::files::{self, Found, WalkError};
use crate::store::Limits;
use crate::{Error, FileInfo, Result, metadata};

/// A file or folder that was handed in, and the files found in it.
#[derive(Debug)]
pub(crate) struct Source {
    disk: DirDisk,
    files: Vec<Found>,
}

impl Source {
    /// A mock: bounded, and without names that would be hidden from its readers
    /// or that a dataset needs for itself.
    pub(crate) fn mock(path: &Path, with_readme: bool, limits: &Limits) -> Result<Self> {
        let source = Source::open(path)?;
        for file in &source.files {
            let name = file.path.as_str();
            if file.path.components().any(|component| component.starts_with('.')) {
                let reason = "names that start with a dot are not shared: leave it out of the mock";
                return Err(source.unfit(file, reason));
            }
            let taken = name == metadata::FILE || (with_readme && name == metadata::README);
            if taken || file.path.is_permission_file() {
                return Err(source.unfit(file, "a dataset keeps a file of its own by that name"));
            }
        }
        if source.files.len() as u64 > limits.files {
            let what = "the number of files in the mock";
            return Err(Error::TooLarge { what, limit: limits.files });
        }
        if source.files.iter().map(|file| file.metadata.size).sum::<u64>() > limits.bytes {
            return Err(Error::TooLarge { what: MOCK_SIZE, limit: limits.bytes });
        }
        Ok(source)
    }

    /// Private data: unbounded, since it goes nowhere.
    pub(crate) fn private(path: &Path) -> Result<Self> {
        let source = Source::open(path)?;
        let taken = |file: &&Found| {
            file.path.as_str() == metadata::PRIVATE_METADATA || file.path.is_permission_file()
        };
        match source.files.iter().find(taken) {
            Some(file) => Err(source.unfit(file, "a dataset keeps a file of its own by that name")),
            None => Ok(source),
        }
    }

    /// A readme: one Markdown file.
    pub(crate) fn readme(path: &Path) -> Result<Self> {
        let source = Source::open(path)?;
        match source.files.as_slice() {
            [file] if file.path.as_str().ends_with(".md") => Ok(source),
            _ => Err(unfit(path, "a readme is one file whose name ends in .md")),
        }
    }

    /// Copies all files into a folder of the home.
    pub(crate) fn copy_to(
        &self,
        disk: &dyn Disk,
        folder: &HomePath,
        access: Access,
    ) -> Result<Vec<FileInfo>> {
        disk.create_dir_all(folder, access)?;
        let copy = |file: &Found| {
            let target = folder.join(file.path.as_str())?;
            files::store(disk, file.path.clone(), &target, self.disk.open(&file.at)?, access)
        };
        self.files.iter().map(copy).collect()
    }

    /// Copies the one file of a readme to a path of the home.
    pub(crate) fn copy_one(&self, disk: &dyn Disk, to: &HomePath, access: Access) -> Result<()> {
        for file in &self.files {
            disk.write_from(to, &mut self.disk.open(&file.at)?, access)?;
        }
        Ok(())
    }

    fn open(path: &Path) -> Result<Self> {
        let named = std::fs::symlink_metadata(path)
            .map_err(|error| unfit(path, &error.to_string()))?
            .file_type();
        if named.is_symlink() {
            return Err(unfit(path, "it is a symbolic link: name the file or folder itself"));
        }
        let source = if named.is_dir() {
            let disk = DirDisk::open(path)?;
            let files =
                files::walk(&disk, &HomePath::home()).map_err(|error| at_source(&disk, error))?;
            Source { disk, files }
        } else {
            Source::open_file(path)?
        };
        source.check_names(path)?;
        Ok(source)
    }

    fn open_file(path: &Path) -> Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| unfit(path, "its name is not UTF-8"))?;
        let name = DatasitePath::parse(name).map_err(|error| unfit(path, &error.to_string()))?;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let disk = DirDisk::open(folder)?;
        let at = HomePath::parse(name.as_str())?;
        match disk.metadata(&at)? {
            Some(metadata) if metadata.kind == FileKind::File => {
                Ok(Source { disk, files: vec![Found { path: name, at, metadata }] })
            }
            _ => Err(unfit(path, "it is no regular file")),
        }
    }

    fn check_names(&self, path: &Path) -> Result<()> {
        if self.files.is_empty() {
            return Err(unfit(path, "there is no file in it"));
        }
        let mut keys = BTreeSet::new();
        match self.files.iter().find(|file| !keys.insert(file.path.fold_key())) {
            Some(file) => {
                Err(self.unfit(file, "another file has this name on some file systems (case)"))
            }
            None => Ok(()),
        }
    }

    fn unfit(&self, file: &Found, reason: &str) -> Error {
        unfit(&self.disk.real_path(&file.at), reason)
    }
}

/// What [`Error::TooLarge`] says of a mock's size.
pub(crate) const MOCK_SIZE: &str = "the size of the mock in bytes";

fn unfit(path: &Path, reason: &str) -> Error {
    Error::Source { path: path.to_owned(), reason: reason.to_owned() }
}

fn at_source(disk: &DirDisk, error: WalkError) -> Error {
    match error {
        WalkError::Unfit { at, reason } => Error::Source { path: disk.real_path(&at), reason },
        WalkError::Core(error) => Error::Core(error),
    }
}
