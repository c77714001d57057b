use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use syft_core::{ContentHash, DatasetName, yaml};

use super::{DatasetBounds, DatasetRule, JobRule, PeerRule, RuleName};
use crate::{Error, Result};

/// Where the file stands in the datasite of its owner.
pub(crate) const FILE: &str = "private/policy.yaml";
/// Most rules of one kind: each of them is asked about each job.
const MOST: usize = 500;

/// The rules of one owner.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    datasets: BTreeMap<DatasetName, DatasetRule>,
    peers: Vec<PeerRule>,
    jobs: Vec<JobRule>,
    digest: Option<ContentHash>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    #[serde(default, deserialize_with = "may_be_empty")]
    datasets: BTreeMap<DatasetName, DatasetRule>,
    #[serde(default, deserialize_with = "may_be_empty")]
    peers: Vec<PeerRule>,
    #[serde(default, deserialize_with = "may_be_empty")]
    jobs: Vec<JobRule>,
}

/// A key behind which nothing stands any more.
fn may_be_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::PolicyFile`] that says what is wrong and in which line: a file that is
    /// not understood as a whole allows nothing.
    pub fn parse(text: &str) -> Result<Policy> {
        let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let read = match text.lines().all(blank) {
            true => PolicyText::default(),
            false => yaml::from_str(text).map_err(|error| match error {
                syft_core::Error::Invalid { reason, .. } => unreadable(reason),
                other => other.into(),
            })?,
        };
        let PolicyText { datasets, peers, jobs } = read;
        if jobs.len() > MOST || peers.len() > MOST {
            return Err(unreadable(format!("it has more than {MOST} rules of one kind")));
        }
        let policy =
            Policy { datasets, peers, jobs, digest: Some(ContentHash::of(text.as_bytes())) };
        let mut names: Vec<&RuleName> = policy.names().collect();
        names.sort();
        match names.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => {
                let name = pair.first().map(ToString::to_string).unwrap_or_default();
                Err(unreadable(format!("two rules are called {name}")))
            }
            None => Ok(policy),
        }
    }

    /// The rules about jobs, in the order of the file.
    #[must_use]
    pub fn jobs(&self) -> &[JobRule] {
        &self.jobs
    }

    /// The rules about requests of peers.
    #[must_use]
    pub fn peers(&self) -> &[PeerRule] {
        &self.peers
    }

    /// The rules of datasets.
    #[must_use]
    pub fn datasets(&self) -> &BTreeMap<DatasetName, DatasetRule> {
        &self.datasets
    }

    /// Of the file, if there is one.
    #[must_use]
    pub fn digest(&self) -> Option<ContentHash> {
        self.digest
    }

    /// What these datasets allow together to leave.
    #[must_use]
    pub fn bounds(&self, datasets: &[DatasetName]) -> DatasetBounds {
        DatasetBounds::of(&self.datasets, datasets)
    }

    /// The rule by which a request of this peer is accepted, if there is one.
    #[must_use]
    pub fn accepts(&self, peer: &syft_core::Email, is_proven: bool) -> Option<&PeerRule> {
        self.peers.iter().find(|rule| rule.accepts(peer, is_proven))
    }

    /// The names of all rules.
    pub fn names(&self) -> impl Iterator<Item = &RuleName> {
        let peers = self.peers.iter().map(|rule| &rule.name);
        self.jobs.iter().map(JobRule::name).chain(peers)
    }

    /// Whether two files say the same, however they are written.
    #[must_use]
    pub fn says_the_same(&self, other: &Policy) -> bool {
        self.datasets == other.datasets && self.peers == other.peers && self.jobs == other.jobs
    }

    pub(super) fn with_job(&self, rule: JobRule) -> Policy {
        let mut policy = self.clone();
        policy.jobs.push(rule);
        policy
    }

    pub(super) fn without(&self, name: &RuleName) -> Policy {
        let mut policy = self.clone();
        policy.jobs.retain(|rule| rule.name() != name);
        policy.peers.retain(|rule| &rule.name != name);
        policy
    }
}

pub(super) fn unreadable(reason: impl Into<String>) -> Error {
    Error::PolicyFile { file: FILE.to_owned(), reason: reason.into() }
}
