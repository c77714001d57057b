use std::collections::{BTreeMap, BTreeSet};

use syft_core::{ContentHash, Email};

use super::file::{FILE, unreadable};
use super::{ApproveRule, AutoRelease, Budget, FreeFile, FreePath, Policy, RuleDigest, RuleName};
use crate::decide::current;
use crate::records::{Decision, Method, Verdict};
use crate::sandbox::IsolationLevel;
use crate::{Error, JobId, JobStore, PackageLock, Result};

/// Jobs of a rule that is made from one, in [`DAYS`].
const JOBS: u32 = 10;
const DAYS: u32 = 7;

/// A rule that is to be made from a job that was approved by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRequest {
    /// The job.
    pub job: JobId,
    /// Whose jobs; its submitter's without any.
    pub peers: Vec<Email>,
    /// The files whose values are the submitter's, by path below `code/` or below the
    /// job's folder.
    pub free: Vec<String>,
}

impl JobStore {
    /// The narrowest rule by which this job would have been approved.
    pub(super) fn suggest(&self, policy: &Policy, request: &RuleRequest) -> Result<ApproveRule> {
        let id = &request.job;
        let record = self.record(id)?;
        let revision = current(&record)?;
        let refused = |rule: &str| Error::Policy {
            what: format!("job {id} makes no rule"),
            rule: rule.to_owned(),
            file: FILE.to_owned(),
        };
        let decisions = self.read_decisions(id)?.decisions;
        let by_hand = |decision: &&Decision| {
            decision.revision == revision.digest && decision.method == Method::Manual
        };
        let decision = decisions.iter().rev().find(by_hand);
        let approval = decision
            .filter(|decision| decision.verdict == Verdict::Approved)
            .and_then(|decision| decision.approval.clone())
            .ok_or_else(|| refused("a person has to have approved what it is now"))?;
        if approval.datasets.iter().any(|name| !revision.datasets.contains(name)) {
            let rule = "it was approved with datasets that it does not ask for";
            return Err(refused(rule));
        }
        let snapshot = self.kept_files(&record)?;
        let mut free = BTreeMap::new();
        for text in &request.free {
            let path =
                if text.starts_with("code/") { text.clone() } else { format!("code/{text}") };
            let path = FreePath::parse(&path).map_err(|why| refused(&why))?;
            let bytes = snapshot.files.get(path.as_str());
            let bytes = bytes.ok_or_else(|| refused(&format!("it has no file {text}")))?;
            let schema = FreeFile::exactly(bytes);
            let schema = schema.map_err(|why| refused(&format!("{text} cannot be free: {why}")))?;
            free.insert(path, schema);
        }
        let names: BTreeSet<FreePath> = free.keys().cloned().collect();
        let hashes: BTreeMap<String, ContentHash> = snapshot.hashes();
        let (kind, dependencies) = (revision.kind, &revision.dependencies);
        let entrypoint = revision.entrypoint.as_deref();
        let digest = RuleDigest::of(kind, entrypoint, dependencies, &hashes, &names)?;
        let peers: BTreeSet<Email> = match request.peers.as_slice() {
            [] => BTreeSet::from([record.submitter.clone()]),
            peers => peers.iter().cloned().collect(),
        };
        let wall = approval.limits.wall_kept().as_secs().max(1);
        Ok(ApproveRule {
            name: free_name(policy, record.name.as_str())?,
            digest,
            peers,
            keys: BTreeMap::new(),
            datasets: approval.datasets.iter().cloned().collect(),
            free,
            packages: approval.packages.as_ref().map(PackageLock::digest),
            limits: approval.limits,
            isolation: IsolationLevel::MINIMUM,
            budget: Budget { jobs: JOBS, seconds: wall.saturating_mul(JOBS.into()), days: DAYS },
            until: None,
            release: AutoRelease::Nothing,
        })
    }
}

/// The name of the job, or one like it that no rule has yet.
fn free_name(policy: &Policy, job: &str) -> Result<RuleName> {
    let wanted = RuleName::like(job);
    let is_free = |name: &RuleName| policy.names().all(|known| known != name);
    if is_free(&wanted) {
        return Ok(wanted);
    }
    let numbered = (2..10_000_u32).filter_map(|n| RuleName::parse(&format!("{wanted}-{n}")).ok());
    numbered.into_iter().find(is_free).ok_or_else(|| unreadable("it has too many rules"))
}
