//! What the owner shows of a job in its folder.

mod markers;
mod python;

use std::collections::BTreeSet;

use syft_core::{Access, ContentHash, ContentHasher, FileKind, HomePath, LayoutKind, NodePaths};

use self::python::python_state;
use crate::receipt::{RECEIPT, Receipt, Told};
use crate::records::{Decision, JobRecord};
use crate::runs::{JobRun, STDERR, STDOUT};
use crate::state::{in_force, status};
use crate::{Error, JobId, JobStore, OutputFile, Result};

pub(crate) use self::markers::MARKERS;
pub use self::markers::Marker;
pub(crate) use self::python::RETURN_CODE;

const LOGS: [&str; 2] = [STDOUT, STDERR];
/// Holds the receipts of the runs beside the one that the job's folder shows, and what
/// was released of them.
pub(crate) const EARLIER: &str = "attempts";

impl JobStore {
    /// Writes markers, receipt and released files of a job that was sent to me
    /// into its folder, and removes those that are no longer true. Repeating it
    /// changes nothing, so a crash is healed by doing it again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Integrity`] if stored outputs are not the
    /// bytes that were released; those of the disk.
    pub fn project(&self, id: &JobId) -> Result<()> {
        self.project_record(&self.record(id)?)
    }

    /// [`JobStore::project`] of every job; one that fails stops no other.
    ///
    /// # Errors
    /// Those of the disk when the jobs are listed.
    pub fn project_all(&self) -> Result<Vec<(JobId, Error)>> {
        let records = self.all_records()?;
        let failed = records.into_iter().filter_map(|record| {
            self.project_record(&record).err().map(|error| (record.id, error))
        });
        Ok(failed.collect())
    }

    pub(crate) fn project_record(&self, record: &JobRecord) -> Result<()> {
        let place = self.place(&self.me, &record.submitter, &record.name);
        let decisions = self.read_decisions(&record.id)?.decisions;
        let runs = self.runs(&record.id)?;
        if runs.is_empty() && self.is_left_to_python(record, &place, &decisions)? {
            return Ok(());
        }
        let live = self.live_run_for(runs.last())?;
        let decision = decisions.last();
        let status = status(record, decision, runs.last(), live.as_deref());
        let decision = in_force(record, decision);
        let markers = self.markers(record, decision, runs.last(), status);
        match place.layout {
            LayoutKind::Native => self.project_markers(&place.results, &markers)?,
            LayoutKind::Pysyft => {
                let state = python_state(record, decision, runs.last(), status, markers);
                self.project_state(&place, &state)?;
            }
        }
        let mut ended: Vec<&JobRun> = runs.iter().filter(|run| run.finished.is_some()).collect();
        // What was let out stays where it is until more is: a run that is not answered
        // takes its place only where there is nothing.
        let answered = ended.iter().rposition(|run| run.release.is_some());
        let shown = match answered {
            Some(index) => Some(ended.remove(index)),
            None => ended.pop(),
        };
        self.project_run(&place.results, record, &decisions, shown)?;
        if place.layout == LayoutKind::Pysyft {
            self.project_return_code(&place.results, shown)?;
        }
        self.project_others(&place.results.join(EARLIER)?, record, &decisions, &ended)
    }

    /// What was released is not taken back when a later run is released too, and each
    /// run has left a receipt.
    fn project_others(
        &self,
        folder: &HomePath,
        record: &JobRecord,
        decisions: &[Decision],
        others: &[&JobRun],
    ) -> Result<()> {
        if others.is_empty() {
            return Ok(self.disk.remove_dir_all(folder)?);
        }
        for name in self.run_folders(folder)? {
            if !others.iter().any(|run| run.started.run == name) {
                self.disk.remove_dir_all(&folder.join(&name)?)?;
            }
        }
        for run in others {
            let place = folder.join(&run.started.run)?;
            self.project_run(&place, record, decisions, Some(run))?;
        }
        Ok(())
    }

    /// The receipt of a run that has ended, and what of it was released.
    fn project_run(
        &self,
        folder: &HomePath,
        record: &JobRecord,
        decisions: &[Decision],
        run: Option<&JobRun>,
    ) -> Result<()> {
        let release = run.and_then(|run| run.release.as_ref());
        let files: Vec<&OutputFile> =
            release.iter().flat_map(|release| release.files.iter().map(|r| &r.file)).collect();
        let outputs = folder.join("outputs")?;
        let keep: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        self.remove_others(&outputs, "", &keep)?;
        let Some(run) = run else {
            for name in LOGS.into_iter().chain([RECEIPT]) {
                self.disk.remove_file(&folder.join(name)?)?;
            }
            return Ok(());
        };
        let stored = NodePaths::run(&run.started.run)?;
        for file in files {
            let to = outputs.join(file.path.as_str())?;
            let from = stored.join("outputs")?.join(file.path.as_str())?;
            self.copy_verified(&from, &to, file.sha256, file.size)?;
        }
        let finished = run.finished.as_ref();
        for name in LOGS {
            let to = folder.join(name)?;
            let log = finished.map(|f| if name == STDOUT { &f.stdout } else { &f.stderr });
            match log {
                Some(log) if run.logs_released() => {
                    self.copy_verified(&stored.join(name)?, &to, log.sha256, log.size)?;
                }
                _ => self.disk.remove_file(&to)?,
            }
        }
        let audit = self.keep_receipt(record, decisions, run)?;
        // The line says how it ended: by its hash that could be guessed.
        let is_kept = finished.is_some_and(|finished| finished.failure_kept);
        let audit = audit.filter(|_| !is_kept);
        let receipt = Receipt { audit, ..self.receipt(record, decisions, run, Told::Released) };
        self.write_if_other(&folder.join(RECEIPT)?, &self.written(receipt)?, Access::Shared)
    }

    /// Removes what lies in `outputs/` and was not released.
    fn remove_others(&self, folder: &HomePath, prefix: &str, keep: &BTreeSet<&str>) -> Result<()> {
        match self.disk.metadata(folder)?.map(|metadata| metadata.kind) {
            None => return Ok(()),
            Some(FileKind::Folder) => {}
            Some(_) => return Ok(self.disk.remove_file(folder)?),
        }
        for entry in self.disk.list(folder)? {
            let name = match entry.name {
                Ok(name) => name,
                // Nothing here has such a name but by hand; it is reported, not synced.
                Err(_) => continue,
            };
            let path = format!("{prefix}{name}");
            let below = folder.join(&name)?;
            let inner = format!("{path}/");
            match entry.metadata.kind {
                FileKind::Folder if keep.iter().any(|kept| kept.starts_with(&inner)) => {
                    self.remove_others(&below, &inner, keep)?;
                }
                FileKind::Folder => self.disk.remove_dir_all(&below)?,
                FileKind::File if keep.contains(path.as_str()) => {}
                _ => self.disk.remove_file(&below)?,
            }
        }
        Ok(())
    }

    /// Copies a file whose bytes must have this hash: they are checked before
    /// anything is written, and again as they are written.
    fn copy_verified(
        &self,
        from: &HomePath,
        to: &HomePath,
        expected: ContentHash,
        size: u64,
    ) -> Result<()> {
        let there = self.disk.metadata(to)?;
        if there.is_some_and(|there| there.kind == FileKind::File && there.size == size)
            && self.hash(to)? == expected
        {
            return Ok(());
        }
        let found = self.hash(from)?;
        if found != expected {
            return Err(Error::Integrity { what: from.to_string(), expected, found });
        }
        let mut body = self.disk.open(from)?;
        self.disk.write_from(to, &mut body, Access::Shared)?;
        let found = self.hash(to)?;
        if found != expected {
            self.disk.remove_file(to)?;
            return Err(Error::Integrity { what: from.to_string(), expected, found });
        }
        Ok(())
    }

    pub(crate) fn hash(&self, path: &HomePath) -> Result<ContentHash> {
        let mut body = self.disk.open(path)?;
        let mut hasher = ContentHasher::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = body.read(&mut buffer).map_err(|source| syft_core::Error::Io {
                action: "read",
                path: path.to_string(),
                source,
            })?;
            match buffer.get(..read) {
                Some(bytes) if read > 0 => hasher.update(bytes),
                _ => return Ok(hasher.finish()),
            }
        }
    }

    pub(crate) fn write_if_other(
        &self,
        path: &HomePath,
        bytes: &[u8],
        access: Access,
    ) -> Result<()> {
        let limit = bytes.len() as u64;
        if self.disk.read(path, limit).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        self.disk.write(path, bytes, access)?;
        Ok(())
    }
}
