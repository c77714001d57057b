use std::path::Path;

use syft_core::Access;

use super::PackageLock;
use super::layer::{FILES, SITE, layer_folder};
use super::phase::Scratch;
use super::tool::Tool;
use crate::sandbox::Sandbox;
use crate::{Collected, Error, JobStore, Result, SkippedOutput};

/// Of what an installer wrote and could not be taken, so much is named.
const TOLD: usize = 5;

impl JobStore {
    /// Installs exactly what a lock names as a layer of the cache. It is made beside
    /// its place and moved there when it is complete.
    pub(super) fn install(&self, lock: &PackageLock, sandbox: &dyn Sandbox) -> Result<()> {
        let options = &self.packages;
        let scratch = Scratch::new(self)?;
        let layer = scratch.taken()?;
        let site = layer.join(SITE)?;
        self.disk.create_dir_all(&site, Access::OwnerOnly)?;
        let mut files = Vec::new();
        if !lock.packages().is_empty() {
            let tool = Tool::of(options);
            let command = |target: &Path| tool.install_command(options, target);
            let taken = scratch.run(options, &lock.text(), command, &site, sandbox)?;
            all_taken(&taken)?;
            files = taken.files;
        }
        self.write_json(&layer.join(FILES)?, &files)?;
        let place = layer_folder(lock)?;
        // What stands there is not what was installed, or another process was first.
        if !self.has_layer(lock)? {
            self.disk.remove_dir_all(&place)?;
            self.disk.rename(&layer, &place)?;
        }
        Ok(())
    }
}

/// A layer without a file of a package would be another one than was approved.
fn all_taken(taken: &Collected) -> Result<()> {
    let missed: Vec<&SkippedOutput> =
        taken.skipped.iter().filter(|skipped| !may_be_missed(&skipped.path)).collect();
    if missed.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = missed
        .iter()
        .take(TOLD)
        .map(|skipped| format!("{}: {}", skipped.path, skipped.reason))
        .collect();
    let reason = format!("a package holds what cannot be taken over: {}", told.join("; "));
    Err(Error::Packages { reason })
}

/// Programs, which no job starts from there, and what Python or the installer keeps
/// for itself.
fn may_be_missed(path: &str) -> bool {
    path.starts_with("bin/") || path.split('/').any(|name| name == "__pycache__") || path == ".lock"
}
