use crate::runs::Comment;
use crate::{Error, JobId, JobStore, Release, Result, Status};

/// Longest comment, in characters.
const LONGEST_COMMENT: usize = 4_000;

impl JobStore {
    /// Gives a finished job back to its submitter with a comment: nothing more of it
    /// waits for its owner. What was released of its latest run goes with it, and
    /// nothing else; a later comment takes the place of this one.
    ///
    /// # Errors
    /// [`Error::WrongState`] unless the job is done or failed; [`Error::Comment`] if
    /// there is nothing in it, or too much; those of the disk.
    pub fn give_back(&self, id: &JobId, comment: &str) -> Result<Release> {
        let text = comment.trim();
        if text.is_empty() {
            return Err(Error::Comment("it says nothing".to_owned()));
        }
        if text.chars().count() > LONGEST_COMMENT {
            return Err(Error::Comment(format!("it has more than {LONGEST_COMMENT} characters")));
        }
        let record = self.record(id)?;
        let status = self.status_of(&record)?;
        let (Some(run), Status::Done | Status::Failed) = (self.last_run(id)?, status) else {
            return Err(Error::WrongState { job: id.to_string(), status, action: "return" });
        };
        let mut release = self.grown(&run, &[], false);
        if run.comment() != Some(text) {
            let at = self.now();
            release.comment = Some(Comment { text: text.to_owned(), at });
            let key = format!("{}/{}", run.started.run, at.python_repr());
            let mut entry = self.entry("job.returned", &record, &self.me, &key);
            entry.details.insert("run".to_owned(), run.started.run.clone().into());
            entry.details.insert("comment".to_owned(), text.to_owned().into());
            self.tell(entry)?;
            self.write_release(&run, &release)?;
        }
        self.project_record(&record)?;
        Ok(release)
    }
}
