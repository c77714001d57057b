use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, fstat};

use super::super::system;
use super::users::{self, JobUser};
use super::{copy, mounts};
use crate::sandbox::view::{Shown, View};

/// What is mounted inside, opened where it stands outside.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    pub(super) system: Vec<Source>,
    pub(super) devices: Vec<Source>,
    pub(super) shown: Vec<Source>,
}

/// A tree and its place inside.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) tree: OwnedFd,
    pub(super) to: PathBuf,
    pub(super) is_folder: bool,
}

impl Sources {
    /// Opens all that is to be seen.
    ///
    /// # Errors
    /// In words, what could not be opened. What is not there is left out.
    pub(super) fn open(view: &View, user: JobUser) -> Result<Self, String> {
        let mut links = Vec::new();
        let mut system = Vec::new();
        for folder in system::folders() {
            match fs::read_link(&folder) {
                Ok(target) => links.push((folder, target)),
                Err(_) => system.extend(read_only(&folder)?),
            }
        }
        for path in system::files().chain(system::for_network(view.network)) {
            system.extend(read_only(path)?);
        }
        let mut devices = Vec::new();
        for device in system::DEVICES {
            devices.extend(open(Path::new(device), |_| Ok(()))?);
        }
        let mut handing =
            Handing { user, copies: Path::new(&view.copies), renamings: HashMap::new() };
        let mut shown = Vec::new();
        for one in &view.shown {
            shown.extend(handing.open(one)?);
        }
        Ok(Sources { links, system, devices, shown })
    }
}

fn read_only(path: &Path) -> Result<Option<Source>, String> {
    open(path, mounts::make_read_only)
}

/// What the system has at this path, by links as well.
fn open(
    path: &Path,
    prepare: impl FnOnce(&OwnedFd) -> io::Result<()>,
) -> Result<Option<Source>, String> {
    let failed = |error: io::Error| format!("could not mount {}: {error}", path.display());
    match mounts::open(path) {
        Ok(handle) => source(&handle, path, prepare).map(Some).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn source(
    handle: &OwnedFd,
    to: &Path,
    prepare: impl FnOnce(&OwnedFd) -> io::Result<()>,
) -> io::Result<Source> {
    let is_folder = FileType::from_raw_mode(fstat(handle)?.st_mode) == FileType::Directory;
    let tree = mounts::tree(handle)?;
    prepare(&tree)?;
    Ok(Source { tree, to: to.to_owned(), is_folder })
}

/// Hands the job what it may read, so that its user can.
struct Handing<'a> {
    user: JobUser,
    copies: &'a Path,
    /// By the owner on the disk.
    renamings: HashMap<(u32, u32), OwnedFd>,
}

impl Handing<'_> {
    fn open(&mut self, shown: &Shown) -> Result<Option<Source>, String> {
        let (from, to) = (Path::new(&shown.from), Path::new(&shown.to));
        let failed = |error: io::Error| format!("could not hand on {}: {error}", from.display());
        // No link on the way: one that was put there since would lead elsewhere.
        let handle = match mounts::open_without_links(from) {
            Ok(handle) => handle,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let JobUser::Other(user) = self.user else {
            return source(&handle, to, mounts::make_read_only).map(Some).map_err(failed);
        };
        if copy::is_readable_by_owner(&handle).map_err(failed)? {
            let found = fstat(&handle).map_err(|error| failed(error.into()))?;
            let renaming = self.renaming((found.st_uid, found.st_gid), user).map_err(failed)?;
            let renamed = source(&handle, to, |tree| {
                mounts::rename_owners(tree, renaming)?;
                mounts::make_read_only(tree)
            });
            // Else the file system knows of no other owners than its own.
            if let Ok(renamed) = renamed {
                return Ok(Some(renamed));
            }
        }
        let copied = self.copies.join(format!("handed-{}", self.number()));
        copy::copy_for(&handle, &copied, user).map_err(failed)?;
        let copied = mounts::open_without_links(&copied).map_err(failed)?;
        source(&copied, to, mounts::make_read_only).map(Some).map_err(failed)
    }

    fn renaming(&mut self, owner: (u32, u32), user: u32) -> io::Result<&OwnedFd> {
        use std::collections::hash_map::Entry;
        match self.renamings.entry(owner) {
            Entry::Occupied(made) => Ok(made.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(users::renaming(owner, user)?)),
        }
    }

    /// The number of the next copy.
    fn number(&self) -> usize {
        fs::read_dir(self.copies).map_or(0, Iterator::count)
    }
}
