use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::safe_text::is_suspicious;
use crate::{Email, Error, Result};

/// The name of a permission file at any depth; whoever touches one needs admin.
const PERMISSION_FILE: &str = "syft.pub.yaml";

/// A path below a datasite: relative, `/` between components, in one spelling
/// only (`threats.md` P1 to P9). What would have to be repaired is refused.
///
/// A component has at most 200 bytes, the path 1,024 bytes and 24 components.
///
/// A clone costs nothing: a datasite has many paths, which stand in many places.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct DatasitePath(Arc<str>);

impl DatasitePath {
    /// Longest path in bytes.
    pub const MAX_BYTES: usize = 1_024;
    /// Longest component in bytes.
    pub const MAX_COMPONENT_BYTES: usize = 200;
    /// Most components.
    pub const MAX_COMPONENTS: usize = 24;

    /// Reads a path.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names the broken rule.
    pub fn parse(text: &str) -> Result<Self> {
        Self::check(text).map(|()| DatasitePath(text.into()))
    }

    fn check(text: &str) -> Result<()> {
        let invalid = |reason: &str| Err(Error::invalid("path", text, reason));
        if text.is_empty() {
            return invalid("it is empty");
        }
        if text.len() > Self::MAX_BYTES {
            return invalid("it is longer than 1,024 bytes");
        }
        if text.split('/').count() > Self::MAX_COMPONENTS {
            return invalid("it has more than 24 components");
        }
        text.split('/').find_map(component_problem).map_or(Ok(()), invalid)
    }

    /// A path whose parts are parsed already.
    pub(crate) fn trusted(text: String) -> Self {
        DatasitePath(text.into())
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components, outermost first; never empty.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The folder that holds this path; `None` directly below the datasite.
    #[must_use]
    pub fn parent(&self) -> Option<DatasitePath> {
        self.0.rsplit_once('/').map(|(parent, _)| DatasitePath(parent.into()))
    }

    /// This path with more components behind it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the result is no datasite path.
    pub fn join(&self, rest: &str) -> Result<DatasitePath> {
        DatasitePath::parse(&format!("{}/{rest}", self.0))
    }

    /// The path of something directly below `folder`, or below the datasite itself:
    /// [`parse`](Self::parse) where the folder is parsed already.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn below(folder: Option<&DatasitePath>, name: &str) -> Result<DatasitePath> {
        let Some(folder) = folder else { return DatasitePath::parse(name) };
        let text = format!("{folder}/{name}");
        let is_short = text.len() <= Self::MAX_BYTES;
        if is_short && is_plain(name) && folder.components().count() < Self::MAX_COMPONENTS {
            return Ok(DatasitePath(text.into()));
        }
        DatasitePath::parse(&text)
    }

    /// Whether this path is `folder` or lies below it.
    #[must_use]
    pub fn is_within(&self, folder: &DatasitePath) -> bool {
        self.strip_prefix(folder).is_some() || self == folder
    }

    /// What follows `folder/`; `None` if this path does not lie below it.
    #[must_use]
    pub fn strip_prefix(&self, folder: &DatasitePath) -> Option<&str> {
        self.0.strip_prefix(folder.as_str())?.strip_prefix('/')
    }

    /// Whether this is a permission file, `syft.pub.yaml` at any depth.
    #[must_use]
    pub fn is_permission_file(&self) -> bool {
        self.file_name() == PERMISSION_FILE
    }

    /// Two paths with the same key are one file on some file system: the key is
    /// folded as case-blind and normalising file systems fold.
    #[must_use]
    pub fn fold_key(&self) -> String {
        self.components().map(fold).collect::<Vec<_>>().join("/")
    }
}

fn component_problem(component: &str) -> Option<&'static str> {
    if is_plain(component) { None } else { broken_rule(component) }
}

fn broken_rule(component: &str) -> Option<&'static str> {
    if component.is_empty() {
        return Some("it starts, ends or continues with an empty component");
    }
    if component == "." || component == ".." {
        return Some("`.` and `..` are not allowed in it");
    }
    if component.len() > DatasitePath::MAX_COMPONENT_BYTES {
        return Some("a component is longer than 200 bytes");
    }
    if component.chars().any(|c| is_suspicious(c) || c == '\t') {
        return Some("it holds control, invisible or direction characters");
    }
    if component.contains(['\\', ':']) {
        return Some("it holds a backslash or a colon");
    }
    if component.starts_with([' ', '-']) || component.ends_with([' ', '.']) {
        return Some("a component starts with a blank or dash, or ends in a blank or dot");
    }
    if !component.is_ascii() && !is_nfc(component) {
        return Some("it is not in Unicode normal form C");
    }
    if is_short_name(component) {
        return Some("it has the form of a short (8.3) name");
    }
    let folded = fold(component);
    if folded.is_empty() || folded.contains('/') {
        return Some("a component looks like a dot or a slash, or like nothing");
    }
    if is_windows_device(&folded) {
        return Some("it is a device name on Windows");
    }
    if is_reserved(&folded) && folded != component {
        return Some("it is another spelling of a reserved name");
    }
    None
}

/// Whether a component breaks none of the rules at first sight: of nearly all names,
/// and names are read all the time. A `false` says nothing.
fn is_plain(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or(component);
    // No device of Windows has such a stem, nor has a short or a reserved name.
    let is_long = stem.len() > "conout$".len();
    is_long
        && component.len() <= DatasitePath::MAX_COMPONENT_BYTES
        && component.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !component.starts_with('-')
        && !component.ends_with('.')
}

fn fold(component: &str) -> String {
    if component.is_ascii() {
        // Its own normal form: nearly all names, and nearly all the time.
        let visible = component.chars().filter(|c| !is_suspicious(*c));
        let lower: String = visible.map(|c| c.to_ascii_lowercase()).collect();
        return trimmed(&lower).to_owned();
    }
    let visible = component.nfkc().filter(|c| !is_suspicious(*c));
    let lower: String = visible.flat_map(char::to_lowercase).collect();
    let same: String = lower.replace('ß', "ss").replace('ς', "σ").nfkc().collect();
    trimmed(&same).to_owned()
}

fn trimmed(folded: &str) -> &str {
    folded.trim_end_matches(['.', ' ']).trim_start_matches(' ')
}

fn is_reserved(folded: &str) -> bool {
    matches!(folded, PERMISSION_FILE | ".syft" | ".git")
}

fn is_windows_device(folded: &str) -> bool {
    let stem = folded.split('.').next().unwrap_or(folded).trim_end();
    matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || ["com", "lpt"].iter().any(|device| {
            stem.strip_prefix(device)
                .is_some_and(|port| port.len() == 1 && port.bytes().all(|b| b.is_ascii_digit()))
        })
}

/// `SYFTPU~1.YAM`: what FAT and NTFS also call a long name.
fn is_short_name(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or(component);
    stem.len() <= 8
        && stem.rsplit_once('~').is_some_and(|(_, number)| {
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        })
}

impl fmt::Display for DatasitePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DatasitePath {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        DatasitePath::parse(text)
    }
}

impl TryFrom<String> for DatasitePath {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        DatasitePath::check(&text).map(|()| DatasitePath(text.into()))
    }
}

impl From<DatasitePath> for String {
    fn from(path: DatasitePath) -> String {
        path.as_str().to_owned()
    }
}

impl Serialize for DatasitePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A path below the home: a datasite, something in one, or this node's own
/// state in `.syft`. It is relative and never leads upwards; apart from that it
/// may hold any name that a local disk may hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HomePath(String);

impl HomePath {
    /// Reads a path; the empty text is the home itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an absolute path, an empty component, `.`, `..` or NUL.
    pub fn parse(text: &str) -> Result<Self> {
        let bad =
            |component: &str| matches!(component, "" | "." | "..") || component.contains('\0');
        if !text.is_empty() && text.split('/').any(bad) {
            return Err(Error::invalid("path", text, "it must be relative and lead downwards"));
        }
        Ok(HomePath(text.to_owned()))
    }

    /// A path whose parts are parsed already.
    pub(crate) fn trusted(text: String) -> Self {
        HomePath(text)
    }

    /// The home itself.
    #[must_use]
    pub fn home() -> Self {
        HomePath(String::new())
    }

    /// The datasite folder of a participant.
    #[must_use]
    pub fn datasite(owner: &Email) -> Self {
        HomePath(owner.to_string())
    }

    /// A path of a datasite.
    #[must_use]
    pub fn in_datasite(owner: &Email, path: &DatasitePath) -> Self {
        HomePath(format!("{owner}/{path}"))
    }

    /// This path with more components behind it.
    ///
    /// # Errors
    /// As [`HomePath::parse`].
    pub fn join(&self, rest: &str) -> Result<Self> {
        if self.0.is_empty() {
            HomePath::parse(rest)
        } else {
            HomePath::parse(&format!("{}/{rest}", self.0))
        }
    }

    /// The folder that holds this path; `None` for the home itself.
    #[must_use]
    pub fn parent(&self) -> Option<HomePath> {
        if self.0.is_empty() {
            return None;
        }
        Some(HomePath(
            self.0.rsplit_once('/').map_or(String::new(), |(parent, _)| parent.to_owned()),
        ))
    }

    /// The last component; empty for the home itself.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The path as text, `/` between components.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components, outermost first; none for the home itself.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|component| !component.is_empty())
    }
}

impl fmt::Display for HomePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl TryFrom<String> for HomePath {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        HomePath::parse(&text)
    }
}

impl From<HomePath> for String {
    fn from(path: HomePath) -> String {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_plain_at_first_sight_breaks_no_rule(name in "[a-zA-Z0-9_.~$ -]{0,24}") {
            if is_plain(&name) {
                prop_assert_eq!(broken_rule(&name), None);
            }
        }

        #[test]
        fn a_path_below_a_folder_is_the_whole_path(
            folder in proptest::option::of("[a-zA-Z./]{0,12}"), name in "[a-zA-Z0-9_.~$ -]{0,16}",
        ) {
            let folder = folder.and_then(|folder| DatasitePath::parse(&folder).ok());
            let whole = folder.iter().map(DatasitePath::as_str).chain([name.as_str()]);
            let whole = whole.collect::<Vec<_>>().join("/");
            let below = DatasitePath::below(folder.as_ref(), &name).ok();
            prop_assert_eq!(below, DatasitePath::parse(&whole).ok());
        }
    }
}
