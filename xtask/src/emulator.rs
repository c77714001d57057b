//! `cargo xtask emulator`: a Google Drive on loopback, to try things with.

use std::path::Path;
use std::process::Command;

/// Builds it and runs it until it is interrupted. What is said goes to it as it is.
pub(crate) fn run(root: &Path, words: &[&str]) -> bool {
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--locked", "--package", "syft-drive-emulator", "--"])
        .args(words)
        .current_dir(root)
        .status();
    match status {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("emulator: could not start cargo: {error}");
            false
        }
    }
}
