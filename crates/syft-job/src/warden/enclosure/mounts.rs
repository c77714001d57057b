use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount_change, move_mount,
    open_tree,
};

use super::super::sys;

/// What every mount has: no program gets another user's rights by it.
const NO_PRIVILEGES: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID;

/// From now on nothing that is mounted here shows anywhere else.
pub(super) fn detach_from_others() -> io::Result<()> {
    Ok(mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)?)
}

/// A folder in memory, not mounted anywhere yet.
pub(super) fn memory(options: &[(&str, String)]) -> io::Result<OwnedFd> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (name, value) in options {
        fsconfig_set_string(context.as_fd(), *name, value.as_str())?;
    }
    fsconfig_create(context.as_fd())?;
    let attributes = NO_PRIVILEGES | MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

/// The folder of this namespace's processes, not mounted anywhere yet.
pub(super) fn proc(is_read_only: bool) -> io::Result<OwnedFd> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(context.as_fd())?;
    let mut attributes =
        NO_PRIVILEGES | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    if is_read_only {
        attributes |= MountAttrFlags::MOUNT_ATTR_RDONLY;
    }
    Ok(fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

/// What stands at this path.
pub(super) fn open(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

/// What stands at this path, if no link is on the way there; for reading, if it can be
/// read.
pub(super) fn open_without_links(path: &Path) -> io::Result<OwnedFd> {
    let open = |flags| {
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve)
    };
    Ok(open(OFlags::RDONLY | OFlags::NONBLOCK).or_else(|_| open(OFlags::PATH))?)
}

/// What a handle is of, with all that is mounted in it, not mounted anywhere yet.
pub(super) fn tree(handle: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    Ok(open_tree(handle, "", flags)?)
}

/// Takes rights from a tree, as a whole: devices in it are none any more.
pub(super) fn make_read_only(tree: &OwnedFd) -> io::Result<()> {
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NODEV;
    sys::mount_setattr(tree, attributes | NO_PRIVILEGES, None, true)
}

/// Shows a tree as belonging to those whom the user namespace `renaming` makes of
/// its owners.
pub(super) fn rename_owners(tree: &OwnedFd, renaming: &OwnedFd) -> io::Result<()> {
    sys::mount_setattr(tree, MountAttrFlags::empty(), Some(renaming), true)
}

/// What is mounted by this handle, and nothing that is mounted in it.
pub(super) fn seal(mounted: &OwnedFd) -> io::Result<()> {
    sys::mount_setattr(mounted, MountAttrFlags::MOUNT_ATTR_RDONLY, None, false)
}

/// Mounts a tree at a path below `folder`.
pub(super) fn attach(tree: &OwnedFd, folder: impl AsFd, path: &Path) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    Ok(move_mount(tree.as_fd(), "", folder, path, flags)?)
}
