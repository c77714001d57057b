use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::{Error, Result};

/// What stands in an address as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');
/// In the value of an option also what an address within the address is made of.
const PLAIN_VALUE: &AsciiSet = &PLAIN.remove(b'/').remove(b':');

/// Where in a store the keys begin: the names of folders from its root, without `.` and `..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Prefix(Vec<String>);

impl Prefix {
    /// Reads the path of an address, percent-encoded.
    fn parse(path: &str) -> Result<Self> {
        let mut names = Vec::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let name = percent_decode_str(part)
                .decode_utf8()
                .map_err(|_| reject("its path is not UTF-8"))?;
            if name == "." || name == ".." {
                return Err(reject("its path must not hold . or .."));
            }
            if name.contains('/') || name.chars().any(char::is_control) {
                return Err(reject("a name in its path holds a slash or a control character"));
            }
            names.push(name.into_owned());
        }
        Ok(Prefix(names))
    }

    /// The names of the folders, from the root of the store.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// A key below the prefix, without a slash in front.
    #[must_use]
    pub fn key(&self, below: &str) -> String {
        let names = self.0.iter().map(String::as_str);
        names.chain(std::iter::once(below)).collect::<Vec<_>>().join("/")
    }
}

/// As it is: `a/b`, and nothing for the root.
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// The parts of an address, of which each kind of store takes what it has a meaning for.
pub(super) struct Parts {
    pub(super) scheme: String,
    pub(super) user: Option<String>,
    /// In the form of the address; empty where it names none.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) prefix: Prefix,
    options: BTreeMap<String, String>,
}

impl Parts {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let url = Url::parse(text).map_err(|error| reject(error.to_string()))?;
        if url.password().is_some() {
            return Err(reject(
                "it must not hold a password: an address is shown, kept and backed up",
            ));
        }
        // The parser takes `..` out of a path; whoever types one means another place.
        let typed = text.split(['?', '#']).next().unwrap_or_default();
        if typed.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(reject("its path must not hold . or .."));
        }
        if url.fragment().is_some() {
            return Err(reject("it must end before the #"));
        }
        let mut options = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            if options.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(reject(format!("it gives {name:?} twice")));
            }
        }
        let user = percent_decode_str(url.username()).decode_utf8();
        let user = user.map_err(|_| reject("its user is not UTF-8"))?;
        Ok(Parts {
            scheme: url.scheme().to_owned(),
            user: (!user.is_empty()).then(|| user.into_owned()),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port(),
            prefix: Prefix::parse(url.path())?,
            options,
        })
    }

    /// The value of an option, which must not be empty.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<String>> {
        match self.options.remove(name) {
            Some(value) if value.is_empty() || value.chars().any(char::is_control) => {
                Err(reject(format!("its {name} is empty, or holds a control character")))
            }
            value => Ok(value),
        }
    }

    /// One of a few words for an option; the first if it is not given.
    pub(super) fn take_word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<T> {
        let typed = self.take(name)?;
        let found = match &typed {
            None => words.first(),
            Some(typed) => words.iter().find(|(word, _)| word == typed),
        };
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            reject(format!("its {name} is one of: {}", known.join(", ")))
        })
    }

    /// The endpoint of a service, if it is another one than the usual.
    pub(super) fn take_endpoint(&mut self) -> Result<Option<Url>> {
        let typed = self.take("endpoint")?;
        let endpoint = typed.map(|typed| crate::endpoint::parse(&typed, "the endpoint"));
        let endpoint = endpoint.transpose()?;
        if endpoint.as_ref().is_some_and(|url| url.query().is_some() || url.fragment().is_some()) {
            return Err(reject("its endpoint must end with the path"));
        }
        Ok(endpoint)
    }

    /// The file of an authority that vouches for servers.
    pub(super) fn take_ca(&mut self) -> Result<Option<PathBuf>> {
        let typed = self.take("ca")?.map(PathBuf::from);
        match typed {
            Some(file) if file.is_relative() => {
                Err(reject("its ca is the absolute path of a file"))
            }
            typed => Ok(typed),
        }
    }

    /// Refuses what no kind of store has asked for.
    pub(super) fn finish(self, known: &[&str]) -> Result<()> {
        if let Some(name) = self.options.keys().next() {
            let known = match known {
                [] => "there are none".to_owned(),
                known => format!("there are {}", known.join(", ")),
            };
            let scheme = &self.scheme;
            return Err(reject(format!("{scheme}: has no option {name:?}; {known}")));
        }
        Ok(())
    }

    /// Refuses a user and a port, and gives the name that stands in the place of a host.
    pub(super) fn bucket(&self, what: &str) -> Result<String> {
        if self.user.is_some() || self.port.is_some() {
            return Err(reject(format!("it begins with {}://{what}/", self.scheme)));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if self.host.is_empty() || !self.host.bytes().all(allowed) {
            return Err(reject(format!("it names no {what}: {}://{what}/folder", self.scheme)));
        }
        Ok(self.host.clone())
    }

    /// The host, which is a name or an address.
    pub(super) fn host(&self) -> Result<String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
        if self.host.is_empty() || self.host.starts_with('-') || !self.host.bytes().all(allowed) {
            return Err(reject(format!("it names no host: {}://host/folder", self.scheme)));
        }
        Ok(self.host.to_ascii_lowercase())
    }
}

/// An address as it is written.
pub(super) struct Written<'a> {
    scheme: &'static str,
    authority: String,
    prefix: &'a Prefix,
    options: Vec<(&'static str, String)>,
}

impl<'a> Written<'a> {
    pub(super) fn new(scheme: &'static str, prefix: &'a Prefix) -> Self {
        Written { scheme, authority: String::new(), prefix, options: Vec::new() }
    }

    pub(super) fn at(mut self, authority: impl Into<String>) -> Self {
        self.authority = authority.into();
        self
    }

    /// An option, if it is given.
    pub(super) fn option(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.options.extend(value.map(|value| (name, value.to_string())));
        self
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)?;
        if self.authority.is_empty() && self.prefix.names().is_empty() {
            f.write_str("/")?;
        }
        for name in self.prefix.names() {
            write!(f, "/{}", utf8_percent_encode(name, PLAIN))?;
        }
        for (i, (name, value)) in self.options.iter().enumerate() {
            let mark = if i == 0 { '?' } else { '&' };
            write!(f, "{mark}{name}={}", utf8_percent_encode(value, PLAIN_VALUE))?;
        }
        Ok(())
    }
}

/// A user in front of a host.
pub(super) fn with_user(user: Option<&str>, host: &str, port: Option<u16>) -> String {
    let user = user.map(|user| format!("{}@", utf8_percent_encode(user, NON_ALPHANUMERIC)));
    let port = port.map(|port| format!(":{port}"));
    format!("{}{host}{}", user.unwrap_or_default(), port.unwrap_or_default())
}

pub(super) fn reject(detail: impl Into<String>) -> Error {
    Error::permanent("use", "the address of the store", detail)
}
