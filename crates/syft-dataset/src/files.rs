//! Walking, hashing and copying the regular files of a folder.

use std::io::{self, Read};

use syft_core::{
    Access, ContentHash, ContentHasher, DatasitePath, Disk, FileKind, HashingReader, HomePath,
    Metadata,
};

use crate::{Error, FileInfo, Result};

/// A regular file below a folder that was walked.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its path below that folder.
    pub(crate) path: DatasitePath,
    /// Where it lies.
    pub(crate) at: HomePath,
    /// What the disk says of it.
    pub(crate) metadata: Metadata,
}

/// Why a folder cannot be walked.
#[derive(Debug)]
pub(crate) enum WalkError {
    /// Something in it that no dataset may hold.
    Unfit { at: HomePath, reason: String },
    /// The disk refused.
    Core(syft_core::Error),
}

impl From<syft_core::Error> for WalkError {
    fn from(error: syft_core::Error) -> Self {
        WalkError::Core(error)
    }
}

impl From<WalkError> for Error {
    fn from(error: WalkError) -> Self {
        match error {
            WalkError::Unfit { at, reason } => Error::Damaged { path: at, detail: reason },
            WalkError::Core(error) => Error::Core(error),
        }
    }
}

/// All files below a folder, in code-point order of their paths. A link, a
/// device or a name that no datasite may hold ends the walk: none is followed,
/// and none is left out in silence (`threats.md` P10).
pub(crate) fn walk(disk: &dyn Disk, folder: &HomePath) -> Result<Vec<Found>, WalkError> {
    let mut files = Vec::new();
    let mut open = vec![(folder.clone(), None::<DatasitePath>)];
    while let Some((at, below)) = open.pop() {
        for entry in disk.list(&at)? {
            let name = entry.name.map_err(|shown| WalkError::Unfit {
                at: at.clone(),
                reason: format!("it holds a name that is not UTF-8: {shown}"),
            })?;
            let child = at.join(&name)?;
            let unfit = |reason: String| WalkError::Unfit { at: child.clone(), reason };
            let path = match &below {
                None => DatasitePath::parse(&name),
                Some(below) => below.join(&name),
            }
            .map_err(|error| unfit(error.to_string()))?;
            match entry.metadata.kind {
                FileKind::File => files.push(Found { path, at: child, metadata: entry.metadata }),
                FileKind::Folder => open.push((child, Some(path))),
                FileKind::Link => return Err(unfit("it is a symbolic link".to_owned())),
                FileKind::Other => return Err(unfit("it is no regular file".to_owned())),
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// As [`walk`], without permission files: they are no part of a dataset.
pub(crate) fn walk_collection(disk: &dyn Disk, folder: &HomePath) -> Result<Vec<Found>, WalkError> {
    let mut files = walk(disk, folder)?;
    files.retain(|file| !file.path.is_permission_file());
    Ok(files)
}

/// Writes a stream to a file and says what was written.
pub(crate) fn store(
    disk: &dyn Disk,
    path: DatasitePath,
    at: &HomePath,
    body: impl Read,
    access: Access,
) -> Result<FileInfo> {
    let mut body = HashingReader::new(body);
    disk.write_from(at, &mut body, access)?;
    let (size, sha256) = body.finish();
    Ok(FileInfo { path, size, sha256 })
}

/// Feeds a file to a hasher, and says its own size and hash.
pub(crate) fn feed(
    disk: &dyn Disk,
    at: &HomePath,
    hasher: &mut ContentHasher,
) -> Result<(u64, ContentHash)> {
    let mut body = HashingReader::new(disk.open(at)?);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(body.finish()),
            Ok(read) => hasher.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(unreadable(at, source)),
        }
    }
}

fn unreadable(at: &HomePath, source: io::Error) -> Error {
    Error::Core(syft_core::Error::Io { action: "read", path: at.to_string(), source })
}
