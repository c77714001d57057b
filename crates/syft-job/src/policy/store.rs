use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syft_core::{Access, ContentHash, HomePath, LayoutKind, NewEntry, NodePaths, yaml};

use super::file::{FILE, unreadable};
use super::{JobRule, PeerStanding, Policy, RuleName, RuleRequest, edit};
use crate::records::SCHEMA;
use crate::{Error, JobStore, Result};

/// A rule that was added.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedRule {
    /// The rule.
    pub rule: JobRule,
    /// The lines that say it.
    pub text: String,
    /// Where it stands.
    pub file: &'static str,
}

/// A rule that was cut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedRule {
    /// Its name.
    pub name: RuleName,
}

/// What was last recorded of the file: `.syft/policy.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    schema: u32,
    digest: Option<ContentHash>,
    /// How often it was changed, so that each change is a line of its own.
    changes: u64,
}

impl JobStore {
    /// The owner's rules. Without the file there are none.
    ///
    /// # Errors
    /// [`Error::PolicyFile`] if it is not understood; those of the disk.
    pub fn policy(&self) -> Result<Policy> {
        self.policy_text()?.map_or_else(|| Ok(Policy::default()), |text| Policy::parse(&text))
    }

    /// Adds a rule that is made from a job which was approved by hand, as narrow as
    /// that job. The owner's own lines stay as they are.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Policy`] if no rule can be made from it;
    /// [`Error::PolicyFile`]; those of the disk.
    pub fn add_rule(&self, request: &RuleRequest) -> Result<AddedRule> {
        let policy = self.noted_policy()?;
        let rule = JobRule::Approve(Box::new(self.suggest(&policy, request)?));
        let before = self.policy_text()?.unwrap_or_default();
        let after = edit::add(&before, &policy, &rule)?;
        let alone = Policy::default().with_job(rule.clone());
        let mut facts = self.facts(&request.job, None, PeerStanding::JudgedBefore)?;
        // Who may send such jobs, and how many, is asked when they come.
        facts.uses = Vec::new();
        if let JobRule::Approve(rule) = &rule {
            facts.submitter = rule.peers.first().cloned().unwrap_or(facts.submitter);
        }
        let explanation = alone.explain(&facts)?;
        if explanation.grant.is_none() {
            return Err(Error::Policy {
                what: format!("job {} makes no rule", request.job),
                rule: format!("a person has to look at such jobs: {}", explanation.reason),
                file: FILE.to_owned(),
            });
        }
        let text = yaml::to_string(&[&rule])?;
        let name = rule.name().clone();
        self.write_policy("policy.added", &name, &after, Some(&text))?;
        Ok(AddedRule { rule, text, file: FILE })
    }

    /// Cuts a rule out, by its name or by its number in the list of all: those about
    /// jobs, then those about peers.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PolicyFile`]; those of the disk.
    pub fn remove_rule(&self, which: &str) -> Result<RemovedRule> {
        let policy = self.noted_policy()?;
        let numbered = which.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let found = match numbered {
            Some(index) => policy.names().nth(index),
            None => policy.names().find(|name| name.as_str() == which),
        };
        let name = found.cloned().ok_or_else(|| Error::NoRule(which.to_owned()))?;
        let before = self.policy_text()?.unwrap_or_default();
        let after = edit::remove(&before, &policy, &name)?;
        self.write_policy("policy.removed", &name, &after, None)?;
        Ok(RemovedRule { name })
    }

    /// The rules, after it was recorded that the file is another than the one that was
    /// recorded last, if it is: its owner edits it by hand.
    ///
    /// # Errors
    /// As [`JobStore::policy`]; those of the log.
    pub fn noted_policy(&self) -> Result<Policy> {
        let bytes = match self.policy_bytes() {
            // Nothing is allowed by what cannot be read.
            Err(error) if error.is_damage() => return Err(unreadable(error.to_string())),
            bytes => bytes?,
        };
        let digest = bytes.as_ref().map(|bytes| ContentHash::of(bytes));
        let noted = self.noted()?;
        if noted.digest != digest {
            let details = [("from", text_of(noted.digest)), ("to", text_of(digest))];
            self.tell_policy("policy.changed", FILE, &noted, digest, details)?;
            self.note_digest(&noted, digest)?;
        }
        let text = as_text(bytes)?;
        text.map_or_else(|| Ok(Policy::default()), |text| Policy::parse(&text))
    }

    fn write_policy(
        &self,
        action: &str,
        name: &RuleName,
        text: &str,
        rule: Option<&str>,
    ) -> Result<()> {
        let noted = self.noted()?;
        let digest = Some(ContentHash::of(text.as_bytes()));
        let rule = rule.map(|rule| ("rule", rule.into()));
        let details = rule.into_iter().chain([("to", text_of(digest))]);
        self.tell_policy(action, name.as_str(), &noted, digest, details)?;
        self.disk.write(&self.policy_path()?, text.as_bytes(), Access::OwnerOnly)?;
        self.note_digest(&noted, digest)
    }

    fn tell_policy(
        &self,
        action: &str,
        subject: &str,
        noted: &Noted,
        to: Option<ContentHash>,
        details: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<()> {
        let details: BTreeMap<String, Value> =
            details.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let to = to.map_or_else(|| "none".to_owned(), |to| to.to_string());
        self.tell(NewEntry {
            key: Some(format!("{action}/{}/{to}", noted.changes + 1)),
            at: self.now(),
            actor: self.me.to_string(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            details,
        })
    }

    fn noted(&self) -> Result<Noted> {
        Ok(self.read_json(&noted_path()?)?.unwrap_or_default())
    }

    fn note_digest(&self, before: &Noted, digest: Option<ContentHash>) -> Result<()> {
        let changes = before.changes + 1;
        self.write_json(&noted_path()?, &Noted { schema: SCHEMA, digest, changes })
    }

    fn policy_path(&self) -> Result<HomePath> {
        let private = LayoutKind::Native.layout().private();
        Ok(HomePath::in_datasite(&self.me, &private).join("policy.yaml")?)
    }

    fn policy_bytes(&self) -> Result<Option<Vec<u8>>> {
        let path = self.policy_path()?;
        // Mostly there is none, and then nothing is read.
        match self.disk.metadata(&path)? {
            Some(_) => Ok(self.disk.read_if_there(&path, yaml::MAX_BYTES as u64)?),
            None => Ok(None),
        }
    }

    fn policy_text(&self) -> Result<Option<String>> {
        let bytes = match self.policy_bytes() {
            Err(error) if error.is_damage() => return Err(unreadable(error.to_string())),
            bytes => bytes?,
        };
        as_text(bytes)
    }
}

fn as_text(bytes: Option<Vec<u8>>) -> Result<Option<String>> {
    let text = bytes.map(String::from_utf8).transpose();
    text.map_err(|_| unreadable("it is not UTF-8"))
}

fn text_of(hash: Option<ContentHash>) -> Value {
    hash.map_or(Value::Null, |is| is.to_string().into())
}

fn noted_path() -> Result<HomePath> {
    Ok(NodePaths::root().join("policy.json")?)
}
