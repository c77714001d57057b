use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

/// How a node gets the packages of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageOptions {
    /// Where from.
    pub source: PackageSource,
    /// Another index than the usual one of the installer; asked by name only.
    pub index: Option<Url>,
    /// Where `uv` is, if it is to install; without it `/usr/bin/python3 -m pip` does.
    /// An absolute path that no other user can write.
    pub uv: Option<PathBuf>,
}

/// Where the packages of jobs come from: their owner says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PackageSource {
    /// A package index, over the network.
    #[default]
    Index,
    /// Nowhere: a job that needs packages does not run.
    None,
    /// A folder of wheels on this machine, and no network.
    Folder(PathBuf),
}

/// What is no source of packages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither \"index\" nor \"none\" nor the absolute path of a folder")]
pub struct UnknownSource(String);

impl FromStr for PackageSource {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        match text {
            "index" => Ok(PackageSource::Index),
            "none" => Ok(PackageSource::None),
            path if path.starts_with('/') && !path.chars().any(char::is_control) => {
                Ok(PackageSource::Folder(path.into()))
            }
            other => Err(UnknownSource(other.to_owned())),
        }
    }
}

impl fmt::Display for PackageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackageSource::Index => f.write_str("index"),
            PackageSource::None => f.write_str("none"),
            PackageSource::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

impl TryFrom<String> for PackageSource {
    type Error = UnknownSource;

    fn try_from(text: String) -> Result<Self, UnknownSource> {
        text.parse()
    }
}

impl From<PackageSource> for String {
    fn from(source: PackageSource) -> String {
        source.to_string()
    }
}
