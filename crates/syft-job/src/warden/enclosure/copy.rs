use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::path::Path;

/// Deeper folders are refused.
const MOST_DEEP: usize = 128;
const OWNER_READS: u32 = 0o400;
const OWNER_ENTERS: u32 = 0o500;
const ALL_READ: u32 = 0o444;
const ALL_ENTER: u32 = 0o555;

/// Copies what is in a folder into another one that is there: folders, files and
/// links, which stay links.
pub(in crate::warden) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    copy_entries(from, to, None, 0)
}

/// Copies a file or folder to a place where nothing stands, for this user alone.
pub(super) fn copy_for(from: &Path, to: &Path, user: u32) -> io::Result<()> {
    copy(from, to, &fs::metadata(from)?, Some(user), 0)
}

/// Whether all of a file or folder could be read by this user, if it were the owner
/// of what is owned by it.
pub(super) fn is_readable_by(path: &Path, owner: u32) -> io::Result<bool> {
    is_readable(path, &fs::metadata(path)?, owner, 0)
}

fn is_readable(path: &Path, found: &Metadata, owner: u32, depth: usize) -> io::Result<bool> {
    let has = |own: u32, all: u32| {
        let wanted = if found.uid() == owner { own } else { all };
        found.mode() & wanted == wanted
    };
    if found.is_file() {
        return Ok(has(OWNER_READS, ALL_READ));
    }
    if !found.is_dir() {
        return Ok(true);
    }
    check_depth(path, depth)?;
    if !has(OWNER_ENTERS, ALL_ENTER) {
        return Ok(false);
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !is_readable(&entry.path(), &entry.metadata()?, owner, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn copy_entries(from: &Path, to: &Path, user: Option<u32>, depth: usize) -> io::Result<()> {
    check_depth(from, depth)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()), &entry.metadata()?, user, depth + 1)?;
    }
    Ok(())
}

/// What is neither a file nor a folder nor a link has nothing that could be copied.
fn copy(
    from: &Path,
    to: &Path,
    found: &Metadata,
    user: Option<u32>,
    depth: usize,
) -> io::Result<()> {
    if found.is_dir() {
        fs::create_dir(to)?;
        copy_entries(from, to, user, depth)?;
    } else if found.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if found.is_file() {
        fs::copy(from, to)?;
    } else {
        return Ok(());
    }
    let Some(user) = user else { return Ok(()) };
    if !found.is_symlink() {
        let mode = if found.is_dir() { OWNER_ENTERS } else { OWNER_READS };
        fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    }
    lchown(to, Some(user), Some(user))
}

fn check_depth(path: &Path, depth: usize) -> io::Result<()> {
    if depth <= MOST_DEEP {
        return Ok(());
    }
    Err(io::Error::other(format!("{} lies too deep", path.display())))
}
