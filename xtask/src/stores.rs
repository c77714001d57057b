//! `cargo xtask stores`: installs the servers that tests of stores speak to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread::JoinHandle;

use crate::{environment, target_folder};

const PINS: &str = "tests/stores/requirements.txt";

/// The server of Azure's blobs: large, and for Node.js.
const AZURITE: &str = "azurite@3.35.0";

/// Where `tests/stores` finds them, below the folder that is theirs.
const FIXED: &str = "environment";

/// What `tests/stores` writes for each test that did not run, below the same folder.
const NOT_RUN: &str = "not-run";

/// Installs them, and says where.
pub(crate) fn run(root: &Path) -> bool {
    match install(root) {
        Ok(()) => {
            println!("stores: in {}", target_folder(root).join("stores").join(FIXED).display());
            true
        }
        Err(error) => {
            eprintln!("stores: {error}");
            false
        }
    }
}

fn install(root: &Path) -> Result<(), String> {
    let folder = target_folder(root).join("stores");
    let place = environment::made("stores", &root.join(PINS), &folder)?;
    point(&folder, &place).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Has the fixed name lead to the environment, at every instant to one.
fn point(folder: &Path, place: &Path) -> std::io::Result<()> {
    let making = tempfile::Builder::new().prefix("making-").tempdir_in(folder)?;
    let link = making.path().join(FIXED);
    let name = place.strip_prefix(folder).unwrap_or(place);
    symlink(name, &link)?;
    fs::rename(link, folder.join(FIXED))
}

/// The same, and what needs more than Python.
pub(crate) fn run_full(root: &Path) -> bool {
    let azurite = install_azurite(&target_folder(root).join("stores"));
    if let Err(error) = &azurite {
        eprintln!("stores: {AZURITE}: {error}");
    }
    run(root) && azurite.is_ok()
}

/// Has npm fetch it, once; without npm its tests say that they did not run.
fn install_azurite(folder: &Path) -> std::io::Result<()> {
    let place = folder.join("azurite");
    if place.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let making = tempfile::Builder::new().prefix("making-").tempdir_in(folder)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]);
    match npm.arg("--prefix").arg(making.path()).arg(AZURITE).status() {
        Ok(status) if status.success() => fs::rename(making.keep(), place),
        Ok(status) => Err(std::io::Error::other(format!("npm ended with {status}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("stores: {AZURITE} needs npm: apt-get install npm");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Begins to install them, beside other work; it ends with whether they are there.
pub(crate) fn begin(root: &Path, is_full: bool) -> JoinHandle<bool> {
    let root = root.to_owned();
    std::thread::spawn(move || if is_full { run_full(&root) } else { run(&root) })
}

/// Forgets what did not run before.
pub(crate) fn forget_not_run(root: &Path) {
    // Mostly there is nothing to forget.
    let _ = fs::remove_file(target_folder(root).join("stores").join(NOT_RUN));
}

/// Each line about tests that did not run, once.
pub(crate) fn not_run(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(target_folder(root).join("stores").join(NOT_RUN));
    let mut lines: Vec<String> = text.unwrap_or_default().lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::point;

    #[test]
    fn the_fixed_name_follows_the_newest_environment() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["one", "two"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("which"), name).unwrap();
            point(folder.path(), &folder.path().join(name)).unwrap();
            assert_eq!(fs::read_to_string(folder.path().join("environment/which")).unwrap(), name);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
