use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use syft_core::{Access, Disk, HomePath, NodePaths, yaml};

use crate::Result;

/// The messages that tell peers to forget: they stay in the store when all else
/// goes. Written before they are sent, and the last record of a home to go, so
/// that a reset which is repeated does not take them away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) objects: BTreeSet<String>,
}

impl Kept {
    pub(crate) fn load(disk: &dyn Disk) -> Result<Kept> {
        match disk.read_if_there(&path()?, yaml::MAX_BYTES as u64)? {
            Some(bytes) => Ok(yaml::from_str(&String::from_utf8_lossy(&bytes))?),
            None => Ok(Kept::default()),
        }
    }

    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<()> {
        let text = yaml::to_string(self)?;
        Ok(disk.write(&path()?, text.as_bytes(), Access::OwnerOnly)?)
    }

    pub(crate) fn forget(disk: &dyn Disk) -> Result<()> {
        Ok(disk.remove_file(&path()?)?)
    }
}

/// The name of the record in the node's folder.
pub(super) const NAME: &str = "reset.yaml";

fn path() -> Result<HomePath> {
    Ok(NodePaths::root().join(NAME)?)
}
