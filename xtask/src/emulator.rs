//! `cargo xtask emulator`: a Google Drive on loopback, to try things with.

use std::path::Path;

use crate::cargo;

/// Builds it and runs it until it is interrupted. What is said goes to it as it is.
pub(crate) fn run(root: &Path, words: &[&str]) -> bool {
    let status = cargo(root)
        .args(["run", "--quiet", "--locked", "--package", "syft-drive-emulator", "--"])
        .args(words)
        .status();
    match status {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("emulator: could not start cargo: {error}");
            false
        }
    }
}
