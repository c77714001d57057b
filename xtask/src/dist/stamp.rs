//! The time that all files of an archive bear.

use std::path::Path;
use std::process::Command;

/// Seconds since 1970: what `SOURCE_DATE_EPOCH` says, or when the last change was
/// committed. The time of the build would make each archive another.
pub(super) fn seconds(root: &Path) -> Result<u64, String> {
    if let Some(told) = told() {
        return read(&told).ok_or_else(|| format!("SOURCE_DATE_EPOCH={told} is no number"));
    }
    let output = Command::new("git")
        .args(["log", "-1", "--format=%ct"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("could not start git: {error}"))?;
    let committed = read(&String::from_utf8_lossy(&output.stdout));
    committed.ok_or("git knows no commit here: say SOURCE_DATE_EPOCH".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "a build is told its time in its environment")]
fn told() -> Option<String> {
    std::env::var("SOURCE_DATE_EPOCH").ok().filter(|told| !told.is_empty())
}

fn read(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}
