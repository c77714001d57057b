use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use syft_core::{ContentHash, JobName, Timestamp, safe_text};

use crate::decide::{current, problem_error};
use crate::diff::{Files, Hunk};
use crate::lineage::lineage;
use crate::lines::{COLUMNS, Lines};
use crate::read::read_job;
use crate::records::{JobRecord, Revision, Verdict};
use crate::{JobId, JobStore, Meaning, Result, ShownLine, diff, lines};

/// What changed in a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDiff {
    /// A unified diff, safe to show; empty if nothing that would run differs.
    pub text: String,
    /// The submission digest of what the job is now.
    pub digest: ContentHash,
    /// What it is compared with.
    pub base: DiffBase,
    /// The files that differ, by path.
    pub files: Vec<FileChange>,
    /// Whether it begins at bytes that the owner approved or was shown and shows all
    /// that changed, so that whoever has read it knows all of what the job is now. A
    /// changed file that is no text is not shown.
    pub from_seen: bool,
}

/// The bytes that a job is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffBase {
    /// The job that they were: this one, an earlier one of the same name but for the
    /// number at its end, or one with code of the same name.
    pub job: JobId,
    /// Its name.
    pub name: JobName,
    /// The submission digest.
    pub digest: ContentHash,
    /// Why these.
    pub kind: BaseKind,
}

/// Why a job is compared with these bytes and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseKind {
    /// They were approved last.
    Approved,
    /// Nothing was approved, and they were shown last.
    Shown,
    /// They came before.
    Earlier,
}

/// A file that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Below the job's folder.
    pub path: String,
    /// What it was; `None` if it is new.
    pub old: Option<FileFacts>,
    /// What it is; `None` if it is gone.
    pub new: Option<FileFacts>,
}

/// What tells one content from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFacts {
    /// In bytes.
    pub size: u64,
    /// Of its content.
    pub sha256: ContentHash,
    /// Whether it is text, whose lines the diff shows.
    pub is_text: bool,
}

impl FileChange {
    /// Whether the diff shows its lines.
    fn is_text(&self) -> bool {
        self.old.iter().chain(&self.new).all(|facts| facts.is_text)
    }
}

impl FileFacts {
    fn of(bytes: &[u8]) -> Self {
        FileFacts {
            size: bytes.len() as u64,
            sha256: ContentHash::of(bytes),
            is_text: std::str::from_utf8(bytes).is_ok(),
        }
    }
}

impl JobStore {
    /// What changed in a job that was sent to me. It is compared with what was last
    /// approved of it, or else of the earlier ones of its submitter whose names
    /// differ by a number at the end (`count`, `count-2`), or else of those that share a
    /// file below `code/` with it; or else with what was last shown of it, or what came
    /// before. `None` if there is nothing of these, or the bytes are not kept here.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound); those of the disk.
    pub fn diff(&self, id: &JobId) -> Result<Option<JobDiff>> {
        let record = self.record(id)?;
        let now = current(&record)?;
        let new = read_job(self.disk.as_ref(), &self.snapshot(&now.digest)?)?
            .map_err(|problem| problem_error(&record, &problem))?;
        self.difference(&record, now, &new.files)
    }

    /// The same of a revision whose files were read.
    pub(crate) fn difference(
        &self,
        record: &JobRecord,
        now: &Revision,
        new: &Files,
    ) -> Result<Option<JobDiff>> {
        let Some(Base { record: base, revision: before, kind, by_person }) =
            self.base(record, now)?
        else {
            return Ok(None);
        };
        // On a new machine the bytes of an older revision may not be kept.
        let old = match read_job(self.disk.as_ref(), &self.snapshot(&before.digest)?)? {
            Ok(old) if old.digest(&base.submitter, &self.me, &base.name)? == before.digest => {
                old.files
            }
            _ => return Ok(None),
        };
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let files = paths.into_iter().filter(|path| old.get(*path) != new.get(*path));
        let facts = |bytes: &Vec<u8>| FileFacts::of(bytes);
        let files: Vec<FileChange> = files
            .map(|path| FileChange {
                path: path.clone(),
                old: old.get(path).map(facts),
                new: new.get(path).map(facts),
            })
            .collect();
        Ok(Some(JobDiff {
            text: diff::unified((&before, &old), (now, new)),
            digest: now.digest,
            from_seen: by_person && files.iter().all(FileChange::is_text),
            files,
            base: DiffBase { job: base.id, name: base.name, digest: before.digest, kind },
        }))
    }

    /// What a revision is compared with.
    fn base(&self, record: &JobRecord, now: &Revision) -> Result<Option<Base>> {
        if let Some((_, base)) = self.last_approved(record, &now.digest)? {
            return Ok(Some(base));
        }
        let mut approved: Vec<((bool, Timestamp), Base)> = Vec::new();
        for other in self.all_records()? {
            if other.submitter != record.submitter || other.id == record.id {
                continue;
            }
            let has_its_name = lineage(&other.name) == lineage(&record.name);
            if let Some((at, base)) = self.last_approved(&other, &now.digest)?
                && (has_its_name || share_code(&base.revision, now))
            {
                approved.push(((has_its_name, at), base));
            }
        }
        if let Some((_, base)) = approved.into_iter().max_by_key(|(how, _)| *how) {
            return Ok(Some(base));
        }
        let others = || record.revisions.iter().rev().filter(|old| old.digest != now.digest);
        let shown = self.shown(&record.id)?.digest;
        let (kind, revision) = match others().find(|old| Some(old.digest) == shown) {
            Some(revision) => (BaseKind::Shown, Some(revision)),
            None => (BaseKind::Earlier, others().next()),
        };
        let by_person = kind == BaseKind::Shown;
        let of = |revision: &Revision| {
            let (record, revision) = (record.clone(), revision.clone());
            Base { record, revision, kind, by_person }
        };
        Ok(revision.map(of))
    }

    /// What was approved last of a job, other than `now`.
    fn last_approved(
        &self,
        record: &JobRecord,
        now: &ContentHash,
    ) -> Result<Option<(Timestamp, Base)>> {
        let decisions = self.read_decisions(&record.id)?.decisions;
        let approved = decisions
            .iter()
            .rev()
            .filter(|d| d.verdict == Verdict::Approved && d.revision != *now)
            .find_map(|d| {
                let revision = record.revisions.iter().find(|r| r.digest == d.revision)?;
                let (record, revision) = (record.clone(), revision.clone());
                // Whoever made a rule has not seen the values of a file that it frees.
                let by_person = d.method.is_manual();
                Some((d.at, Base { record, revision, kind: BaseKind::Approved, by_person }))
            });
        Ok(approved)
    }
}

/// The bytes that a revision is compared with.
struct Base {
    record: JobRecord,
    revision: Revision,
    kind: BaseKind,
    /// Whether a person has seen them.
    by_person: bool,
}

/// Whether some file of the code has the same name in both; every folder has a `run.sh`.
fn share_code(one: &Revision, other: &Revision) -> bool {
    let code = |revision: &Revision| -> BTreeSet<String> {
        let paths = revision.files.iter().map(|file| file.path.clone());
        paths.filter(|path| path.starts_with("code/") && path != "code/run.sh").collect()
    };
    !code(one).is_disjoint(&code(other))
}

impl JobDiff {
    /// The whole change for a terminal of so many columns: lines are never cut, and what
    /// goes on in the next line is marked.
    #[must_use]
    pub fn lines(&self, columns: usize) -> Vec<ShownLine> {
        let DiffBase { job, name, digest, kind } = &self.base;
        let what = match kind {
            BaseKind::Approved => "what was approved",
            BaseKind::Shown => "what was last shown",
            BaseKind::Earlier => "what came before",
        };
        let base = format!("{what}: job {job} {} ({})", safe_text(name.as_str()), digest.short());
        let mut lines = Lines::new(columns);
        lines.add(Meaning::Title, "compared with ", &base);
        if self.text.is_empty() {
            lines.plain("nothing that would run differs", "");
        }
        let mut hunk = Hunk::default();
        for line in self.text.lines() {
            lines.add(hunk.meaning(line), "", line);
        }
        lines.into_vec()
    }
}

/// The same as text, in lines of 100 columns.
impl fmt::Display for JobDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines::write(f, &self.lines(COLUMNS))
    }
}
