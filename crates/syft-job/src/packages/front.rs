//! `uv` and `pip` as a job finds them: they install nothing, and say whether what
//! is asked for is there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use syft_core::{Access, HomePath};

use super::{PackageLock, PackageNeeds};
use crate::store::to_json;
use crate::{Error, JobStore, Result};

const MODULES: [(&str, &str); 3] = [
    ("_syft_installers.py", include_str!("../../python/front/_syft_installers.py")),
    ("pip/__init__.py", include_str!("../../python/front/pip/__init__.py")),
    ("pip/__main__.py", include_str!("../../python/front/pip/__main__.py")),
];
/// Each is started by its name and finds the modules in the folder above its own.
const PROGRAMS: [&str; 3] = ["uv", "pip", "pip3"];
const PROGRAM: &str = include_str!("../../python/front/program.py");
/// What the modules know.
const LIST: &str = "_syft_packages.json";

/// What stands there for a job.
#[derive(Debug, Serialize)]
pub(crate) struct Front<'a> {
    /// Names, and a place, that need no package.
    provided: &'a [String],
    /// As they were approved.
    requirements: Vec<String>,
    /// Versions by name.
    packages: BTreeMap<&'a str, &'a str>,
}

impl<'a> Front<'a> {
    pub(crate) fn new(needs: &'a PackageNeeds, lock: Option<&'a PackageLock>) -> Self {
        let packages = lock.map(PackageLock::packages).unwrap_or_default();
        let packages = packages.iter().map(|it| (it.name(), it.version())).collect();
        Front { provided: needs.provided(), requirements: needs.names(), packages }
    }
}

impl JobStore {
    /// Writes the installers that install nothing below a folder of one run, and
    /// returns the folder of the programs.
    pub(crate) fn write_front(&self, folder: &HomePath, front: &Front<'_>) -> Result<PathBuf> {
        for (path, text) in MODULES {
            self.disk.write(&folder.join(path)?, text.as_bytes(), Access::OwnerOnly)?;
        }
        self.disk.write(&folder.join(LIST)?, &to_json(front)?, Access::OwnerOnly)?;
        let programs = folder.join("bin")?;
        for name in PROGRAMS {
            let path = programs.join(name)?;
            self.disk.write(&path, PROGRAM.as_bytes(), Access::OwnerOnly)?;
            let path = self.disk.real_path(&path);
            make_startable(&path)
                .map_err(|error| Error::Box(format!("{}: {error}", path.display())))?;
        }
        Ok(self.disk.real_path(&programs))
    }
}

#[cfg(unix)]
fn make_startable(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_startable(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}
