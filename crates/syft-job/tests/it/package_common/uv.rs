use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that the tests are made with.
const UV: &str = "uv==0.13.9";

/// The program, installed once for all tests by the pip of this machine, from where
/// that takes packages.
pub(crate) fn uv() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(UV);
    let program = place.join("bin/uv");
    if program.is_file() {
        return program;
    }
    let making = tempfile::Builder::new().prefix("uv-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let making = making.unwrap();
    let pip = Command::new("/usr/bin/python3")
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
        .args(["--no-deps", "--only-binary", ":all:", "--target"])
        .arg(making.path().join("it"))
        .arg(UV)
        .status();
    assert!(pip.unwrap().success(), "the package index must be within reach for {UV}");
    // Another test may have been there first, with the same.
    let _ = fs::rename(making.path().join("it"), &place);
    assert!(program.is_file(), "{}", program.display());
    program
}
