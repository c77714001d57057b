//! Python packages in a folder of their own, made once and kept.

mod pins;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a Python may be; the first one that can make an environment is taken.
const CANDIDATES: &[&str] = &["python3", "/usr/bin/python3"];

/// Prints which Python it is, if it is new enough and can make an environment with pip.
const PROBE: &str = "\
import sys, venv, ensurepip
assert sys.version_info >= (3, 11), f'it is {sys.version.split()[0]}, and 3.11 is needed'
print(sys.version.split()[0], sys.executable)";

/// Its file in the environment says that nothing is missing.
const COMPLETE: &str = "complete";

/// The folder of an environment with the pinned packages, below `folder`; the interpreter
/// is `bin/python` in it. `who` wants it.
///
/// # Errors
/// No Python can make one, or pip cannot fetch the packages.
pub(crate) fn made(who: &str, pins: &Path, folder: &Path) -> Result<PathBuf, String> {
    let told = |error: String| format!("{}: {error}", pins.display());
    let text = fs::read_to_string(pins).map_err(|error| told(error.to_string()))?;
    let names = pins::read(&text).map_err(told)?;
    let base = CANDIDATES.iter().map(|candidate| probe(candidate)).collect::<Vec<_>>();
    let Some(base) = base.iter().find_map(|found| found.as_ref().ok()) else {
        return Err(none_fits(&base));
    };
    let place = folder.join(pins::key(&names, &base.told));
    if !place.join(COMPLETE).is_file() {
        println!("{who}: installing {} packages in {}", names.len(), place.display());
        make(base, pins, &place)?;
    }
    Ok(place)
}

/// A Python of this machine.
#[derive(Debug)]
struct Base {
    program: &'static str,
    /// Its version and where it is.
    told: String,
}

fn probe(program: &'static str) -> Result<Base, String> {
    let output = Command::new(program)
        .args(["-c", PROBE])
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        return Ok(Base { program, told });
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program}: {}", complaint.lines().last().unwrap_or("it does not run")))
}

fn none_fits(tried: &[Result<Base, String>]) -> String {
    let tried: Vec<&str> =
        tried.iter().filter_map(|found| found.as_ref().err().map(String::as_str)).collect();
    format!(
        "no Python can make an environment:\n  {}\nInstall one, and try again: \
         apt-get install python3 python3-venv",
        tried.join("\n  ")
    )
}

/// Makes the environment beside its place, and moves it there when it is complete.
fn make(base: &Base, pins: &Path, place: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", place.display());
    let parent = place.parent().unwrap_or(place);
    fs::create_dir_all(parent).map_err(told)?;
    let making = tempfile::Builder::new().prefix("making-").tempdir_in(parent).map_err(told)?;
    let venv = Command::new(base.program).args(["-m", "venv"]).arg(making.path()).status();
    succeed("python3 -m venv", venv, "apt-get install python3-venv")?;
    let pip = Command::new(making.path().join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
        // Nothing comes that is not pinned, and nothing of it is built here.
        .args(["--no-deps", "--only-binary", ":all:", "--requirement"])
        .arg(pins)
        .status();
    succeed("pip install", pip, "the package index must be within reach; then try again")?;
    fs::write(making.path().join(COMPLETE), "").map_err(told)?;
    if place.exists() {
        fs::remove_dir_all(place).map_err(told)?;
    }
    // Of what has moved away nothing is left to be removed.
    fs::rename(making.path(), place).map_err(told)
}

fn succeed(
    what: &str,
    status: std::io::Result<std::process::ExitStatus>,
    advice: &str,
) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what} failed ({status}): {advice}")),
        Err(error) => Err(format!("{what}: {error}: {advice}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Base, none_fits, probe};

    #[test]
    fn who_has_no_python_is_told_what_to_install() {
        let tried: [Result<Base, String>; 1] = [probe("/nowhere/python3")];
        let told = none_fits(&tried);
        assert!(told.contains("/nowhere/python3: No such file"), "{told}");
        assert!(told.contains("apt-get install python3 python3-venv"), "{told}");
    }

    #[test]
    fn a_program_that_is_no_python_is_passed_over() {
        let complaint = probe("false").unwrap_err();
        assert_eq!(complaint, "false: it does not run");
    }
}
