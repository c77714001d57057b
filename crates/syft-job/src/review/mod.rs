mod text;

use syft_core::{ContentHash, DatasetName, safe_text};

use crate::decide::{current, problem_error};
use crate::diff::Files;
use crate::flags::{Flag, FlagKind, of_revision, of_text};
use crate::intake::changed_between;
use crate::packages::{PackageNeeds, PackagesUsed};
use crate::read::read_job;
use crate::records::{JobRecord, Revision, Verdict};
use crate::sandbox::{IsolationLevel, Limits};
use crate::script::shell_word;
use crate::visible::{is_script, may_be_text, visible};
use crate::{BaseKind, JobDiff, JobId, JobStore, Rehearsal, Result};

/// A job as its owner reviews it: the whole of the bytes that would run, shown so
/// that nothing in them can hide.
#[derive(Debug, Clone)]
pub struct Review {
    /// The job.
    pub id: JobId,
    /// `submitter/name`.
    pub title: String,
    /// The submission digest of what is shown: what an approval should expect.
    pub digest: ContentHash,
    /// What it is for, in the submitter's words; safe to show.
    pub description: Option<String>,
    /// What stands out.
    pub flags: Vec<Flag>,
    /// All files, `run.sh` first.
    pub files: Vec<ReviewFile>,
    /// What an approval would let it read.
    pub datasets: Vec<DatasetName>,
    /// The packages that it would run with, `name==version`; or those that it asks for,
    /// whose versions are found out when it is approved. Safe to show.
    pub packages: Vec<String>,
    /// Whether the versions are known.
    pub packages_are_known: bool,
    /// What an approval would let it use.
    pub limits: Limits,
    /// The weakest box that it would run in.
    pub minimum: IsolationLevel,
    /// The files and fields that changed since it was last approved.
    pub changed: Vec<String>,
    /// What changed since the bytes that were last approved, of this job or of one before
    /// it; `None` if none were.
    pub difference: Option<JobDiff>,
    /// What came of running these bytes on the mock here, if that was done.
    pub rehearsal: Option<Rehearsal>,
}

/// What there is to see in a revision.
struct Look {
    content: Files,
    files: Vec<ReviewFile>,
    flags: Vec<Flag>,
    needs: PackageNeeds,
}

/// One file under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewFile {
    /// Below the job's folder.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Of its content.
    pub sha256: ContentHash,
    /// Its lines, each safe to show, with a byte that is no text as `‹0xE9›`; `None`
    /// if it cannot be read by a person. There are always lines of `run.sh`, of the
    /// entry point, and of what ends in `.sh` or `.py`.
    pub lines: Option<Vec<String>>,
}

impl Review {
    /// Whether nothing was flagged that may hide something, so that one key may
    /// approve it (`threats.md` R6).
    #[must_use]
    pub fn one_key_approval_allowed(&self) -> bool {
        !self.flags.iter().any(|flag| flag.kind.is_suspicious())
    }
}

impl JobStore {
    /// The current revision of a job that was sent to me, for review. `limits`
    /// and `minimum` are what the caller would approve and run it with.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound); those of the disk.
    pub fn review(&self, id: &JobId, limits: &Limits, minimum: IsolationLevel) -> Result<Review> {
        let record = self.record(id)?;
        let revision = current(&record)?;
        let Look { content, files, flags, needs } = self.look_at(&record)?;
        let approved = self.approval(id)?.and_then(|approval| approval.packages);
        let known = match approved {
            None if !needs.is_empty() => self.resolved(&needs)?,
            approved => approved,
        };
        let packages_are_known = known.is_some();
        let packages =
            known.map_or_else(|| needs.names(), |lock| PackagesUsed::from(&lock).packages);
        Ok(Review {
            id: id.clone(),
            title: record.title(),
            digest: revision.digest,
            description: revision.description.as_deref().map(safe_lines),
            flags,
            files,
            datasets: revision.datasets.clone(),
            packages: packages.iter().map(|name| safe_text(name)).collect(),
            packages_are_known,
            limits: limits.clone(),
            minimum,
            changed: self
                .approved_before(&record)?
                .map(|old| changed_between(old, revision))
                .unwrap_or_default(),
            difference: self
                .difference(&record, revision, &content)?
                .filter(|difference| difference.base.kind == BaseKind::Approved),
            rehearsal: self.rehearsal(&revision.digest)?,
        })
    }

    /// What stands out in the current revision of a job.
    pub(crate) fn flags(&self, record: &JobRecord) -> Result<Vec<Flag>> {
        Ok(self.look_at(record)?.flags)
    }

    fn look_at(&self, record: &JobRecord) -> Result<Look> {
        let revision = current(record)?;
        let snapshot = read_job(self.disk.as_ref(), &self.snapshot(&revision.digest)?)?
            .map_err(|problem| problem_error(record, &problem))?;
        let found = snapshot.digest(&record.submitter, &self.me, &record.name)?;
        if found != revision.digest {
            let what = format!("the snapshot of job {}", record.id);
            return Err(crate::Error::Integrity { what, expected: revision.digest, found });
        }
        let mut flags = Vec::new();
        if let Some(problem) = &record.problem {
            let detail = safe_text(&problem_error(record, problem).to_string());
            flags.push(Flag { kind: FlagKind::Unusable, file: None, line: None, detail });
        }
        let run_sh = snapshot.files.get("run.sh").map(|bytes| visible(bytes));
        flags.extend(of_revision(revision, run_sh.as_deref()));
        for name in self.named_datasets(&revision.datasets, &snapshot.files)? {
            // Short enough to stand in one line, so that it can be typed as it is shown.
            let word = shell_word(name.as_str());
            let detail = format!(
                "it names {name} and does not ask for it: approve it with --dataset {word}"
            );
            flags.push(Flag { kind: FlagKind::NamesDataset, file: None, line: None, detail });
        }
        let mut files = Vec::new();
        for (path, bytes) in &snapshot.files {
            let is_script = is_script(path, revision.entrypoint.as_deref());
            files.push(shown(path, bytes, is_script, &mut flags));
        }
        files.sort_by_key(|file| (file.path != "run.sh", file.path.clone()));
        let needs = PackageNeeds::read(&revision.dependencies, &snapshot.files);
        let needs = needs.unwrap_or_else(|error| {
            let detail = safe_text(&error.to_string());
            flags.push(Flag { kind: FlagKind::Unusable, file: None, line: None, detail });
            PackageNeeds::default()
        });
        Ok(Look { content: snapshot.files, files, flags, needs })
    }

    /// The revision that was last approved, if it is another than the current one.
    fn approved_before<'a>(&self, record: &'a JobRecord) -> Result<Option<&'a Revision>> {
        let decisions = self.read_decisions(&record.id)?.decisions;
        let approved = decisions.iter().rev().find(|d| d.verdict == Verdict::Approved);
        let current = record.current().map(|revision| revision.digest);
        Ok(approved.filter(|approved| Some(approved.revision) != current).and_then(|approved| {
            record.revisions.iter().find(|revision| revision.digest == approved.revision)
        }))
    }
}

fn shown(path: &str, bytes: &[u8], is_script: bool, flags: &mut Vec<Flag>) -> ReviewFile {
    if std::str::from_utf8(bytes).is_err() {
        let (kind, detail) = match is_script {
            true => (FlagKind::BinaryScript, "a script with bytes that are no text".to_owned()),
            false => (FlagKind::Binary, format!("{} bytes that are no text", bytes.len())),
        };
        flags.push(Flag { kind, file: Some(path.to_owned()), line: None, detail });
    }
    let text = (is_script || may_be_text(bytes)).then(|| visible(bytes));
    if let Some(text) = &text {
        flags.extend(of_text(path, text));
    }
    ReviewFile {
        path: path.to_owned(),
        size: bytes.len() as u64,
        sha256: ContentHash::of(bytes),
        lines: text.map(|text| {
            let text = text.strip_suffix('\n').unwrap_or(&text);
            text.split('\n').map(safe_text).collect()
        }),
    }
}

fn safe_lines(text: &str) -> String {
    text.split('\n').map(safe_text).collect::<Vec<_>>().join("\n")
}
