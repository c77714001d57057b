//! The Python modules by which a script finds its datasets with nothing installed.

use std::path::PathBuf;

use syft_core::{Access, HomePath, NodePaths};

use crate::{JobStore, Result};

const MODULES: [(&str, &str); 3] = [
    ("_syft_datasets.py", include_str!("../python/_syft_datasets.py")),
    ("syft/__init__.py", include_str!("../python/syft/__init__.py")),
    ("syft_client/__init__.py", include_str!("../python/syft_client/__init__.py")),
];

impl JobStore {
    /// Writes `syft_client` and `syft`, as a Python job finds them, into this
    /// node's own state and returns the folder: for `PYTHONPATH` of a script that
    /// its author runs on the mock outside of a job.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn python_modules(&self) -> Result<PathBuf> {
        let folder = NodePaths::root().join("python")?;
        self.write_shim(&folder)?;
        Ok(self.disk.real_path(&folder))
    }

    pub(crate) fn write_shim(&self, folder: &HomePath) -> Result<()> {
        for (path, text) in MODULES {
            self.write_if_other(&folder.join(path)?, text.as_bytes(), Access::OwnerOnly)?;
        }
        Ok(())
    }
}
