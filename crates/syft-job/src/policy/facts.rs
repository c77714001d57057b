use std::collections::{BTreeMap, BTreeSet};

use syft_core::{ContentHash, DatasetName, Email, Timestamp};

use super::RuleUse;
use crate::JobKind;

/// All that rules are asked about one job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobFacts {
    /// Who sent it.
    pub submitter: Email,
    /// What is known of the submitter.
    pub standing: PeerStanding,
    /// Bash or Python.
    pub kind: JobKind,
    /// The program below `code/`.
    pub entrypoint: Option<String>,
    /// The packages that it asks for.
    pub dependencies: Vec<String>,
    /// `run.sh` and every file of `code/`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What it asks to read.
    pub datasets: BTreeSet<DatasetName>,
    /// What is known of its packages.
    pub packages: PackagesFact,
    /// What a person has to look at, each in a sentence that is safe to show.
    pub doubts: Vec<String>,
    /// Now.
    pub now: Timestamp,
    /// Seconds of its runs under the approval that is asked for again.
    pub spent: f64,
    /// Everything that rules approved before, but for this job.
    pub uses: Vec<RuleUse>,
}

/// What is known of a submitter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerStanding {
    /// A peer, with the fingerprint of its key if it has one.
    Good(Option<String>),
    /// One who was judged when the job was approved.
    JudgedBefore,
    /// Not one whose jobs are approved without a look, and why.
    Doubtful(String),
}

/// What is known of the packages of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackagesFact {
    /// It needs none.
    None,
    /// It needs those of this lock.
    Locked(ContentHash),
    /// It needs some, and nobody has found out which.
    Unknown,
}

impl JobFacts {
    pub(super) fn hashes(&self) -> BTreeMap<String, ContentHash> {
        self.files.iter().map(|(path, bytes)| (path.clone(), ContentHash::of(bytes))).collect()
    }
}
