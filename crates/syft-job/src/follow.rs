use std::io::Read as _;

use syft_core::{HomePath, NodePaths};

use crate::runs::{RunFinished, RunStarted, STDERR, STDOUT};
use crate::sandbox::LogStream;
use crate::{Error, Job, JobStore, Result};

/// Reads the log of a run as it grows, also while another process runs the job.
#[derive(Debug)]
pub struct LogFollower {
    store: JobStore,
    run: RunStarted,
    file: HomePath,
    read: u64,
}

/// What came since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// The bytes; they need not be text.
    pub bytes: Vec<u8>,
    /// Whether nothing more comes.
    pub ended: bool,
}

impl Job {
    /// Follows a log of the latest run, from its beginning.
    ///
    /// # Errors
    /// [`Error::NotOwner`]: a submitter sees what was released, and nothing grows
    /// there; [`Error::WrongState`] if it has never run.
    pub fn follow(&self, stream: LogStream) -> Result<LogFollower> {
        self.must_own("follow")?;
        let Some(run) = self.run() else {
            let (job, status) = (self.id.to_string(), self.status);
            return Err(Error::WrongState { job, status, action: "follow" });
        };
        let name = match stream {
            LogStream::Stdout => STDOUT,
            LogStream::Stderr => STDERR,
        };
        let file = NodePaths::run(&run.started.run)?.join(name)?;
        Ok(LogFollower { store: self.store.clone(), run: run.started.clone(), file, read: 0 })
    }
}

impl LogFollower {
    /// What the run printed since the last call. Does not wait.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn next_piece(&mut self) -> Result<LogPiece> {
        // Asked first: what is printed before the end is then read after it.
        let ended = self.ended()?;
        let bytes = self.unread()?;
        self.read += bytes.len() as u64;
        Ok(LogPiece { bytes, ended })
    }

    fn ended(&self) -> Result<bool> {
        // A run is finished before its runner lets go: asked in the other order, it
        // would look interrupted for an instant.
        let live = self.store.live_run()?;
        let path = NodePaths::run(&self.run.run)?.join("finished.json")?;
        let finished: Option<RunFinished> = self.store.read_json(&path)?;
        Ok(finished.is_some() || live.as_deref() != Some(self.run.run.as_str()))
    }

    fn unread(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let there = self.store.disk.metadata(&self.file)?.map_or(0, |there| there.size);
        if there <= self.read {
            return Ok(bytes);
        }
        let failed =
            |source| syft_core::Error::Io { action: "read", path: self.file.to_string(), source };
        let mut file = self.store.disk.open(&self.file)?;
        std::io::copy(&mut (&mut file).take(self.read), &mut std::io::sink()).map_err(failed)?;
        file.take(there - self.read).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}
