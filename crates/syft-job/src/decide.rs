use std::collections::BTreeSet;

use syft_core::{ContentHash, DatasetName, Email, JobName};

use crate::flags::Flag;
use crate::intake::changed_between;
use crate::packages::{PackageLock, PackagesUsed};
use crate::policy::RuleName;
use crate::records::{Approval, Decision, JobRecord, Method, Problem, Revision, SCHEMA, Verdict};
use crate::sandbox::Limits;
use crate::state::in_force;
use crate::{Error, JobId, JobStore, Result, Status, approval_digest};

/// So many flags that were approved all the same are told.
const FLAGS_TOLD: usize = 20;

/// How the owner approves a job.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ApproveOptions {
    /// Why, in the owner's words; the submitter sees it.
    pub reason: Option<String>,
    /// The submission digest of what was shown: approving anything else fails.
    /// Without it, a job that came in one revision only is approved as that, and
    /// one that was changed as what [`JobStore::note_shown`] remembers.
    pub expected: Option<ContentHash>,
    /// What the run may use.
    pub limits: Limits,
    /// The digest of the packages that were shown: approving with any others fails.
    pub packages: Option<ContentHash>,
    /// Datasets of mine that it may read beside those that it asks for. A job of a Python
    /// client asks for none: it names them in its code.
    pub datasets: Vec<DatasetName>,
}

impl JobStore {
    /// Approves the current revision of a job that was sent to me: these bytes,
    /// under these limits, beside these datasets, with the packages that
    /// [`JobStore::resolve_packages`] found before, and nothing else. One that has run
    /// can be approved with other limits or datasets, with which it is then run again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Changed`] if the folder changed since it was
    /// last read or shown, or is not what was `expected`; [`Error::Malformed`] if it cannot
    /// be run as it is; [`Error::WrongState`] while it runs, once it was cancelled, and
    /// once it has run, if limits and datasets are those of its approval;
    /// [`Error::PackagesMissing`] if it needs packages that were not resolved;
    /// [`Error::NoDataset`] for one of `options` that is none of mine;
    /// [`Error::NoPackages`], [`Error::Requirement`].
    pub fn approve(&self, id: &JobId, options: &ApproveOptions) -> Result<Decision> {
        self.approve_as(id, options, Method::Manual)
    }

    pub(crate) fn approve_as(
        &self,
        id: &JobId,
        options: &ApproveOptions,
        method: Method,
    ) -> Result<Decision> {
        let shown = self.record(id)?;
        let record = self.reread(&shown)?;
        let revision = current(&record)?;
        let expected = match options.expected {
            Some(expected) => expected,
            None if record.received > 1 => self.seen(&record)?,
            None => current(&shown)?.digest,
        };
        if expected != revision.digest {
            return Err(changed(&record, &expected, revision));
        }
        if let Some(problem) = &record.problem {
            return Err(problem_error(&record, problem));
        }
        self.require(&record, "approve", |status| {
            !matches!(status, Status::Running | Status::Cancelled)
        })?;
        let packages = self.packages_to_approve(id)?;
        if let Some(shown) = &options.packages
            && packages.as_ref().map(PackageLock::digest) != Some(*shown)
        {
            let changed = vec!["the packages that it was found to need".to_owned()];
            return Err(Error::Changed { job: id.to_string(), changed });
        }
        options.datasets.iter().try_for_each(|name| self.real_data(name).map(drop))?;
        let datasets: BTreeSet<_> = revision.datasets.iter().chain(&options.datasets).collect();
        let datasets: Vec<_> = datasets.into_iter().cloned().collect();
        let limits = options.limits.clone();
        let digest = approval_digest(&revision.digest, &limits, &datasets, packages.as_ref())?;
        let approval = Approval { digest, limits, datasets, packages };
        let by_rule = self.decisions(id)?.last().is_some_and(|last| !last.method.is_manual());
        let other = self.approval(id)?.is_some_and(|now| now.digest != approval.digest) || by_rule;
        self.require(&record, "approve", |status| match status {
            Status::Done | Status::Failed | Status::Interrupted => other,
            _ => true,
        })?;
        let overrides = self.overrides(&record, &approval)?;
        let approval = Some((approval, overrides));
        self.decide(&record, Verdict::Approved, options.reason.clone(), approval, method)
    }

    /// What is approved although it may hide something, or was not asked for.
    fn overrides(&self, record: &JobRecord, approval: &Approval) -> Result<Vec<String>> {
        let flags = self.flags(record)?;
        let hiding: Vec<_> = flags.iter().filter(|flag| flag.kind.is_suspicious()).collect();
        let told = |flag: &&Flag| format!("flagged {}", flag.to_string().trim_start_matches("! "));
        let mut overrides: Vec<String> = hiding.iter().take(FLAGS_TOLD).map(told).collect();
        if let more @ 1.. = hiding.len().saturating_sub(FLAGS_TOLD) {
            overrides.push(format!("flagged {more} more"));
        }
        let asked_for = &current(record)?.datasets;
        let more = approval.datasets.iter().filter(|name| !asked_for.contains(name));
        overrides.extend(more.map(|name| format!("may read {name}, for which it does not ask")));
        Ok(overrides)
    }

    fn packages_to_approve(&self, id: &JobId) -> Result<Option<PackageLock>> {
        let needs = self.package_needs(id)?;
        if needs.is_empty() {
            return Ok(None);
        }
        self.allow_packages(id.as_str(), &needs)?;
        match self.resolved(&needs)? {
            Some(lock) => Ok(Some(lock)),
            None => Err(Error::PackagesMissing { job: id.to_string(), packages: needs.names() }),
        }
    }

    /// Rejects the current revision of a job that was sent to me.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::WrongState`] once it has run or was cancelled.
    pub fn reject(&self, id: &JobId, reason: Option<&str>) -> Result<Decision> {
        let record = self.record(id)?;
        self.require(&record, "reject", |status| {
            matches!(status, Status::Inbox | Status::Approved | Status::Rejected)
        })?;
        self.decide(&record, Verdict::Rejected, reason.map(str::to_owned), None, Method::Manual)
    }

    /// Withdraws a job that I sent: writes the file `cancel` into this home's copy
    /// of its folder. The owner honours it if the job has not run yet.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the disk.
    pub fn cancel(&self, owner: &Email, name: &JobName) -> Result<()> {
        let folder = self.folder(owner, &self.me, name);
        if self.disk.metadata(&folder)?.is_none() {
            return Err(Error::NotFound(format!("{}/{name}", self.me)));
        }
        let text = format!("cancelled_at: {}\n", self.now().to_rfc3339());
        let path = folder.join("cancel")?;
        self.disk.create_new(&path, text.as_bytes(), syft_core::Access::Shared)?;
        Ok(())
    }

    /// All decisions about a job that was sent to me, oldest first; the last one
    /// counts, as long as the job is the revision that it names.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn decisions(&self, id: &JobId) -> Result<Vec<Decision>> {
        Ok(self.read_decisions(id)?.decisions)
    }

    /// What its owner allows a job that was sent to me, if its current revision is
    /// approved.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the disk.
    pub fn approval(&self, id: &JobId) -> Result<Option<Approval>> {
        let record = self.record(id)?;
        let decisions = self.read_decisions(id)?.decisions;
        let decision = in_force(&record, decisions.last());
        Ok(decision
            .filter(|decision| decision.verdict == Verdict::Approved)
            .and_then(|decision| decision.approval.clone()))
    }

    /// The revisions of a job that was sent to me, oldest first: the first one, the
    /// latest ones, and those that were decided about.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the disk.
    pub fn revisions(&self, id: &JobId) -> Result<Vec<Revision>> {
        Ok(self.record(id)?.revisions)
    }

    pub(crate) fn record(&self, id: &JobId) -> Result<JobRecord> {
        self.read_record(id)?.ok_or_else(|| Error::NotFound(id.to_string()))
    }

    /// Reads the job's folder again, so that nothing is decided about old bytes.
    pub(crate) fn reread(&self, record: &JobRecord) -> Result<JobRecord> {
        self.intake(&record.submitter, &record.name)?;
        // Also where the bytes are as they were: what stood in the way of them may be gone.
        self.record(&record.id)
    }

    /// The bytes of a changed job that its owner has seen last.
    fn seen(&self, record: &JobRecord) -> Result<ContentHash> {
        self.shown(&record.id)?.digest.ok_or_else(|| Error::Changed {
            job: record.id.to_string(),
            changed: vec!["what it is now was never shown".to_owned()],
        })
    }

    fn require(
        &self,
        record: &JobRecord,
        action: &'static str,
        fits: impl Fn(Status) -> bool,
    ) -> Result<()> {
        let status = self.status_of(record)?;
        if fits(status) {
            return Ok(());
        }
        Err(Error::WrongState { job: record.id.to_string(), status, action })
    }

    fn decide(
        &self,
        record: &JobRecord,
        verdict: Verdict,
        reason: Option<String>,
        approval: Option<(Approval, Vec<String>)>,
        method: Method,
    ) -> Result<Decision> {
        let (approval, overrides) = approval.unzip();
        let revision = current(record)?.digest;
        let mut file = self.read_decisions(&record.id)?;
        if let Some(last) = file.decisions.last()
            && last.verdict == verdict
            && last.revision == revision
            && last.reason == reason
            && last.approval == approval
            && last.method == method
        {
            return Ok(last.clone());
        }
        let by = self.me.clone();
        let at = self.now();
        let decision = Decision { verdict, by, at, reason, revision, approval, method };
        file.schema = SCHEMA;
        file.decisions.push(decision.clone());
        let action = match verdict {
            Verdict::Approved => "job.approved",
            Verdict::Rejected => "job.rejected",
        };
        let mut key = format!("{}/{}", record.id, file.decisions.len());
        // One that was told and then not written down is not this one.
        if let Some(approval) = &decision.approval {
            key = format!("{key}/{}", approval.digest);
        }
        let mut entry = self.entry(action, record, &self.me, &key);
        let details = &mut entry.details;
        details.insert("digest".to_owned(), revision.to_string().into());
        if let Some(approval) = &decision.approval {
            details.insert("approval".to_owned(), approval.digest.to_string().into());
            let datasets = approval.datasets.iter().map(ToString::to_string);
            details.insert("datasets".to_owned(), datasets.collect::<Vec<_>>().into());
            details.insert("limits".to_owned(), approval.limits.in_words().into());
            if let Some(lock) = &approval.packages {
                let packages = PackagesUsed::from(lock);
                details.insert("packages_lock".to_owned(), packages.lock.to_string().into());
                details.insert("packages".to_owned(), packages.packages.into());
            }
        }
        if let Method::Rule { rules, policy } = &decision.method {
            let rules: Vec<&str> = rules.iter().map(RuleName::as_str).collect();
            details.insert("rules".to_owned(), rules.into());
            details.insert("policy".to_owned(), policy.to_string().into());
        }
        if let Some(overrides) = overrides.filter(|overrides| !overrides.is_empty()) {
            details.insert("overrides".to_owned(), overrides.into());
        }
        if let Some(reason) = &decision.reason {
            details.insert("reason".to_owned(), reason.clone().into());
        }
        self.tell(entry)?;
        self.write_decisions(&record.id, &file)?;
        self.project_record(record)?;
        Ok(decision)
    }
}

pub(crate) fn current(record: &JobRecord) -> Result<&Revision> {
    record.current().ok_or_else(|| {
        let what = format!("the record of job {}", record.id);
        syft_core::Error::Corrupt { what, detail: "it has no revision".to_owned() }.into()
    })
}

pub(crate) fn changed(record: &JobRecord, expected: &ContentHash, now: &Revision) -> Error {
    let old = record.revisions.iter().rev().find(|revision| &revision.digest == expected);
    let changed = match old {
        Some(old) => changed_between(old, now),
        None => vec![format!("{} was expected, it is {}", expected.short(), now.digest.short())],
    };
    Error::Changed { job: record.id.to_string(), changed }
}

pub(crate) fn problem_error(record: &JobRecord, problem: &Problem) -> Error {
    Error::Malformed { job: record.id.to_string(), reason: problem.to_string() }
}
