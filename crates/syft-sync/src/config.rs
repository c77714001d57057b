use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use syft_core::{Access, Disk, Email, NodePaths, yaml};

use crate::{Error, Result};

/// What an identity does. Most people do both; a role only narrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Keeps data, reviews and runs jobs.
    Owner,
    /// Sends jobs to others.
    Scientist,
    /// Both.
    #[default]
    Both,
}

impl Role {
    /// Whether this identity acts as a data owner.
    #[must_use]
    pub fn is_owner(self) -> bool {
        self != Role::Scientist
    }

    /// Whether this identity acts as a data scientist.
    #[must_use]
    pub fn is_scientist(self) -> bool {
        self != Role::Owner
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Owner => "owner",
            Role::Scientist => "scientist",
            Role::Both => "both",
        })
    }
}

impl FromStr for Role {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "owner" => Ok(Role::Owner),
            "scientist" => Ok(Role::Scientist),
            "both" => Ok(Role::Both),
            _ => Err(Error::Config(format!("{word:?} is no role: owner, scientist or both"))),
        }
    }
}

/// What a login leaves in `.syft/config.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeConfig {
    /// Whose home it is.
    pub email: Email,
    /// What this identity does.
    #[serde(default)]
    pub role: Role,
    /// The store, as `file:///mnt/shared`.
    pub transport: String,
    /// The layout of the datasite.
    pub layout: String,
    /// Whether copies of my event log are kept in `.syft/cache/events/`.
    #[serde(default)]
    pub event_cache: bool,
}

impl NodeConfig {
    /// Reads the configuration of a home; `None` if nobody is logged in there.
    ///
    /// # Errors
    /// The disk; a damaged file.
    pub fn load(disk: &dyn Disk) -> Result<Option<NodeConfig>> {
        let limit = yaml::MAX_BYTES as u64;
        let Some(bytes) = disk.read_if_there(&NodePaths::config(), limit)? else {
            return Ok(None);
        };
        Ok(Some(yaml::from_str(&String::from_utf8_lossy(&bytes))?))
    }

    /// Writes it.
    ///
    /// # Errors
    /// The disk.
    pub fn save(&self, disk: &dyn Disk) -> Result<()> {
        let text = yaml::to_string(self)?;
        Ok(disk.write(&NodePaths::config(), text.as_bytes(), Access::OwnerOnly)?)
    }
}
