use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DatasitePath, Error, Result};

const MAX_NAME_BYTES: usize = 80;

fn problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > MAX_NAME_BYTES {
        return Some("it is longer than 80 bytes");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._@+-".contains(&b)) {
        return Some("it may hold letters, digits, blanks and . _ @ + - only");
    }
    if text.starts_with(['-', '.']) {
        return Some("it must not start with a dash or a dot");
    }
    if is_protocol_segment(text) {
        return Some("v followed by digits names a protocol version");
    }
    match DatasitePath::parse(text) {
        Ok(path) if !path.is_permission_file() => None,
        _ => Some("it is reserved, or ends in a dot or a blank"),
    }
}

/// What a name must be that a Python peer chose (`protocol.md` f.2): one component of
/// a path, and no protocol version.
fn problem_of_any(text: &str) -> Option<&'static str> {
    if text.contains('/') || DatasitePath::parse(text).is_err() {
        return Some("it is no name that a folder of a datasite can have");
    }
    if is_protocol_segment(text) || text.ends_with("syft.pub.yaml") {
        return Some("it is reserved");
    }
    None
}

/// `v1`, `v12`: a folder of that name is a protocol version, never a job or a
/// dataset (`protocol.md` f.2).
fn is_protocol_segment(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(char::is_numeric))
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads a name.
            ///
            /// # Errors
            /// [`Error::Invalid`] that names the broken rule.
            pub fn parse(text: &str) -> Result<Self> {
                match problem(text) {
                    None => Ok($name(text.to_owned())),
                    Some(reason) => Err(Error::invalid($kind, text, reason)),
                }
            }

            /// Reads the name of what is there already: of a Python peer's it may
            /// be any single path component that is no protocol version.
            ///
            /// # Errors
            /// [`Error::Invalid`] that names the broken rule.
            pub fn existing(text: &str) -> Result<Self> {
                match problem_of_any(text) {
                    None => Ok($name(text.to_owned())),
                    Some(reason) => Err(Error::invalid($kind, text, reason)),
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                $name::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                $name::existing(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name_type! {
    /// The name of a job: one path component of `[A-Za-z0-9 ._@+-]`, at most 80
    /// bytes, no reserved name (`threats.md` R10).
    JobName, "job name"
}

name_type! {
    /// The name of a dataset, under the same rules as a [`JobName`].
    DatasetName, "dataset name"
}

impl DatasetName {
    /// The variable by which a job finds the dataset: `SYFT_DATASET_` and the name
    /// in upper case, with `_` for all that is neither letter nor digit.
    #[must_use]
    pub fn variable(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        format!("SYFT_DATASET_{}", self.0.chars().map(plain).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_has_a_variable() {
        let variable = |name: &str| DatasetName::parse(name).unwrap().variable();
        assert_eq!(variable("patients"), "SYFT_DATASET_PATIENTS");
        assert_eq!(variable("age-2026 b.c"), "SYFT_DATASET_AGE_2026_B_C");
    }
}
