//! The audience as it stands in the mock folder's `syft.pub.yaml`. That file is
//! the one place where it is kept; it is no part of the collection.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use syft_core::{Email, yaml};

use crate::{Audience, Result};

/// The name of a permission file.
pub(crate) const FILE: &str = "syft.pub.yaml";

const EVERYTHING: &str = "**";
const EVERYBODY: &str = "*";

#[derive(Serialize, Deserialize)]
struct PermissionFile {
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    terminal: bool,
}

#[derive(Serialize, Deserialize)]
struct Rule {
    access: Access,
    pattern: String,
}

#[derive(Serialize, Deserialize)]
struct Access {
    #[serde(default)]
    admin: Vec<String>,
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    write: Vec<String>,
}

/// The text of the permission file for an audience.
pub(crate) fn text(audience: &Audience) -> Result<String> {
    let read = match audience {
        Audience::Nobody => Vec::new(),
        Audience::Users(users) => users.iter().map(Email::to_string).collect(),
        Audience::Any => vec![EVERYBODY.to_owned()],
    };
    readable_by(read)
}

/// The text of the permission file beside the private data of a PySyft datasite.
pub(crate) fn owner_alone(owner: &Email) -> Result<String> {
    readable_by(vec![owner.to_string()])
}

fn readable_by(read: Vec<String>) -> Result<String> {
    let rule = |read| Rule {
        access: Access { admin: Vec::new(), read, write: Vec::new() },
        pattern: EVERYTHING.to_owned(),
    };
    let rules = if read.is_empty() { Vec::new() } else { vec![rule(read)] };
    Ok(yaml::to_string(&PermissionFile { rules, terminal: false })?)
}

/// Reads an audience back. A dataset is shared as a whole or not at all, so a
/// file that says more than who may read all of it is refused in words.
pub(crate) fn audience(text: &str) -> std::result::Result<Audience, String> {
    let file: PermissionFile = if text.trim().is_empty() {
        return Ok(Audience::Nobody);
    } else {
        yaml::from_str(text).map_err(|error| error.to_string())?
    };
    let mut rules = file.rules.into_iter();
    let Some(rule) = rules.next() else { return Ok(Audience::Nobody) };
    let plain = rules.next().is_none()
        && rule.pattern == EVERYTHING
        && rule.access.admin.is_empty()
        && rule.access.write.is_empty();
    if !plain {
        return Err("a dataset is shared as a whole: the file may hold one rule only, \
                    with pattern ** and readers"
            .to_owned());
    }
    if rule.access.read.iter().any(|entry| entry == EVERYBODY) {
        return Ok(Audience::Any);
    }
    let users: Result<BTreeSet<Email>, _> =
        rule.access.read.iter().map(|entry| Email::parse(entry)).collect();
    users.map(Audience::users).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_audience_comes_back() {
        let users = Audience::parse(["bob@uni.org", "carol@lab.org"]).unwrap();
        for one in [Audience::Nobody, users, Audience::Any] {
            assert_eq!(audience(&text(&one).unwrap()), Ok(one));
        }
    }

    #[test]
    fn what_is_no_audience_is_refused_and_shares_nothing() {
        let rule = |pattern: &str, access: &str| {
            format!("rules:\n- pattern: '{pattern}'\n  access: {access}\n")
        };
        for text in [
            rule("a.csv", "{read: [bob@uni.org]}"),
            rule("**", "{write: [bob@uni.org]}"),
            rule("**", "{read: ['*@uni.org']}"),
            rule("**", "{read: USER}"),
            format!("{}{}", rule("**", "{read: ['*']}"), "- pattern: b\n  access: {}\n"),
            "rules: [".to_owned(),
        ] {
            assert!(audience(&text).is_err(), "{text}");
        }
    }
}
