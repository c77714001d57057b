//! Jobs move with their datasite when it takes another layout.

use syft_core::{
    Access, Email, FileKind, HomePath, JobName, JobPlace, LayoutKind, Timestamp, yaml,
};

use crate::project::{EARLIER, MARKERS, RETURN_CODE};
use crate::receipt::RECEIPT;
use crate::records::JobRecord;
use crate::runs::{STDERR, STDOUT};
use crate::{Error, JobConfig, JobStore, PythonState, Result};

/// What a node writes beside a submission, or instead of it into a folder of its
/// own; all of it is written anew from the records.
const RESULTS: [&str; 7] =
    ["outputs", STDOUT, STDERR, RECEIPT, EARLIER, RETURN_CODE, PythonState::FILE];

impl JobStore {
    /// Whether all that there is of jobs has a place of its own in another layout.
    ///
    /// # Errors
    /// [`Error::NoPlace`] if two jobs would have the same place, and in the native
    /// layout if a job ended with the Python peer or has a name that only the PySyft
    /// layout takes; those of the disk.
    pub fn check_layout(&self, from: LayoutKind, to: LayoutKind) -> Result<()> {
        let no_place =
            |job: String, reason: String| Err(Error::NoPlace { job, layout: to, reason });
        let is_native = to == LayoutKind::Native;
        for submitter in self.submitters(from)? {
            for name in self.job_folders_in(&self.me, &submitter, from)? {
                let job = format!("{submitter}/{name}");
                if let [one, other, ..] = &*self.taken_places(&submitter, &name, from, to)? {
                    let reason = format!("{one} and {other} would be one; move one of them away");
                    return no_place(job, reason);
                }
                if let (true, Err(error)) = (is_native, JobName::parse(name.as_str())) {
                    return no_place(job, error.to_string());
                }
            }
        }
        for record in self.all_records()? {
            if is_native && record.ended_before().is_some() {
                let reason = "it ended in PySyft, and what came of it would be lost".to_owned();
                return no_place(record.title(), reason);
            }
        }
        Ok(())
    }

    /// Moves all jobs that were sent to me to where another layout has them, with
    /// `config.yaml` in its form. What the owner shows of them is left to
    /// [`JobStore::project_all`]. Repeating it finishes what was begun.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn take_layout(&self, from: LayoutKind, to: LayoutKind) -> Result<()> {
        let me = &self.me;
        for submitter in self.submitters(from)? {
            for name in self.job_folders_in(me, &submitter, from)? {
                self.move_job(me, &submitter, &name, from, to)?;
            }
        }
        let records = self.all_records()?;
        for submitter in self.submitters(to)? {
            for name in self.job_folders_in(me, &submitter, to)? {
                let record = records.iter().find(|it| it.submitter == submitter && it.name == name);
                let received =
                    record.and_then(JobRecord::received_at).unwrap_or_else(|| self.now());
                let place = to.layout().job(&submitter, &name);
                let folder = HomePath::in_datasite(me, &place.submission);
                if to == LayoutKind::Pysyft {
                    self.remove_shown(&folder)?;
                }
                self.rewrite_config(&folder, to, received)?;
            }
        }
        for record in records {
            for place in from.layout().job_places(&record.submitter, &record.name) {
                self.remove_results(me, &place)?;
            }
        }
        Ok(())
    }

    /// Moves a job that I sent, and that its owner has not taken yet, within this
    /// home's copy of that owner's datasite, of which it turned out that it has
    /// another layout. Repeating it finishes what was begun.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn take_layout_of(
        &self,
        owner: &Email,
        name: &JobName,
        from: LayoutKind,
        to: LayoutKind,
    ) -> Result<()> {
        // Before the move: as long as it lies there, a move that was cut short is repeated.
        for place in from.layout().job_places(&self.me, name) {
            let folder = HomePath::in_datasite(owner, &place.submission);
            self.rewrite_config(&folder, to, self.now())?;
        }
        self.move_job(owner, &self.me, name, from, to)
    }

    fn submitters(&self, layout: LayoutKind) -> Result<Vec<Email>> {
        let inboxes = HomePath::in_datasite(&self.me, &layout.layout().job_inboxes());
        self.folders(&inboxes, |name| Email::parse(name).ok())
    }

    /// Where a job of mine lies, in the layout that it leaves and in the other one.
    fn taken_places(
        &self,
        submitter: &Email,
        name: &JobName,
        from: LayoutKind,
        to: LayoutKind,
    ) -> Result<Vec<HomePath>> {
        let mut places = from.layout().job_places(submitter, name);
        places.push(to.layout().job(submitter, name));
        let mut taken = Vec::new();
        for place in places {
            let folder = HomePath::in_datasite(&self.me, &place.submission);
            if self.disk.metadata(&folder)?.is_some() {
                taken.push(folder);
            }
        }
        Ok(taken)
    }

    fn move_job(
        &self,
        owner: &Email,
        submitter: &Email,
        name: &JobName,
        from: LayoutKind,
        to: LayoutKind,
    ) -> Result<()> {
        let target = to.layout().job(submitter, name);
        let target = HomePath::in_datasite(owner, &target.submission);
        for place in from.layout().job_places(submitter, name) {
            let source = HomePath::in_datasite(owner, &place.submission);
            let is_free = self.disk.metadata(&target)?.is_none();
            if is_free && self.disk.metadata(&source)?.is_some() {
                if let Some(parent) = target.parent() {
                    self.disk.create_dir_all(&parent, Access::Shared)?;
                }
                self.disk.rename(&source, &target)?;
            }
        }
        Ok(())
    }

    fn remove_results(&self, owner: &Email, place: &JobPlace) -> Result<()> {
        if place.results != place.submission {
            self.disk.remove_dir_all(&HomePath::in_datasite(owner, &place.results))?;
        }
        Ok(())
    }

    fn remove_shown(&self, folder: &HomePath) -> Result<()> {
        for name in MARKERS.into_iter().chain(RESULTS) {
            let path = folder.join(name)?;
            match self.disk.metadata(&path)?.map(|metadata| metadata.kind) {
                Some(FileKind::Folder) => self.disk.remove_dir_all(&path)?,
                Some(_) => self.disk.remove_file(&path)?,
                None => {}
            }
        }
        Ok(())
    }

    /// What cannot be read stays as it is: it is no job in any layout. One that does
    /// not say when it was sent, as the Python peer asks, was received at that time.
    fn rewrite_config(
        &self,
        folder: &HomePath,
        layout: LayoutKind,
        received: Timestamp,
    ) -> Result<()> {
        let path = folder.join("config.yaml")?;
        let Ok(bytes) = self.disk.read(&path, yaml::MAX_BYTES as u64) else { return Ok(()) };
        let config = std::str::from_utf8(&bytes).ok().map(JobConfig::parse);
        let Some(Ok(mut config)) = config else { return Ok(()) };
        let said = config.submitted_at.take();
        let said = said
            .filter(|said| layout == LayoutKind::Native || Timestamp::from_iso8601(said).is_ok());
        config.submitted_at = Some(said.unwrap_or_else(|| received.to_rfc3339()));
        let text = config.in_layout(layout).to_yaml(layout)?;
        if text.as_bytes() == bytes || text.len() > yaml::MAX_BYTES {
            return Ok(());
        }
        Ok(self.disk.write(&path, text.as_bytes(), Access::Shared)?)
    }
}
