use crate::HomePath;

/// Where this node keeps its own state, in `.syft/` below the home; none of it
/// is ever synced.
#[derive(Debug, Clone, Copy, Default)]
pub struct NodePaths;

impl NodePaths {
    /// The folder itself.
    #[must_use]
    pub fn root() -> HomePath {
        HomePath::trusted(".syft".to_owned())
    }

    /// Who this node is and which store it uses: a YAML file.
    #[must_use]
    pub fn config() -> HomePath {
        node("config.yaml")
    }

    /// Secret keys.
    #[must_use]
    pub fn keys() -> HomePath {
        node("keys")
    }

    /// The owner's decisions on peers and jobs: the truth behind all markers.
    #[must_use]
    pub fn decisions() -> HomePath {
        node("decisions")
    }

    /// The audit log.
    #[must_use]
    pub fn audit() -> HomePath {
        node("audit")
    }

    /// The journal of accepted messages and planned effects.
    #[must_use]
    pub fn journal() -> HomePath {
        node("journal")
    }

    /// Runs with their outputs and logs until released.
    #[must_use]
    pub fn runs() -> HomePath {
        node("runs")
    }

    /// One run.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if the id is not one path component.
    pub fn run(id: &str) -> crate::Result<HomePath> {
        if id.is_empty() || id.contains('/') {
            return Err(crate::Error::invalid("run id", id, "it must be one path component"));
        }
        Self::runs().join(id)
    }

    /// The approved bytes of jobs, by digest.
    #[must_use]
    pub fn snapshots() -> HomePath {
        node("snapshots")
    }

    /// Messages that were not accepted, with their reasons.
    #[must_use]
    pub fn quarantine() -> HomePath {
        node("quarantine")
    }

    /// The index; deleting it loses nothing.
    #[must_use]
    pub fn cache() -> HomePath {
        node("cache")
    }

    /// Folders that are being made and are renamed into place when complete.
    #[must_use]
    pub fn staging() -> HomePath {
        node("staging")
    }

    /// What this node wants to send and could not yet.
    #[must_use]
    pub fn queue() -> HomePath {
        node("queue")
    }

    /// The file that [`HomeLock`](crate::HomeLock) locks.
    #[must_use]
    pub fn lock() -> HomePath {
        node("lock")
    }
}

fn node(name: &str) -> HomePath {
    HomePath::trusted(format!(".syft/{name}"))
}
