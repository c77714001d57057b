use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::errors::error;
use super::names::in_either_form;
use crate::keys::LAYOUT;
use crate::{Error, Result};

const FOLDER_MODE: Mode = Mode::from_raw_mode(0o777);

/// The folder that is shared. It is opened anew for each call, so that a drive
/// that went away is noticed, and below it only by handles that follow no link.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
}

impl Root {
    pub(super) fn new(path: &Path) -> Self {
        Root { path: path.to_owned() }
    }

    /// Makes the folder and the store in it.
    pub(super) fn make(&self) -> Result<()> {
        std::fs::create_dir_all(&self.path).map_err(|cause| {
            let errno = Errno::from_io_error(&cause).unwrap_or(Errno::IO);
            error("make", self.path.display(), errno)
        })?;
        let root = self.open_root("make")?;
        make_folder(&root, LAYOUT).map_err(|errno| error("make", self.path.display(), errno))?;
        self.layout("open").map(drop)
    }

    /// The folder `syft-1`, which only [`Root::make`] makes.
    pub(super) fn layout(&self, action: &'static str) -> Result<OwnedFd> {
        let root = self.open_root(action)?;
        open_folder(&root, LAYOUT).map_err(|errno| match errno {
            Errno::NOENT => self.away(action, errno),
            other => error(action, self.path.join(LAYOUT).display(), other),
        })
    }

    fn open_root(&self, action: &'static str) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(&self.path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOENT | Errno::NOTDIR => self.away(action, errno),
            other => error(action, self.path.display(), other),
        })
    }

    fn away(&self, action: &'static str, errno: Errno) -> Error {
        let detail = format!(
            "the shared folder {} is not there now, or holds no store (is its drive mounted?)",
            self.path.display()
        );
        Error::temporary(action, self.path.display(), detail).because(errno)
    }

    /// The folder of a space or one above it, by all components of its key.
    /// `None` if it is not there.
    pub(super) fn folder(
        &self,
        action: &'static str,
        components: &[&str],
    ) -> Result<Option<OwnedFd>> {
        let mut folder = self.layout(action)?;
        for component in below(components) {
            folder = match open_folder(&folder, component) {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(error(action, components.join("/"), errno)),
            };
        }
        Ok(Some(folder))
    }

    /// As [`Root::folder`], but makes what is missing below `syft-1`.
    pub(super) fn make_folders(
        &self,
        action: &'static str,
        components: &[&str],
    ) -> Result<OwnedFd> {
        let mut folder = self.layout(action)?;
        for component in below(components) {
            folder = open_folder(&folder, component)
                .or_else(|errno| match errno {
                    Errno::NOENT => {
                        make_folder(&folder, component)?;
                        open_folder(&folder, component)
                    }
                    other => Err(other),
                })
                .map_err(|errno| error(action, components.join("/"), errno))?;
        }
        Ok(folder)
    }
}

/// The components after `syft-1`.
fn below<'a>(components: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    components.iter().copied().skip_while(|component| *component == LAYOUT)
}

fn open_folder(parent: impl AsFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    in_either_form(name, |name| rustix::fs::openat(&parent, name, flags, Mode::empty()))
}

fn make_folder(parent: impl AsFd, name: &str) -> Result<(), Errno> {
    match rustix::fs::mkdirat(&parent, name, FOLDER_MODE) {
        Ok(()) => sync_folder(parent),
        Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Makes names durable. Some network drives cannot, and need not.
pub(super) fn sync_folder(folder: impl AsFd) -> Result<(), Errno> {
    match rustix::fs::fsync(folder) {
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) | Ok(()) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// A regular file, opened for reading; `None` if another kind of thing stands
/// there. Opening a pipe or a device does not wait and has no effect.
pub(super) fn open_file(folder: impl AsFd, name: &str) -> Result<Option<(OwnedFd, Stat)>, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened =
        in_either_form(name, |name| rustix::fs::openat(&folder, name, flags, Mode::empty()));
    let file = match opened {
        Ok(file) => file,
        // A link, or a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let stat = rustix::fs::fstat(&file)?;
    Ok((file_type(&stat) == FileType::RegularFile).then_some((file, stat)))
}

pub(super) fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// What stands there, without following a link; `None` if nothing does.
pub(super) fn stat(folder: impl AsFd, name: &str) -> Result<Option<Stat>, Errno> {
    let found =
        in_either_form(name, |name| rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW));
    match found {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}
