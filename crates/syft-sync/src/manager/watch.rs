use std::ops::ControlFlow;
use std::time::Duration;

use super::{SyftboxManager, SyncOptions};
use crate::{HomeWatch, Result, SyncReport};

/// How often [`SyftboxManager::watch`] looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchOptions {
    /// The longest time from the end of a pass to the next one, which looks what
    /// is new in the store.
    pub every: Duration,
    /// How long nothing must change in the home before a change leads to a pass.
    pub quiet: Duration,
}

/// A pass every ten seconds, and half a second after an edit.
impl Default for WatchOptions {
    fn default() -> Self {
        WatchOptions { every: Duration::from_secs(10), quiet: Duration::from_millis(500) }
    }
}

impl SyftboxManager {
    /// Syncs now, whenever something changes in the home, and now and then for
    /// what is new in the store, until `after_pass` says to stop. Dropping the
    /// future ends it as well: a pass that is cut off is finished by the next one.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) if the home cannot be watched. What
    /// a pass meets is told to `after_pass`, which decides whether to go on.
    pub async fn watch(
        &self,
        sync: &SyncOptions,
        watch: WatchOptions,
        mut after_pass: impl FnMut(Result<SyncReport>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut changes = HomeWatch::new(&self.node.home)?;
        loop {
            let report = self.sync(sync).await;
            // What the pass wrote itself calls for no other pass.
            changes.forget();
            if after_pass(report).is_break() {
                return Ok(());
            }
            tokio::select! {
                () = changes.changed(watch.quiet) => {}
                () = tokio::time::sleep(watch.every) => {}
            }
        }
    }
}
