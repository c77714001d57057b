//! The release build, without anything that is loaded later.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{cargo, target_folder};

/// What is built for.
#[derive(Debug)]
pub(super) struct Target {
    /// `x86_64-unknown-linux-musl`.
    pub(super) name: String,
}

impl Target {
    /// With musl, if its library is installed here, or else as this machine is.
    pub(super) fn of_this_machine() -> Result<Self, String> {
        let told = rustc(&["--version", "--verbose"])?;
        let host = told.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.ok_or("rustc does not say what it runs on")?;
        let musl = with_musl(host);
        let library = rustc(&["--print", "target-libdir", "--target", &musl]);
        let is_there = library.is_ok_and(|folder| Path::new(folder.trim()).is_dir());
        Ok(Target { name: if is_there { musl } else { host.to_owned() } })
    }
}

fn with_musl(host: &str) -> String {
    match host.strip_suffix("-gnu") {
        Some(system) => format!("{system}-musl"),
        None => host.to_owned(),
    }
}

fn rustc(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("rustc").args(arguments).output();
    let output = output.map_err(|error| format!("could not start rustc: {error}"))?;
    if !output.status.success() {
        return Err(format!("rustc {}: {}", arguments.join(" "), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Builds the program, and says where it is.
///
/// # Errors
/// It cannot be built, or holds a path of this machine.
pub(super) fn build(root: &Path, target: &Target) -> Result<PathBuf, String> {
    // With a target of its own the flags are not those of what runs while it is built.
    let status = cargo(root)
        .args(["build", "--release", "--locked", "--package", "syft-cli", "--bins"])
        .args(["--target", &target.name])
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root).join("\u{1f}"))
        .status()
        .map_err(|error| format!("could not start cargo: {error}"))?;
    if !status.success() {
        return Err(format!("the release build failed: {status}"));
    }
    let program = target_folder(root).join(&target.name).join("release/syft");
    let bytes = fs::read(&program).map_err(|error| format!("{}: {error}", program.display()))?;
    match places(root).iter().find(|(place, _)| holds(&bytes, place.as_os_str().as_bytes())) {
        Some((place, _)) => Err(format!("the program holds the path {}", place.display())),
        None => Ok(program),
    }
}

/// Whether a text stands somewhere in there.
fn holds(bytes: &[u8], text: &[u8]) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|found| found == text)
}

/// Static, and without the paths of this machine in the messages of panics: who builds
/// elsewhere gets the same.
fn flags(root: &Path) -> Vec<String> {
    let renamed = places(root)
        .into_iter()
        .map(|(place, name)| format!("--remap-path-prefix={}={name}", place.display()));
    ["-Ctarget-feature=+crt-static".to_owned()].into_iter().chain(renamed).collect()
}

/// Where sources lie on this machine, and what the program calls these places. Of those
/// that a path begins with, the last one counts.
fn places(root: &Path) -> Vec<(PathBuf, &'static str)> {
    let crates = cargo_home().map(|home| (home, "/cargo"));
    let own = [(root.to_owned(), "/syft"), (target_folder(root), "/syft/target")];
    crates.into_iter().chain(own).collect()
}

#[expect(clippy::disallowed_methods, reason = "where cargo keeps crates is in its environment")]
fn cargo_home() -> Option<PathBuf> {
    let told = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    told.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

#[cfg(test)]
mod tests {
    use super::{holds, with_musl};

    #[test]
    fn only_the_library_is_another() {
        assert_eq!(with_musl("aarch64-unknown-linux-gnu"), "aarch64-unknown-linux-musl");
        assert_eq!(with_musl("x86_64-unknown-linux-musl"), "x86_64-unknown-linux-musl");
    }

    #[test]
    fn a_path_is_found_wherever_it_stands() {
        assert!(holds(b"at /home/me/syft/src/main.rs", b"/home/me"));
        assert!(!holds(b"at /cargo/registry", b"/home/me"));
        assert!(!holds(b"", b"/home/me") && !holds(b"a", b""));
    }
}
