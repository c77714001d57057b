use std::collections::{BTreeMap, BTreeSet};

use syft_core::{ContentHash, DatasetName, Timestamp, safe_text};

use super::{
    ApproveRule, AutoRelease, Check, Date, JobFacts, JobRule, ManualRule, PackagesFact,
    PeerStanding, Policy, RuleDigest, RuleName,
};
use crate::Result;
use crate::records::{JobRecord, Revision};
use crate::sandbox::{IsolationLevel, Limits};

/// What the rules say of a job, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What is allowed; without it, a person decides.
    pub grant: Option<Grant>,
    /// Why, in a sentence that is safe to show.
    pub reason: String,
    /// What is asked of every job, whatever the rules.
    pub job: Vec<Check>,
    /// What each rule was asked, in the order of the file.
    pub rules: Vec<RuleAnswer>,
}

/// What rules allow a job: the strictest of all that match it.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The rules.
    pub rules: Vec<RuleName>,
    /// What its runs may use.
    pub limits: Limits,
    /// The weakest box that will do.
    pub isolation: IsolationLevel,
    /// What leaves without being asked.
    pub release: AutoRelease,
}

/// What one rule says of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleAnswer {
    /// The rule.
    pub name: RuleName,
    /// Whether it keeps jobs for a person.
    pub is_manual: bool,
    /// Whether it is about this job.
    pub matches: bool,
    /// What it was asked; the budget only if it is about the job.
    pub checks: Vec<Check>,
}

impl Policy {
    /// What the rules say of a job. Every rule that is about it counts: one that keeps
    /// it for a person, or whose budget is used up, and nothing is approved.
    ///
    /// # Errors
    /// Only if the job had no JSON form, which does not happen.
    pub fn explain(&self, facts: &JobFacts) -> Result<Explanation> {
        let job = general(facts);
        let mut rules = Vec::new();
        let mut matching: Vec<(usize, &ApproveRule)> = Vec::new();
        for rule in self.jobs() {
            let (checks, is_manual) = match rule {
                JobRule::Approve(rule) => (rule.checks(facts)?, false),
                JobRule::Manual(rule) => (rule.checks(facts)?, true),
            };
            let matches = checks.iter().all(|check| check.ok);
            if let (true, JobRule::Approve(rule)) = (matches, rule) {
                matching.push((rules.len(), rule));
            }
            rules.push(RuleAnswer { name: rule.name().clone(), is_manual, matches, checks });
        }
        let limits = matching.iter().map(|(_, rule)| &rule.limits).cloned();
        let grant = limits.reduce(|one, other| one.least(&other)).map(|limits| Grant {
            rules: matching.iter().map(|(_, rule)| rule.name.clone()).collect(),
            limits,
            isolation: strongest(matching.iter().map(|(_, rule)| rule.isolation)),
            release: matching.iter().map(|(_, rule)| rule.release).min().unwrap_or_default(),
        });
        let mut over = None;
        for (at, rule) in &matching {
            let wall = grant.as_ref().map_or(0.0, |grant| grant.limits.wall_kept().as_secs_f64());
            let seconds = facts.spent + wall;
            let check = match rule.budget.allows(&rule.name, &facts.uses, facts.now, seconds) {
                Ok(detail) => Check::ok("budget", detail),
                Err(detail) => {
                    over.get_or_insert_with(|| format!("rule {}: {detail}", rule.name));
                    Check::no("budget", detail)
                }
            };
            rules.get_mut(*at).into_iter().for_each(|answer| answer.checks.push(check.clone()));
        }
        let kept = rules.iter().find(|rule| rule.is_manual && rule.matches);
        let kept = kept.map(|rule| format!("rule {} keeps it for a person", rule.name));
        let doubt = job.iter().find(|check| !check.ok).map(|check| check.detail.clone());
        let none = || match rules.iter().find_map(RuleAnswer::nearly) {
            _ if self.jobs().is_empty() => "there are no rules about jobs".to_owned(),
            Some(why) => why,
            None => "no rule is about this job".to_owned(),
        };
        let (grant, reason) = match (grant, doubt.or(kept).or(over)) {
            (None, kept) => (None, kept.unwrap_or_else(none)),
            (Some(_), Some(reason)) => (None, reason),
            (Some(grant), None) => {
                let names: Vec<&str> = grant.rules.iter().map(RuleName::as_str).collect();
                let reason = format!("approved by {}", names.join(", "));
                (Some(grant), reason)
            }
        };
        Ok(Explanation { grant, reason, job, rules })
    }
}

impl RuleAnswer {
    /// The one thing because of which a rule that approves is not about the job.
    fn nearly(&self) -> Option<String> {
        let mut missing = self.checks.iter().filter(|check| !check.ok);
        let (check, more) = (missing.next()?, missing.next());
        let is_near = !self.is_manual && more.is_none();
        is_near.then(|| format!("rule {}: {}", self.name, check.detail))
    }
}

fn strongest(levels: impl Iterator<Item = IsolationLevel>) -> IsolationLevel {
    levels.fold(IsolationLevel::MINIMUM, Ord::max)
}

/// What holds for every job.
fn general(facts: &JobFacts) -> Vec<Check> {
    let submitter = &facts.submitter;
    let standing = match &facts.standing {
        PeerStanding::Good(_) | PeerStanding::JudgedBefore => {
            Check::ok("submitter", format!("{submitter} is a peer"))
        }
        PeerStanding::Doubtful(why) => Check::no("submitter", safe_text(why)),
    };
    let doubts = facts.doubts.iter().map(|doubt| Check::no("nothing hidden", doubt.clone()));
    let mut checks: Vec<Check> = std::iter::once(standing).chain(doubts).collect();
    if facts.doubts.is_empty() {
        checks.push(Check::ok("nothing hidden", "nothing in it that may hide something"));
    }
    checks
}

fn digest_check(rule: &RuleDigest, is: RuleDigest) -> Check {
    Check::of(
        "code",
        *rule == is,
        "everything that runs is as the rule names it".to_owned(),
        format!("what runs has the digest {is}, the rule names {rule}"),
    )
}

fn joined<'a>(names: impl Iterator<Item = &'a DatasetName>) -> String {
    let names: Vec<&str> = names.map(DatasetName::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl Policy {
    /// Whether some rule might approve the current revision of a job, by its record alone.
    pub(super) fn may_approve(&self, record: &JobRecord) -> Result<bool> {
        let Some(revision) = record.current() else { return Ok(false) };
        let files = revision.files.iter();
        let files: BTreeMap<String, ContentHash> =
            files.map(|file| (file.path.clone(), file.sha256)).collect();
        for rule in self.jobs() {
            if let JobRule::Approve(rule) = rule
                && rule.peers.contains(&record.submitter)
                && rule.digest == rule.digest_of(revision, &files)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl ApproveRule {
    /// The digest of a revision, less the files that this rule frees.
    fn digest_of(
        &self,
        revision: &Revision,
        files: &BTreeMap<String, ContentHash>,
    ) -> Result<RuleDigest> {
        let free: BTreeSet<_> = self.free.keys().cloned().collect();
        let entrypoint = revision.entrypoint.as_deref();
        RuleDigest::of(revision.kind, entrypoint, &revision.dependencies, files, &free)
    }

    fn checks(&self, facts: &JobFacts) -> Result<Vec<Check>> {
        let mut checks = vec![self.peer(facts)];
        if let Some(key) = self.keys.get(&facts.submitter) {
            checks.push(Check::of(
                "key",
                match &facts.standing {
                    PeerStanding::Good(is) => is.as_ref() == Some(key),
                    PeerStanding::JudgedBefore => true,
                    PeerStanding::Doubtful(_) => false,
                },
                format!("{} has the key that the rule names", facts.submitter),
                format!("{} does not have the key that the rule names", facts.submitter),
            ));
        }
        let free: BTreeSet<_> = self.free.keys().cloned().collect();
        let JobFacts { kind, entrypoint, dependencies, .. } = facts;
        let is =
            RuleDigest::of(*kind, entrypoint.as_deref(), dependencies, &facts.hashes(), &free)?;
        checks.push(digest_check(&self.digest, is));
        for (path, schema) in &self.free {
            let found = facts.files.get(path.as_str());
            let found = found.ok_or_else(|| "it is not there".to_owned());
            let fits = found.and_then(|bytes| schema.check(bytes));
            let path = path.as_str();
            checks.push(match fits {
                Ok(()) => Check::ok("free file", format!("{path} fits its schema")),
                Err(reason) => Check::no("free file", format!("{path}: {reason}")),
            });
        }
        checks.push(self.datasets(facts));
        checks.push(self.packages(facts));
        checks.extend(self.until(facts));
        Ok(checks)
    }

    fn peer(&self, facts: &JobFacts) -> Check {
        let submitter = &facts.submitter;
        Check::of(
            "peer",
            self.peers.contains(submitter),
            format!("{submitter} is one of its peers"),
            format!("{submitter} is none of its peers"),
        )
    }

    fn datasets(&self, facts: &JobFacts) -> Check {
        let asks = format!("it asks for {}", joined(facts.datasets.iter()));
        let allows = format!("{asks}, the rule allows {}", joined(self.datasets.iter()));
        Check::of("datasets", facts.datasets.is_subset(&self.datasets), asks, allows)
    }

    fn packages(&self, facts: &JobFacts) -> Check {
        const WHAT: &str = "packages";
        match (facts.packages, self.packages) {
            (PackagesFact::None, _) => Check::ok(WHAT, "it needs none"),
            (PackagesFact::Locked(is), Some(lock)) if is == lock => {
                Check::ok(WHAT, "they are those of the lock that the rule names")
            }
            (PackagesFact::Locked(is), Some(lock)) => {
                Check::no(WHAT, format!("they are of the lock {is}, the rule names {lock}"))
            }
            (PackagesFact::Locked(_), None) => {
                Check::no(WHAT, "it needs packages, and the rule names no lock")
            }
            (PackagesFact::Unknown, _) => Check::no(
                WHAT,
                "it needs packages, and which exactly was not found out on this machine",
            ),
        }
    }

    fn until(&self, facts: &JobFacts) -> Option<Check> {
        // A clock that was set back makes no rule valid again under which something
        // was approved later.
        let seen = facts.uses.iter().map(|one| one.at);
        let later = |one: Timestamp, other: Timestamp| {
            if other.seconds() > one.seconds() { other } else { one }
        };
        let today = Date::of(seen.fold(facts.now, later));
        let until = self.until.as_ref()?;
        let (yes, no) =
            (format!("it is valid until {until}"), format!("it was valid until {until}"));
        Some(Check::of("until", today <= *until, yes, no))
    }
}

impl ManualRule {
    fn checks(&self, facts: &JobFacts) -> Result<Vec<Check>> {
        let mut checks = Vec::new();
        if !self.peers.is_empty() {
            let submitter = &facts.submitter;
            checks.push(Check::of(
                "peer",
                self.peers.contains(submitter),
                format!("{submitter} is one of its peers"),
                format!("{submitter} is none of its peers"),
            ));
        }
        if !self.datasets.is_empty() {
            let asks = format!("it asks for {}", joined(facts.datasets.iter()));
            let about = format!("{asks}, the rule is about {}", joined(self.datasets.iter()));
            let shared = !facts.datasets.is_disjoint(&self.datasets);
            checks.push(Check::of("datasets", shared, asks, about));
        }
        if let Some(digest) = &self.digest {
            let JobFacts { kind, entrypoint, dependencies, .. } = facts;
            let (entrypoint, hashes) = (entrypoint.as_deref(), facts.hashes());
            let is = RuleDigest::of(*kind, entrypoint, dependencies, &hashes, &BTreeSet::new())?;
            checks.push(digest_check(digest, is));
        }
        Ok(checks)
    }
}
