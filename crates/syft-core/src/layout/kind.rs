use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Layout, NativeLayout, PysyftLayout};
use crate::{Disk, Email, Error, HomePath};

/// Which shape a datasite has.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum LayoutKind {
    /// [`NativeLayout`].
    #[default]
    Native,
    /// [`PysyftLayout`].
    Pysyft,
}

impl LayoutKind {
    /// All of them.
    pub const ALL: [LayoutKind; 2] = [LayoutKind::Native, LayoutKind::Pysyft];

    /// The word that is written and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LayoutKind::Native => "native",
            LayoutKind::Pysyft => "pysyft",
        }
    }

    /// The layout of a datasite that stands on this disk; `None` if nothing there is
    /// of one layout alone.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn found(disk: &dyn Disk, datasite: &Email) -> Result<Option<Self>, Error> {
        for kind in [LayoutKind::Pysyft, LayoutKind::Native] {
            let layout = kind.layout();
            for folder in [layout.jobs(), layout.mocks()] {
                if disk.metadata(&HomePath::in_datasite(datasite, &folder))?.is_some() {
                    return Ok(Some(kind));
                }
            }
        }
        Ok(None)
    }

    /// The layout itself.
    #[must_use]
    pub fn layout(self) -> &'static dyn Layout {
        match self {
            LayoutKind::Native => &NativeLayout,
            LayoutKind::Pysyft => &PysyftLayout,
        }
    }
}

impl fmt::Display for LayoutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LayoutKind {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self, Error> {
        let found = LayoutKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| Error::invalid("layout", word, "there are native and pysyft"))
    }
}
