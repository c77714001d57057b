use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The address that names a participant and the participant's datasite.
///
/// Lower-case ASCII, at most 254 bytes (RFC 5321, section 4.5.3.1.3), one `@`
/// with a domain that has a dot, and none of the characters that mean something
/// in a glob, a query, a folder name or a shell (`threats.md` S4, F8). An upper
/// case letter is refused, not folded: two spellings are never one person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Longest address in bytes.
    pub const MAX_BYTES: usize = 254;

    /// Reads an address.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names the broken rule.
    pub fn parse(text: &str) -> Result<Self> {
        match problem(text) {
            None => Ok(Email(text.to_owned())),
            Some(reason) => Err(Error::invalid("email", text, reason)),
        }
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

fn problem(text: &str) -> Option<&'static str> {
    if text.len() > Email::MAX_BYTES {
        return Some("it is longer than 254 bytes");
    }
    let Some((local, domain)) = text.split_once('@') else {
        return Some("it has no @");
    };
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Some("it must be in lower case");
    }
    if local.is_empty()
        || local.starts_with(['.', '-'])
        || local.ends_with('.')
        || local.contains("..")
    {
        return Some(
            "the part before the @ must start with a letter or digit and hold no two dots in a row",
        );
    }
    if !local
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".!$%&+-=^_~".contains(&b))
    {
        return Some("it may hold letters, digits and . _ + - = ! $ % & ^ ~ only");
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let label_ok = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if labels.len() < 2 || !labels.iter().all(label_ok) {
        return Some("the part after the @ must be a domain such as example.org");
    }
    None
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Email {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Email::parse(text)
    }
}

impl TryFrom<String> for Email {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Email::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

/// So that a call may take an address or something that has one.
impl AsRef<Email> for Email {
    fn as_ref(&self) -> &Email {
        self
    }
}

impl AsRef<str> for Email {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
