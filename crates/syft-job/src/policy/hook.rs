use std::collections::BTreeSet;

use syft_core::Email;

use super::file::FILE;
use super::{
    AutoRelease, Explanation, Grant, JobFacts, PackagesFact, PeerStanding, Policy, RuleName,
    RuleUse,
};
use crate::decide::current;
use crate::packages::{PackageLock, PackageNeeds};
use crate::read::{JobFiles, read_job};
use crate::records::{Approval, Decision, JobRecord, Method, Verdict};
use crate::runs::JobRun;
use crate::sandbox::{IsolationLevel, Limits};
use crate::state::in_force;
use crate::{ApproveOptions, Error, Flag, JobId, JobStore, Result, RunOptions, Status};

/// Says of a submitter whether jobs of theirs may be approved without a look.
pub type PeerJudge<'a> = &'a dyn Fn(&Email) -> PeerStanding;

/// A job that rules approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByRule {
    /// The job.
    pub id: JobId,
    /// The job, as `submitter/name`.
    pub title: String,
    /// The rules.
    pub rules: Vec<RuleName>,
}

impl JobStore {
    /// What the owner's rules say of a job that was sent to me, and why.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PolicyFile`]; [`Error::Malformed`] and
    /// [`Error::Integrity`] if what is kept of it cannot be read; those of the disk.
    pub fn explain_policy(&self, id: &JobId, judge: PeerJudge<'_>) -> Result<Explanation> {
        let policy = self.noted_policy()?;
        let standing = self.standing(&self.record(id)?, judge);
        policy.explain(&self.facts(id, None, standing)?)
    }

    /// Approves what waits for a decision and rules allow. What they do not allow
    /// waits on.
    ///
    /// # Errors
    /// [`Error::PolicyFile`]; those of the disk. What was approved before stays so.
    pub fn decide_by_policy(&self, judge: PeerJudge<'_>) -> Result<Vec<ByRule>> {
        let policy = self.noted_policy()?;
        let mut approved = Vec::new();
        if policy.jobs().is_empty() {
            return Ok(approved);
        }
        for record in self.all_records()? {
            // What no rule is about costs no look at its files.
            if !policy.may_approve(&record)? || !self.waits(&record)? {
                continue;
            }
            let standing = self.standing(&record, judge);
            // What cannot be read is for a person.
            let facts = match self.facts(&record.id, None, standing) {
                Err(error) if is_of_the_job(&error) => continue,
                facts => facts?,
            };
            if let Some(grant) = policy.explain(&facts)?.grant {
                approved.extend(self.approve_by_rule(&policy, &record, grant)?);
            }
        }
        Ok(approved)
    }

    fn standing(&self, record: &JobRecord, judge: PeerJudge<'_>) -> PeerStanding {
        match record.submitter == self.me {
            true => PeerStanding::Good(None),
            false => judge(&record.submitter),
        }
    }

    /// Whether nobody has decided about what the job is now.
    fn waits(&self, record: &JobRecord) -> Result<bool> {
        if record.cancelled_at.is_some() || record.problem.is_some() {
            return Ok(false);
        }
        let decisions = self.read_decisions(&record.id)?.decisions;
        let open = in_force(record, decisions.last()).is_none();
        Ok(open && self.status_of(record)? == Status::Inbox)
    }

    fn approve_by_rule(
        &self,
        policy: &Policy,
        record: &JobRecord,
        grant: Grant,
    ) -> Result<Option<ByRule>> {
        let Grant { rules, limits, .. } = grant;
        let expected = Some(current(record)?.digest);
        let options = ApproveOptions { expected, limits, ..ApproveOptions::default() };
        let Some(policy) = policy.digest() else { return Ok(None) };
        let method = Method::Rule { rules: rules.clone(), policy };
        match self.approve_as(&record.id, &options, method) {
            Ok(_) => {
                let (id, title) = (record.id.clone(), record.title());
                Ok(Some(ByRule { id, title, rules }))
            }
            // It has changed meanwhile, or is none that can be approved.
            Err(error) if is_of_the_job(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The weakest box for a run of this approval: what its owner says; of an approval
    /// by rules, what they say now, if they still allow the run.
    pub(crate) fn minimum_of(
        &self,
        record: &JobRecord,
        approval: &Approval,
        options: &RunOptions,
    ) -> Result<IsolationLevel> {
        let decisions = self.read_decisions(&record.id)?.decisions;
        if decisions.last().is_none_or(|decision| decision.method.is_manual()) {
            return Ok(options.minimum);
        }
        let refused = |rule: String| Error::Policy {
            what: format!("job {} was approved by rule and does not run", record.id),
            rule: format!("{rule}; approve it yourself to run it all the same"),
            file: FILE.to_owned(),
        };
        let least = IsolationLevel::MINIMUM;
        if options.minimum < least {
            let rule = format!("no rule approves for a box below {least}");
            return Err(refused(rule));
        }
        let policy = self.noted_policy()?;
        let facts = self.facts(&record.id, Some(approval), PeerStanding::JudgedBefore)?;
        let Explanation { grant, reason, .. } = policy.explain(&facts)?;
        let grant = grant.ok_or_else(|| refused(reason))?;
        let wall = options.timeout.unwrap_or(approval.limits.wall);
        let asked = Limits { wall, ..approval.limits.clone() };
        if grant.limits.least(&asked) != asked {
            return Err(refused("its limits are now above those of the rules".to_owned()));
        }
        Ok(options.minimum.max(grant.isolation))
    }

    /// What of a run leaves without its owner being asked, by the rules that approved the
    /// job as they are now; nothing, if a person did, or they allow it no more.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PolicyFile`]; those of the disk.
    pub fn auto_release(&self, id: &JobId) -> Result<AutoRelease> {
        let decision = self.decisions(id)?.pop().filter(|decision| !decision.method.is_manual());
        let Some(approval) = decision.and_then(|decision| decision.approval) else {
            return Ok(AutoRelease::Nothing);
        };
        let facts = self.facts(id, Some(&approval), PeerStanding::JudgedBefore)?;
        // What its run took is spent: whether there was enough was asked before it.
        let facts = JobFacts { spent: 0.0, ..facts };
        let grant = self.policy()?.explain(&facts)?.grant;
        Ok(grant.map_or(AutoRelease::Nothing, |grant| grant.release))
    }

    /// All that rules are asked about a job: as it waits, or under an approval that
    /// they gave.
    pub(super) fn facts(
        &self,
        id: &JobId,
        approval: Option<&Approval>,
        standing: PeerStanding,
    ) -> Result<JobFacts> {
        let record = self.record(id)?;
        let revision = current(&record)?.clone();
        let flags = self.flags(&record)?;
        let suspicious = |flag: &&Flag| flag.kind.is_suspicious();
        let doubts = flags.iter().filter(suspicious);
        let doubt = |flag: &Flag| flag.to_string().trim_start_matches("! ").to_owned();
        let files = self.kept_files(&record)?.files;
        let needs = PackageNeeds::read(&revision.dependencies, &files)?;
        let lock = match approval {
            Some(approval) => approval.packages.clone(),
            None if self.allow_packages(id.as_str(), &needs).is_err() => None,
            None => self.resolved(&needs)?,
        };
        let packages = match (needs.is_empty(), lock.as_ref().map(PackageLock::digest)) {
            (true, _) => PackagesFact::None,
            (false, Some(lock)) => PackagesFact::Locked(lock),
            (false, None) => PackagesFact::Unknown,
        };
        Ok(JobFacts {
            submitter: record.submitter.clone(),
            standing,
            kind: revision.kind,
            entrypoint: revision.entrypoint,
            dependencies: revision.dependencies,
            files,
            datasets: revision.datasets.into_iter().collect::<BTreeSet<_>>(),
            packages,
            doubts: doubts.map(doubt).collect(),
            now: self.now(),
            spent: approval.map_or(Ok(0.0), |approval| self.spent(id, approval))?,
            uses: self.uses(approval.map(|_| id))?,
        })
    }

    /// The bytes that are kept of the current revision.
    pub(super) fn kept_files(&self, record: &JobRecord) -> Result<JobFiles> {
        let revision = current(record)?;
        let path = self.snapshot(&revision.digest)?;
        let files = read_job(self.disk.as_ref(), &path)?
            .map_err(|problem| crate::decide::problem_error(record, &problem))?;
        let found = files.digest(&record.submitter, &self.me, &record.name)?;
        match found == revision.digest {
            true => Ok(files),
            false => {
                let (what, expected) = (path.to_string(), revision.digest);
                Err(Error::Integrity { what, expected, found })
            }
        }
    }

    /// What rules approved, but for the approval in force of one job.
    fn uses(&self, but: Option<&JobId>) -> Result<Vec<RuleUse>> {
        let mut uses = Vec::new();
        for record in self.all_records()? {
            let decisions = self.read_decisions(&record.id)?.decisions;
            let latest = decisions.len();
            for (at, decision) in decisions.into_iter().enumerate() {
                let is_latest = at + 1 == latest;
                if decision.method.is_manual() || (is_latest && but == Some(&record.id)) {
                    continue;
                }
                uses.extend(self.use_of(&record, decision, is_latest)?);
            }
        }
        Ok(uses)
    }

    fn use_of(
        &self,
        record: &JobRecord,
        decision: Decision,
        is_latest: bool,
    ) -> Result<Option<RuleUse>> {
        let Some(approval) = decision.approval.filter(|_| decision.verdict == Verdict::Approved)
        else {
            return Ok(None);
        };
        let has_run =
            self.runs(&record.id)?.iter().any(|run| run.started.approval == approval.digest);
        let seconds = match !has_run && is_latest && record.cancelled_at.is_none() {
            // It may still run.
            true => approval.limits.wall_kept().as_secs_f64(),
            false => self.spent(&record.id, &approval)?,
        };
        Ok(Some(RuleUse { rules: decision.method.rules().to_vec(), at: decision.at, seconds }))
    }

    /// Seconds of the runs of one approval. One that has not ended, or of which no end
    /// is known, counts as the longest that it may have taken.
    fn spent(&self, id: &JobId, approval: &Approval) -> Result<f64> {
        let of_it = |run: &&JobRun| run.started.approval == approval.digest;
        let seconds = |run: &JobRun| match &run.finished {
            Some(finished) => finished.seconds.max(0.0),
            None => run.started.limits.wall_kept().as_secs_f64(),
        };
        Ok(self.runs(id)?.iter().filter(of_it).map(seconds).sum())
    }
}

/// Whether an error is about one job alone, which then waits for a person.
fn is_of_the_job(error: &Error) -> bool {
    !matches!(error, Error::Core(_) | Error::PolicyFile { .. })
}
