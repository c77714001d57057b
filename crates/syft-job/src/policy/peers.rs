use serde::{Deserialize, Serialize};
use syft_core::Email;

use super::RuleName;

/// Whose requests to be a peer are accepted without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerRule {
    /// What its owner calls it.
    pub name: RuleName,
    /// The domains of the addresses, each as a whole: `uni.org` is not `cs.uni.org`.
    pub domains: Domains,
    /// How sure it has to be that the address is theirs.
    #[serde(default)]
    pub identity: RuleIdentity,
}

/// How sure it has to be that an address is somebody's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleIdentity {
    /// The store proves who wrote what.
    #[default]
    Proven,
    /// Whoever may write to the store may say that it is theirs.
    Claimed,
}

/// Some domains; never none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Domains(Vec<String>);

impl PeerRule {
    /// Whether the rule is about this address, if the store has this to say of it.
    #[must_use]
    pub fn accepts(&self, peer: &Email, is_proven: bool) -> bool {
        let is_sure = is_proven || self.identity == RuleIdentity::Claimed;
        is_sure && self.domains.0.iter().any(|domain| domain == peer.domain())
    }
}

impl TryFrom<Vec<String>> for Domains {
    type Error = String;

    fn try_from(domains: Vec<String>) -> Result<Domains, String> {
        let same = |domain: &String| {
            Email::parse(&format!("somebody@{domain}")).is_ok_and(|one| one.domain() == domain)
        };
        match !domains.is_empty() && domains.iter().all(same) {
            true => Ok(Domains(domains)),
            false => Err("domains are some such as uni.org, in small letters".to_owned()),
        }
    }
}

impl From<Domains> for Vec<String> {
    fn from(domains: Domains) -> Vec<String> {
        domains.0
    }
}
