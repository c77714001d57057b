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

/// Devices that every job can use.
pub(crate) const DEVICES: [&str; 5] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
/// What else programs look for among the devices, where a box makes its own: the
/// link, and what it leads to. Shared memory is space in the temporary folder.
pub(crate) const DEVICE_LINKS: [(&str, &str); 5] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/shm", "/tmp"),
];
/// Settings that keep users from making namespaces, with the value that does.
const RESTRICTIONS: [(&str, &str); 3] = [
    ("kernel/unprivileged_userns_clone", "0"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ("user/max_user_namespaces", "0"),
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

/// The setting that keeps users from making namespaces here, where there is one.
pub(crate) fn restriction() -> Option<String> {
    let (name, value) = RESTRICTIONS.into_iter().find(|(name, value)| {
        fs::read_to_string(Path::new("/proc/sys").join(name)).is_ok_and(|is| is.trim() == *value)
    })?;
    Some(format!("user namespaces are restricted: {} is {value}", name.replace('/', ".")))
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
