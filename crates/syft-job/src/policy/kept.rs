use syft_core::DatasitePath;

use crate::{Error, JobId, JobStore, Result};

/// What the rules of its datasets keep of a job's latest run, whoever decides.
#[derive(Debug, Default)]
pub struct Kept {
    /// The outputs that may not be released, each with the refusal.
    pub outputs: Vec<(DatasitePath, Error)>,
    /// The refusal, if the logs may not be released.
    pub logs: Option<Error>,
}

impl JobStore {
    /// What the rules of its datasets keep of a job's latest run, for its owner to know
    /// before something is released: [`JobStore::release`] refuses that.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PolicyFile`] if the rules cannot be read; those of
    /// the disk.
    pub fn kept_by_rules(&self, id: &JobId) -> Result<Kept> {
        let Some(run) = self.last_run(id)? else { return Ok(Kept::default()) };
        let bounds = self.policy()?.bounds(&run.started.datasets);
        let paths = run.finished.iter().flat_map(|finished| &finished.outputs);
        let paths = paths.map(|file| &file.path);
        let outputs =
            paths.filter_map(|path| Some((path.clone(), bounds.refusal(path)?))).collect();
        Ok(Kept { outputs, logs: bounds.logs_refusal() })
    }
}
