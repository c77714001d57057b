use std::fmt;
use std::str::FromStr;

use crate::{Error, HomePath, Result};

const SCHEME: &str = "syft://";

/// The address of something in a home: `syft://alice@example.org/public/x`
/// (`protocol.md` i.5). What follows the scheme is the path below the home, as it is,
/// with nothing escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SyftUrl {
    host: String,
    path: String,
}

impl SyftUrl {
    /// The address of what lies there.
    #[must_use]
    pub fn of(place: &HomePath) -> Self {
        let text = place.as_str();
        let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        SyftUrl { host: host.to_owned(), path: path.to_owned() }
    }

    /// Reads an address as the Python peer does: the host is an e-mail address with a
    /// dot in its domain, or a plain word.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |reason: &str| Error::invalid("syft:// address", text, reason);
        let rest =
            text.strip_prefix(SCHEME).ok_or_else(|| invalid("it must begin with syft://"))?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if !is_host(host) || path.contains('\n') {
            return Err(invalid("it must name a datasite after syft://"));
        }
        Ok(SyftUrl { host: host.to_owned(), path: path.to_owned() })
    }

    /// The datasite, or the word in its place.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What follows the host; empty, or it begins with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it lies below the home. Unlike the Python peer's, an address never leads
    /// out of its datasite (`threats.md` P1).
    ///
    /// # Errors
    /// [`Error::Invalid`] for a path that no file of a home can have.
    pub fn place(&self) -> Result<HomePath> {
        HomePath::parse(&format!("{}{}", self.host, self.path))
    }
}

fn is_host(host: &str) -> bool {
    match host.split_once('@') {
        Some((name, domain)) => {
            let domain = domain.split_once('.');
            is_of(name, b"_.+-") && domain.is_some_and(|(a, b)| is_of(a, b"-") && is_of(b, b"-."))
        }
        None => is_of(host, b"_.-"),
    }
}

/// Whether a text is made of letters, digits and these signs, and not empty.
fn is_of(text: &str, signs: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || signs.contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

impl fmt::Display for SyftUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}{}", self.host, self.path)
    }
}

impl FromStr for SyftUrl {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        SyftUrl::parse(text)
    }
}
