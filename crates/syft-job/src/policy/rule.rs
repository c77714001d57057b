use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email};

use super::{Budget, Date, FreeFile, FreePath, RuleDigest, RuleName};
use crate::sandbox::{IsolationLevel, Limits};

/// What is done with the jobs that a rule is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RuleText", into = "RuleText")]
pub enum JobRule {
    /// They are approved.
    Approve(Box<ApproveRule>),
    /// A person decides, whatever other rules say.
    Manual(ManualRule),
}

/// A rule that approves: everything that it does not leave open is as it says.
#[derive(Debug, Clone, PartialEq)]
pub struct ApproveRule {
    /// What its owner calls it.
    pub name: RuleName,
    /// Everything that runs.
    pub digest: RuleDigest,
    /// Whose jobs; never nobody's.
    pub peers: BTreeSet<Email>,
    /// By peer, the fingerprint of the key that it has to have.
    pub keys: BTreeMap<Email, String>,
    /// What such a job may ask for.
    pub datasets: BTreeSet<DatasetName>,
    /// The files whose values are the submitter's.
    pub free: BTreeMap<FreePath, FreeFile>,
    /// What a run may use.
    pub limits: Limits,
    /// The lock of the packages, of jobs that need any.
    pub packages: Option<ContentHash>,
    /// The weakest box; at least [`IsolationLevel::MINIMUM`].
    pub isolation: IsolationLevel,
    /// How often.
    pub budget: Budget,
    /// The last day.
    pub until: Option<Date>,
    /// What leaves without being asked.
    pub release: AutoRelease,
}

/// A rule that keeps jobs for a person. Where it names nobody, it is about everybody,
/// and where no dataset, about all jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct ManualRule {
    /// What its owner calls it.
    pub name: RuleName,
    /// Everything that runs, if it is about one code alone.
    pub digest: Option<RuleDigest>,
    /// Whose jobs.
    pub peers: BTreeSet<Email>,
    /// Jobs that ask for any of these.
    pub datasets: BTreeSet<DatasetName>,
}

/// What leaves after a run without being asked; the least comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoRelease {
    /// Nothing.
    #[default]
    Nothing,
    /// The outputs in which nothing was found.
    Outputs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decide {
    Approve,
    Manual,
}

/// A rule as the file says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    name: RuleName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decide: Option<Decide>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<RuleDigest>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    peers: BTreeSet<Email>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    keys: BTreeMap<Email, String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    datasets: BTreeSet<DatasetName>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    free: BTreeMap<FreePath, FreeFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    packages: Option<ContentHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    isolation: Option<IsolationLevel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<Budget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<AutoRelease>,
}

impl JobRule {
    /// What its owner calls it.
    #[must_use]
    pub fn name(&self) -> &RuleName {
        match self {
            JobRule::Approve(rule) => &rule.name,
            JobRule::Manual(rule) => &rule.name,
        }
    }
}

impl TryFrom<RuleText> for JobRule {
    type Error = String;

    fn try_from(text: RuleText) -> Result<JobRule, String> {
        match text.decide.unwrap_or(Decide::Approve) {
            Decide::Approve => Ok(JobRule::Approve(Box::new(text.approve()?))),
            Decide::Manual => Ok(JobRule::Manual(text.manual()?)),
        }
    }
}

impl RuleText {
    fn approve(self) -> Result<ApproveRule, String> {
        let (name, needs) = (self.name, |what: &str| format!("a rule that approves needs {what}"));
        let isolation = self.isolation.unwrap_or(IsolationLevel::MINIMUM);
        if isolation < IsolationLevel::MINIMUM {
            let least = IsolationLevel::MINIMUM;
            return Err(format!("the isolation of a rule is {least} or stronger, not {isolation}"));
        }
        if self.peers.is_empty() {
            return Err(needs("peers: whose jobs it approves"));
        }
        if let Some(other) = self.keys.keys().find(|peer| !self.peers.contains(*peer)) {
            return Err(format!("keys names {other}, which peers does not"));
        }
        Ok(ApproveRule {
            name,
            digest: self.digest.ok_or_else(|| needs("a digest: syft policy add finds it out"))?,
            peers: self.peers,
            keys: self.keys,
            datasets: self.datasets,
            free: self.free,
            limits: self.limits.unwrap_or_default(),
            packages: self.packages,
            isolation,
            budget: self.budget.ok_or_else(|| needs("a budget of jobs, seconds and days"))?,
            until: self.until,
            release: self.release.unwrap_or_default(),
        })
    }

    fn manual(self) -> Result<ManualRule, String> {
        let RuleText { name, decide: _, digest, peers, keys, datasets, free, .. } = self;
        let bounds = self.limits.is_some()
            || self.packages.is_some()
            || self.isolation.is_some()
            || self.budget.is_some()
            || self.until.is_some()
            || self.release.is_some();
        if bounds || !keys.is_empty() || !free.is_empty() {
            let reason = "a rule that keeps jobs for a person has digest, peers and datasets alone";
            return Err(reason.to_owned());
        }
        Ok(ManualRule { name, digest, peers, datasets })
    }
}

impl From<JobRule> for RuleText {
    fn from(rule: JobRule) -> RuleText {
        match rule {
            JobRule::Approve(rule) => RuleText {
                name: rule.name,
                decide: None,
                digest: Some(rule.digest),
                peers: rule.peers,
                keys: rule.keys,
                datasets: rule.datasets,
                free: rule.free,
                limits: Some(rule.limits),
                packages: rule.packages,
                isolation: Some(rule.isolation),
                budget: Some(rule.budget),
                until: rule.until,
                release: Some(rule.release),
            },
            JobRule::Manual(ManualRule { name, digest, peers, datasets }) => RuleText {
                name,
                decide: Some(Decide::Manual),
                digest,
                peers,
                keys: BTreeMap::new(),
                datasets,
                free: BTreeMap::new(),
                limits: None,
                packages: None,
                isolation: None,
                budget: None,
                until: None,
                release: None,
            },
        }
    }
}
