//! What every job can read of the system, whatever box it is in.

use std::fs;
use std::path::{Path, PathBuf};

/// Programs and their libraries; those that are not there are left out.
const FOLDERS: [&str; 7] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives"];
/// What the loader and the interpreters read below `/etc`.
pub(crate) const FILES: [&str; 6] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/mime.types",
    "/etc/ssl/openssl.cnf",
];

/// What every job can read besides what it is granted.
pub(crate) fn folders() -> impl Iterator<Item = PathBuf> {
    FOLDERS.iter().map(PathBuf::from).chain(python_settings())
}

/// Debian keeps Python's start-up settings in `/etc/python3.11` and the like.
fn python_settings() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/etc").into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"python3"))
        .map(|entry| entry.path())
}

/// Nothing of a run and no dataset may lie where every job can read: such a home is
/// open to all of them.
pub(crate) fn check_place<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    let open: Vec<PathBuf> = folders().filter_map(|folder| folder.canonicalize().ok()).collect();
    for path in paths {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(folder) = open.iter().find(|folder| real.starts_with(folder)) {
            let (path, folder) = (path.display(), folder.display());
            return Err(format!("{path} is below {folder}, which every job can read"));
        }
    }
    Ok(())
}
