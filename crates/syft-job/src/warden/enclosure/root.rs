use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat, symlinkat};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{chdir, fchdir, pivot_root};

use super::mounts;
use super::sources::{Source, Sources};
use crate::sandbox::view::{Fresh, TMP, View};

/// Makes a root folder in memory with what is to be seen in it, and goes there for
/// good: of the former one nothing is left.
///
/// # Errors
/// In words, what could not be made.
pub(super) fn replace(view: &View, sources: Sources, owner: (u32, u32)) -> Result<(), String> {
    let new = NewRoot::make(owner).map_err(|error| format!("could not make a root: {error}"))?;
    new.fill(view, sources)?;
    new.enter().map_err(|error| format!("could not change the root: {error}"))
}

struct NewRoot {
    folder: OwnedFd,
    /// User and group of what is the job's own.
    owner: (u32, u32),
}

impl NewRoot {
    fn make(owner: (u32, u32)) -> io::Result<Self> {
        let folder = mounts::memory(&[("mode", "0755".to_owned())])?;
        // On top of the old one, which this process still stands in.
        mounts::attach(&folder, CWD, Path::new("/"))?;
        Ok(NewRoot { folder, owner })
    }

    fn fill(&self, view: &View, sources: Sources) -> Result<(), String> {
        for (link, target) in &sources.links {
            self.link(link, target)?;
        }
        for source in sources.system.iter().chain(&sources.devices) {
            self.mount(source)?;
        }
        for (link, target) in view.device_links() {
            self.link(Path::new(link), Path::new(target))?;
        }
        let tree = mounts::proc(true).map_err(at(Path::new("/proc")))?;
        self.mount(&Source { tree, to: "/proc".into(), is_folder: true })?;
        let (tmp, others): (Vec<_>, Vec<_>) =
            view.fresh.iter().partition(|fresh| fresh.path == TMP);
        // What is below the temporary folder is put there once there is one.
        for fresh in tmp {
            self.mount_fresh(fresh)?;
        }
        let mut emptied = Vec::new();
        for path in &view.emptied {
            let tree = self.memory(1 << 26, 250_000).map_err(at(Path::new(path)))?;
            emptied.push(Source { tree, to: path.into(), is_folder: true });
        }
        for source in emptied.iter().chain(&sources.shown) {
            self.mount(source)?;
        }
        for fresh in others {
            self.mount_fresh(fresh)?;
        }
        for source in &emptied {
            mounts::seal(&source.tree).map_err(at(&source.to))?;
        }
        mounts::seal(&self.folder).map_err(at(Path::new("/")))
    }

    fn enter(self) -> io::Result<()> {
        fchdir(self.folder.as_fd())?;
        // The old root is then on top of the new one, from where it is taken away.
        pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        Ok(chdir("/")?)
    }

    fn mount(&self, source: &Source) -> Result<(), String> {
        self.try_mount(source).map_err(at(&source.to))
    }

    fn try_mount(&self, source: &Source) -> io::Result<()> {
        let path = below_root(&source.to)?;
        if source.is_folder {
            self.make_folders(&path)?;
        } else {
            self.make_folders(path.parent().unwrap_or(Path::new("")))?;
            let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            openat(self.folder.as_fd(), &path, flags, Mode::from_raw_mode(0o444))?;
        }
        mounts::attach(&source.tree, self.folder.as_fd(), &path)
    }

    fn mount_fresh(&self, fresh: &Fresh) -> Result<(), String> {
        let path = Path::new(&fresh.path);
        let tree = self.memory(fresh.bytes, fresh.files).map_err(at(path))?;
        self.mount(&Source { tree, to: path.to_owned(), is_folder: true })
    }

    /// A folder in memory of the job's own user.
    fn memory(&self, bytes: u64, files: u64) -> io::Result<OwnedFd> {
        let (uid, gid) = self.owner;
        mounts::memory(&[
            ("mode", "0700".to_owned()),
            ("size", bytes.to_string()),
            ("nr_inodes", files.to_string()),
            ("uid", uid.to_string()),
            ("gid", gid.to_string()),
        ])
    }

    fn link(&self, link: &Path, target: &Path) -> Result<(), String> {
        let make = || -> io::Result<()> {
            let path = below_root(link)?;
            self.make_folders(path.parent().unwrap_or(Path::new("")))?;
            Ok(symlinkat(target, self.folder.as_fd(), path)?)
        };
        make().map_err(at(link))
    }

    fn make_folders(&self, path: &Path) -> io::Result<()> {
        let mut so_far = PathBuf::new();
        for component in path.components() {
            so_far.push(component);
            match mkdirat(self.folder.as_fd(), &so_far, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                // It is there, and read-only.
                Err(Errno::ROFS) if self.is_there(&so_far) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn is_there(&self, path: &Path) -> bool {
        rustix::fs::statat(self.folder.as_fd(), path, rustix::fs::AtFlags::empty()).is_ok()
    }
}

/// A path from the root as one from a folder, without any step upwards.
fn below_root(path: &Path) -> io::Result<PathBuf> {
    let relative: Option<Vec<&OsStr>> = path
        .components()
        .filter(|component| *component != Component::RootDir)
        .map(|component| match component {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    relative.map(PathBuf::from_iter).ok_or_else(|| io::Error::other("it is no absolute path"))
}

fn at(path: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("could not make {}: {error}", path.display())
}
