use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;

use super::handles::{
    Missing, file_mode, io_error, kind, metadata, not_regular, open_file, open_folder, refusal,
    stat, sync_folder,
};
use super::replace::{Temporary, move_to_free};
use super::{Access, Disk, Entry, FileKind, Metadata, is_temporary, remove};
use crate::{Error, HomePath, Result};

/// A folder of the real disk.
///
/// Every path is walked one folder handle at a time without following links, so
/// a folder that is swapped for a link at the wrong moment leads nowhere
/// (`threats.md` P11). The names `.syft-tmp-…` belong to unfinished writes: they
/// are refused as targets and passed over by [`Disk::list`].
#[derive(Debug)]
pub struct DirDisk {
    root: OwnedFd,
    path: PathBuf,
}

impl DirDisk {
    /// Opens a folder that is there. It may itself be reached through links: the
    /// path of the home is the user's own.
    ///
    /// # Errors
    /// `NotFound`; `Io`.
    pub fn open(root: &Path) -> Result<Self> {
        let shown = || root.display().to_string();
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound(shown()),
            _ => Error::Io { action: "open", path: shown(), source },
        };
        let path = root.canonicalize().map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root =
            rustix::fs::open(&path, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
        Ok(DirDisk { root, path })
    }

    /// Opens a folder, making it (for the user alone) if it is not there.
    ///
    /// # Errors
    /// `Io`.
    pub fn create(root: &Path) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt;

        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(|source| {
            Error::Io { action: "create", path: root.display().to_string(), source }
        })?;
        DirDisk::open(root)
    }

    /// The path of the home itself, absolute and free of links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.path
    }

    /// The handle of the folder that holds `path`.
    fn parent(&self, path: &HomePath, missing: Missing) -> Result<Option<OwnedFd>> {
        match path.parent() {
            Some(parent) => open_folder(&self.root, &parent, missing),
            None => Err(not_regular(path, FileKind::Folder)),
        }
    }

    /// As [`DirDisk::parent`], for a path that is about to be written.
    fn target(&self, path: &HomePath, missing: Missing) -> Result<Option<OwnedFd>> {
        if path.components().any(is_temporary) {
            let reason = "its name belongs to unfinished writes";
            return Err(Error::invalid("path", path.as_str(), reason));
        }
        self.parent(path, missing)
    }

    fn target_made(&self, path: &HomePath, access: Access) -> Result<OwnedFd> {
        let parent = self.target(path, Missing::Create(access))?;
        parent.ok_or_else(|| Error::NotFound(path.to_string()))
    }

    /// A handle for use besides this trait, as the home's lock: opened for
    /// writing, made if need be.
    pub(crate) fn open_for_lock(&self, path: &HomePath) -> Result<File> {
        let folder = self.target_made(path, Access::OwnerOnly)?;
        let flags = OFlags::RDWR | OFlags::CREATE;
        Ok(open_file(folder.as_fd(), path, flags, file_mode(Access::OwnerOnly))?.0)
    }
}

impl Disk for DirDisk {
    fn read(&self, path: &HomePath, limit: u64) -> Result<Vec<u8>> {
        let mut file = self.open(path)?.take(limit.saturating_add(1));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|source| io_error("read", path, source))?;
        if bytes.len() as u64 > limit {
            return Err(Error::TooLarge { path: path.to_string(), limit });
        }
        Ok(bytes)
    }

    fn open(&self, path: &HomePath) -> Result<Box<dyn Read + Send>> {
        let folder =
            self.parent(path, Missing::Report)?.ok_or_else(|| Error::NotFound(path.to_string()))?;
        let (file, _) = open_file(folder.as_fd(), path, OFlags::RDONLY, Mode::empty())?;
        Ok(Box::new(file))
    }

    fn write_from(&self, path: &HomePath, body: &mut dyn Read, access: Access) -> Result<u64> {
        let folder = self.target_made(path, access)?;
        match stat(&folder, path.file_name()).map_err(|error| io_error("write", path, error))? {
            Some(there) if kind(&there) != FileKind::File => {
                return Err(not_regular(path, kind(&there)));
            }
            _ => {}
        }
        let (temporary, written) = Temporary::write(&folder, path, body, access)?;
        temporary.replace(path)?;
        Ok(written)
    }

    fn create_new(&self, path: &HomePath, bytes: &[u8], access: Access) -> Result<bool> {
        let folder = self.target_made(path, access)?;
        let there =
            stat(&folder, path.file_name()).map_err(|error| io_error("write", path, error))?;
        if there.is_some() {
            return Ok(false);
        }
        Temporary::write(&folder, path, &mut &*bytes, access)?.0.claim(path)
    }

    fn append(&self, path: &HomePath, bytes: &[u8]) -> Result<()> {
        let folder = self.target_made(path, Access::OwnerOnly)?;
        let failed = |source| io_error("append to", path, source);
        let is_new =
            stat(&folder, path.file_name()).map_err(|error| failed(error.into()))?.is_none();
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        let (mut file, before) =
            open_file(folder.as_fd(), path, flags, file_mode(Access::OwnerOnly))?;
        if let Err(source) = file.write_all(bytes).and_then(|()| file.sync_data()) {
            // Best effort: the reader copes with a torn record, too.
            let _ = file.set_len(metadata(&before).size);
            return Err(failed(source));
        }
        if is_new {
            sync_folder(&folder).map_err(|error| failed(error.into()))?;
        }
        Ok(())
    }

    fn metadata(&self, path: &HomePath) -> Result<Option<Metadata>> {
        let failed = |error: Errno| io_error("look at", path, error);
        if path.as_str().is_empty() {
            return rustix::fs::fstat(&self.root).map(|stat| Some(metadata(&stat))).map_err(failed);
        }
        let Some(folder) = self.parent(path, Missing::Report)? else {
            return Ok(None);
        };
        Ok(stat(&folder, path.file_name()).map_err(failed)?.map(|stat| metadata(&stat)))
    }

    fn list(&self, folder: &HomePath) -> Result<Vec<Entry>> {
        let Some(handle) = open_folder(&self.root, folder, Missing::Report)? else {
            return Ok(Vec::new());
        };
        let failed = |error: Errno| io_error("list", folder, error);
        let mut entries = Vec::new();
        for entry in Dir::read_from(&handle).map_err(failed)? {
            let raw = entry.map_err(failed)?.file_name().to_owned();
            let name = match raw.to_str() {
                Ok("." | "..") => continue,
                Ok(name) if is_temporary(name) => continue,
                Ok(name) => Ok(name.to_owned()),
                Err(_) => Err(raw.to_string_lossy().into_owned()),
            };
            // What vanished since the folder was read is not there.
            if let Some(stat) = stat(&handle, &raw).map_err(failed)? {
                entries.push((raw, Entry { name, metadata: metadata(&stat) }));
            }
        }
        // Bytes of UTF-8 sort as its code points do.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    fn create_dir_all(&self, folder: &HomePath, access: Access) -> Result<()> {
        if !folder.as_str().is_empty() {
            self.target_made(folder, access)?;
        }
        open_folder(&self.root, folder, Missing::Create(access)).map(|_| ())
    }

    fn rename(&self, from: &HomePath, to: &HomePath) -> Result<()> {
        let failed = |error: Errno| io_error("rename", from, error);
        let absent = || Error::NotFound(from.to_string());
        let source = self.parent(from, Missing::Report)?.ok_or_else(absent)?;
        match stat(&source, from.file_name()).map_err(failed)?.as_ref().map(kind) {
            None => return Err(absent()),
            Some(FileKind::File | FileKind::Folder) => {}
            Some(other) => return Err(not_regular(from, other)),
        }
        let target = self.target_made(to, Access::Shared)?;
        match move_to_free(&source, from.file_name(), &target, to.file_name()) {
            Ok(()) => {}
            Err(Errno::EXIST | Errno::NOTEMPTY) => {
                return Err(Error::AlreadyExists(to.to_string()));
            }
            Err(Errno::NOENT) => return Err(absent()),
            Err(error) => return Err(failed(error)),
        }
        sync_folder(&target).and_then(|()| sync_folder(&source)).map_err(failed)
    }

    fn remove_file(&self, path: &HomePath) -> Result<()> {
        let Some(folder) = self.parent(path, Missing::Report)? else {
            return Ok(());
        };
        let name = path.file_name();
        let failed = |error: Errno| match error {
            // macOS answers EPERM for a folder.
            Errno::PERM => match stat(&folder, name) {
                Ok(Some(there)) if kind(&there) == FileKind::Folder => {
                    not_regular(path, FileKind::Folder)
                }
                _ => io_error("remove", path, error),
            },
            _ => refusal(&folder, name, path, "remove", error),
        };
        match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
            Err(Errno::NOENT) => return Ok(()),
            other => other.map_err(failed)?,
        }
        sync_folder(&folder).map_err(failed)
    }

    fn remove_dir_all(&self, folder: &HomePath) -> Result<()> {
        let failed = |error: Errno| io_error("remove", folder, error);
        let Some(parent) = self.parent(folder, Missing::Report)? else {
            return Ok(());
        };
        let name = folder.file_name();
        match stat(&parent, name).map_err(failed)?.as_ref().map(kind) {
            None => return Ok(()),
            Some(FileKind::Folder) => {}
            Some(other) => return Err(not_regular(folder, other)),
        }
        let handle = remove::open_forced(&parent, name)
            .map_err(|error| refusal(&parent, name, folder, "remove", error))?;
        remove::empty(&handle).map_err(failed)?;
        rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR).map_err(failed)?;
        sync_folder(&parent).map_err(failed)
    }

    fn unfinished(&self, folder: &HomePath, before_ns: i64, remove: bool) -> Result<u64> {
        let Some(handle) = open_folder(&self.root, folder, Missing::Report)? else {
            return Ok(0);
        };
        let failed = |error: Errno| io_error("clear", folder, error);
        let mut found = 0;
        for entry in Dir::read_from(&handle).map_err(failed)? {
            let raw = entry.map_err(failed)?.file_name().to_owned();
            if !raw.to_str().is_ok_and(is_temporary) {
                continue;
            }
            let Some(there) = stat(&handle, &raw).map_err(failed)? else { continue };
            let is_left =
                kind(&there) == FileKind::File && metadata(&there).modified_ns < before_ns;
            if is_left && remove {
                rustix::fs::unlinkat(&handle, &raw, AtFlags::empty()).map_err(failed)?;
            }
            found += u64::from(is_left);
        }
        Ok(found)
    }

    fn real_path(&self, path: &HomePath) -> PathBuf {
        path.components().fold(self.path.clone(), |whole, name| whole.join(name))
    }
}
