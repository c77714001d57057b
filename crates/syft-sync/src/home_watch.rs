use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecursiveMode, Watcher};
use syft_core::NodePaths;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{Error, Result};

/// Tells when somebody changes a file of a datasite in a home. It is a hint and
/// no more: what has changed is found by the next sync, which looks by itself.
pub struct HomeWatch {
    changes: UnboundedReceiver<()>,
    _watcher: notify::RecommendedWatcher,
}

impl fmt::Debug for HomeWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HomeWatch").finish_non_exhaustive()
    }
}

impl HomeWatch {
    /// Begins to watch a home.
    ///
    /// # Errors
    /// [`Error::Config`] if the system has no more watches to give, or the home
    /// is not there.
    pub fn new(home: &Path) -> Result<HomeWatch> {
        let failed = |error: notify::Error| {
            Error::Config(format!("changes in {} cannot be watched: {error}", home.display()))
        };
        let home = home.canonicalize().map_err(|error| failed(error.into()))?;
        let own_state = home.join(NodePaths::root().as_str());
        let (sender, changes) = unbounded_channel();
        let mut watcher = notify::recommended_watcher(tell(sender, own_state)).map_err(failed)?;
        watcher.watch(&home, RecursiveMode::Recursive).map_err(failed)?;
        Ok(HomeWatch { changes, _watcher: watcher })
    }

    /// Returns once something has changed and then nothing did for `quiet`: a
    /// program that writes a file in pieces is done with it.
    pub async fn changed(&mut self, quiet: Duration) {
        if self.changes.recv().await.is_none() {
            // The system stopped telling: only the clock calls for a sync now.
            std::future::pending::<()>().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(quiet, self.changes.recv()).await {}
    }

    /// Forgets what has changed so far, as by a sync's own writes.
    pub fn forget(&mut self) {
        while self.changes.try_recv().is_ok() {}
    }
}

fn tell(
    sender: UnboundedSender<()>,
    own_state: PathBuf,
) -> impl FnMut(notify::Result<Event>) + Send + 'static {
    move |event| {
        let counts = match &event {
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => false,
            Ok(event) => event.paths.iter().any(|path| !path.starts_with(&own_state)),
            // Events were lost: something has changed.
            Err(_) => true,
        };
        if counts {
            // Nobody waits any more.
            let _ = sender.send(());
        }
    }
}
