use std::fmt;

use pep440_rs::VersionSpecifiers;
use serde::{Deserialize, Serialize};
use syft_core::{safe_text, shorten};

use super::marker;
use crate::{Error, Result};

/// Longest requirement, in bytes.
const MAX_BYTES: usize = 1_000;
/// Of one that is refused, so many characters are shown.
const SHOWN: usize = 80;

/// One package that a job needs, as PEP 508 spells it: a name, extras, versions and
/// a marker. It names a package of an index and no place: there is no form with a
/// URL or a path (`threats.md` X2, R5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Requirement {
    /// Lower case, with `-` between its words.
    name: String,
    extras: Vec<String>,
    versions: String,
    marker: Option<String>,
}

impl Requirement {
    /// Reads one requirement.
    ///
    /// # Errors
    /// [`Error::Requirement`] for a direct reference, an option, a control character,
    /// and anything else that is no requirement.
    pub fn parse(text: &str) -> Result<Self> {
        read(text)
            .map_err(|reason| Error::Requirement { text: shorten(&safe_text(text), SHOWN), reason })
    }

    /// The name of the package, normalised.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl TryFrom<String> for Requirement {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Requirement::parse(&text)
    }
}

impl From<Requirement> for String {
    fn from(requirement: Requirement) -> String {
        requirement.to_string()
    }
}

/// One spelling for each.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.extras.is_empty() {
            write!(f, "[{}]", self.extras.join(","))?;
        }
        f.write_str(&self.versions)?;
        match &self.marker {
            Some(marker) => write!(f, " ; {marker}"),
            None => Ok(()),
        }
    }
}

fn read(text: &str) -> Result<Requirement, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it is longer than {MAX_BYTES} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err("it holds a control character".to_owned());
    }
    let text = text.trim();
    if text.starts_with('-') {
        return Err("it is an option, not a package".to_owned());
    }
    let (head, marker) = match text.split_once(';') {
        Some((head, marker)) => (head, Some(marker::parse(marker)?)),
        None => (text, None),
    };
    if head.contains(['@', '/', '\\', ':']) {
        return Err("it leads to a place; packages come from an index, by name".to_owned());
    }
    let end = head.find(|c: char| !is_of_name(c)).unwrap_or(head.len());
    let (name, rest) = head.split_at(end);
    let name = normal_name(name)?;
    let (extras, versions) = match rest.trim_start().strip_prefix('[') {
        Some(rest) => {
            let (extras, versions) = rest.split_once(']').ok_or("its extras do not end")?;
            (read_extras(extras)?, versions)
        }
        None => (Vec::new(), rest),
    };
    Ok(Requirement { name, extras, versions: read_versions(versions)?, marker })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// A name as an index compares it (PEP 503).
pub(super) fn normal_name(name: &str) -> Result<String, String> {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut characters = name.chars();
    let is_name =
        name.chars().all(is_of_name) && ends(characters.next()) && ends(name.chars().next_back());
    if !is_name {
        return Err("it does not start with the name of a package".to_owned());
    }
    let words = name.split(['.', '_', '-']).filter(|word| !word.is_empty());
    Ok(words.collect::<Vec<_>>().join("-").to_ascii_lowercase())
}

fn read_extras(text: &str) -> Result<Vec<String>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut extras = names.map(normal_name).collect::<Result<Vec<_>, _>>()?;
    extras.sort();
    extras.dedup();
    Ok(extras)
}

fn read_versions(text: &str) -> Result<String, String> {
    let text = text.trim();
    let text = match text.strip_prefix('(') {
        Some(text) => text.strip_suffix(')').ok_or("a bracket is not closed")?.trim(),
        None => text,
    };
    if text.is_empty() {
        return Ok(String::new());
    }
    // "Exactly this text" compares what need be no version.
    if text.contains("===") {
        return Err("it compares with ===; use ==".to_owned());
    }
    let versions: VersionSpecifiers =
        text.parse().map_err(|_| format!("{text:?} is no range of versions"))?;
    let mut versions: Vec<String> =
        versions.iter().map(|version| version.to_string().replace(' ', "")).collect();
    versions.sort();
    Ok(versions.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_has_one_spelling() {
        let cases = [
            ("numpy", "numpy"),
            ("  Scikit_Learn  ", "scikit-learn"),
            ("pandas >= 2, <3", "pandas<3,>=2"),
            ("pandas (==2.1.*)", "pandas==2.1.*"),
            ("ruamel..yaml[Jinja2, b_c] ~=0.17", "ruamel-yaml[b-c,jinja2]~=0.17"),
            ("tomli>=1;python_version<'3.11'", "tomli>=1 ; python_version < \"3.11\""),
        ];
        for (text, spelled) in cases {
            let read = Requirement::parse(text).unwrap();
            assert_eq!(read.to_string(), spelled);
            assert_eq!(Requirement::parse(spelled).unwrap(), read);
        }
    }

    #[test]
    fn r5_what_leads_to_a_place_or_is_no_package_is_refused() {
        let places = [
            "x @ https://example.org/x.whl",
            "git+https://example.org/x",
            "https://example.org/x-1.0-py3-none-any.whl",
            "file:///etc/passwd",
            "./x",
            "../x-1.0.whl",
            "/srv/x",
            "C:\\x",
            "x@/srv/x",
        ];
        let others = [
            "",
            " ",
            "-r other.txt",
            "--index-url=x",
            "-e .",
            "x\n--index-url y",
            "x\0",
            "x y",
            "x>=1 --hash=sha256:00",
            "x==",
            "x=1",
            "x>=a.b",
            "x[",
            "x[a",
            "x===1",
            "$X",
            "x$Y",
            ".x",
            "x>=1;",
            "naïve",
            "x #y",
            "x>=1 \\",
        ];
        for text in places.into_iter().chain(others) {
            let error = Requirement::parse(text).unwrap_err();
            assert!(matches!(error, Error::Requirement { .. }), "{text:?}: {error}");
        }
        let error = Requirement::parse("x @ https://example.org/x.whl").unwrap_err();
        assert!(error.to_string().contains("https://example.org/x.whl"), "{error}");
    }
}
