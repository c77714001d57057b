//! A name for a file that is whole, if the name is free: in one step where the file system
//! can.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::fs::stat;

type Call = fn(&OwnedFd, &str, &str) -> Result<(), Errno>;

/// The calls that give a file in a folder a name only if that is free.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calls {
    rename: Call,
    link: Call,
}

/// What the system has; whether the file system knows them, only trying tells.
pub(super) const SYSTEM: Calls = Calls { rename: rename_if_free, link };

/// Whether it is one step to give a file a name if that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// Of several at the same instant exactly one has the name.
    One,
    /// It is looked first: of several at the same instant, the last one has the name.
    Two,
}

/// Renames or links a file. Network drives, sticks and mounts of the user's own know one of
/// the two, or neither.
pub(super) fn give_name(
    calls: &Calls,
    folder: &OwnedFd,
    from: &str,
    to: &str,
) -> Result<Steps, Errno> {
    match (calls.rename)(folder, from, to) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        other => return other.map(|()| Steps::One),
    }
    match (calls.link)(folder, from, to) {
        Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::MLINK) => {}
        other => return other.map(|()| Steps::One),
    }
    if stat(folder, to)?.is_some() {
        return Err(Errno::EXIST);
    }
    rustix::fs::renameat(folder, from, folder, to).map(|()| Steps::Two)
}

fn rename_if_free(folder: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    rustix::fs::renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE)
}

fn link(folder: &OwnedFd, from: &str, to: &str) -> Result<(), Errno> {
    rustix::fs::linkat(folder, from, folder, to, AtFlags::empty())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, read, remove_file, write};

    use super::*;

    const CALLS: [Calls; 3] = [
        SYSTEM,
        Calls { rename: |_, _, _| Err(Errno::INVAL), link },
        // As FAT on a stick, and most mounts of the user's own.
        Calls { rename: |_, _, _| Err(Errno::INVAL), link: |_, _, _| Err(Errno::PERM) },
    ];

    #[test]
    fn a_file_has_its_name_and_no_other_loses_it_whatever_the_file_system_knows() {
        for (calls, steps) in CALLS.iter().zip([Steps::One, Steps::One, Steps::Two]) {
            let root = tempfile::tempdir().unwrap();
            let folder = OwnedFd::from(File::open(root.path()).unwrap());
            write(root.path().join("new"), "mine").unwrap();
            assert_eq!(give_name(calls, &folder, "new", "name"), Ok(steps));
            assert_eq!(read(root.path().join("name")).unwrap(), b"mine");
            // A link leaves the older name; what is written is another file.
            let _ = remove_file(root.path().join("new"));
            write(root.path().join("new"), "other").unwrap();
            assert_eq!(give_name(calls, &folder, "new", "name"), Err(Errno::EXIST));
            assert_eq!(read(root.path().join("name")).unwrap(), b"mine");
        }
    }

    #[test]
    fn a_name_in_the_other_form_of_unicode_is_taken_too() {
        let root = tempfile::tempdir().unwrap();
        let folder = OwnedFd::from(File::open(root.path()).unwrap());
        write(root.path().join("o\u{308}"), "theirs").unwrap();
        write(root.path().join("new"), "mine").unwrap();
        assert_eq!(give_name(&CALLS[2], &folder, "new", "\u{f6}"), Err(Errno::EXIST));
    }
}
