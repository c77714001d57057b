use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use syft_core::{Access, Disk, Email, LayoutKind, NodePaths, yaml};
use syft_job::PackageSource;
use syft_transport::Info;

use crate::connect::NO_STORE;
use crate::manager::owner_of_python_box;
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

/// What is sealed of that which an identity sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encrypt {
    /// All that goes to a peer that seals, too, and what is mine alone. With such a peer
    /// nothing goes in the open any more, whatever it says later (`threats.md` F17).
    #[default]
    Auto,
    /// The same; with others nothing is exchanged at all.
    On,
    /// Nothing: whoever can read the store can read all, and peers with whom I sealed
    /// before take nothing more.
    Off,
}

impl Encrypt {
    /// What it comes to with a store: where nothing may go in the open, all is sealed.
    ///
    /// # Errors
    /// [`Error::MustSeal`] if nothing is to be sealed there.
    pub fn with(self, store: &Info) -> Result<Encrypt> {
        match self {
            Encrypt::Off if store.must_seal => Err(Error::MustSeal { store: store.name.clone() }),
            Encrypt::Auto if store.must_seal => Ok(Encrypt::On),
            said => Ok(said),
        }
    }

    /// Whether anything is sealed.
    #[must_use]
    pub fn seals(self) -> bool {
        self != Encrypt::Off
    }
}

impl fmt::Display for Encrypt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encrypt::Auto => "auto",
            Encrypt::On => "on",
            Encrypt::Off => "off",
        })
    }
}

impl FromStr for Encrypt {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "auto" => Ok(Encrypt::Auto),
            "on" => Ok(Encrypt::On),
            "off" => Ok(Encrypt::Off),
            _ => Err(Error::Config(format!("{word:?} is none of auto, on and off"))),
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
    /// The store in which my datasets are, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The stores in which they were before, until they are taken away there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_left: Vec<String>,
    /// The layout of the datasite.
    #[serde(default)]
    pub layout: LayoutKind,
    /// Whether copies of my event log are kept in `.syft/cache/events/`.
    #[serde(default)]
    pub event_cache: bool,
    /// What is sealed.
    #[serde(default)]
    pub encrypt: Encrypt,
    /// Where the packages of jobs come from.
    #[serde(default)]
    pub packages: PackageSource,
    /// The layout from which the datasite is being moved into this one, if that is
    /// not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converting_from: Option<LayoutKind>,
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

    /// As [`NodeConfig::load`]; a home of the Python peer that nobody logged in to is
    /// one without a store: all that is in it can be looked at.
    ///
    /// # Errors
    /// As there.
    pub fn find(disk: &dyn Disk) -> Result<Option<NodeConfig>> {
        if let Some(known) = NodeConfig::load(disk)? {
            return Ok(Some(known));
        }
        let found = owner_of_python_box(disk)?;
        Ok(found.map(|email| NodeConfig {
            email,
            role: Role::Both,
            transport: NO_STORE.to_owned(),
            data: None,
            data_left: Vec::new(),
            layout: LayoutKind::Pysyft,
            event_cache: false,
            encrypt: Encrypt::default(),
            packages: PackageSource::default(),
            converting_from: None,
        }))
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
