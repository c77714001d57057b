use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, canonical_json};

use super::FreePath;
use crate::{JobKind, Result};

/// Everything that runs, but the bytes of the files that a rule frees: `run.sh` and
/// every file of `code/` by name and content, what kind of job it is, where it
/// starts, and which packages it asks for. Not who sends it, nor what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleDigest(ContentHash);

#[derive(Serialize)]
struct RuleJson<'a> {
    kind: JobKind,
    entrypoint: Option<&'a str>,
    dependencies: &'a [String],
    /// No name is skipped; a free file is there, whatever it holds.
    files: Vec<(&'a str, Option<ContentHash>)>,
}

impl RuleDigest {
    /// SHA-256 over the canonical JSON (RFC 8785) of what runs.
    ///
    /// # Errors
    /// Only if it had no JSON form, which does not happen.
    pub fn of(
        kind: JobKind,
        entrypoint: Option<&str>,
        dependencies: &[String],
        files: &BTreeMap<String, ContentHash>,
        free: &BTreeSet<FreePath>,
    ) -> Result<RuleDigest> {
        let is_free = |path: &str| free.iter().any(|free| free.as_str() == path);
        let file = |(path, hash): (&'_ String, &ContentHash)| (!is_free(path)).then_some(*hash);
        let files = files.iter().map(|entry| (entry.0.as_str(), file(entry))).collect();
        let json = RuleJson { kind, entrypoint, dependencies, files };
        Ok(RuleDigest(ContentHash::of(&canonical_json(&json)?)))
    }
}

impl fmt::Display for RuleDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
