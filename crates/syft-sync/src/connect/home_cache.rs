use std::sync::Arc;

use serde::{Deserialize, Serialize};
use syft_core::{Access, Disk, Email, HomePath, NodePaths};
use syft_transport::Cache;

/// Largest file that is taken, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// What is known of a store, in the home's cache: a line that says of which, and what is
/// kept.
#[derive(Debug)]
pub(super) struct HomeCache {
    disk: Arc<dyn Disk>,
    path: HomePath,
    of: Of,
}

/// The store that something is known of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Of {
    pub(super) account: Email,
    pub(super) api: String,
}

impl HomeCache {
    pub(super) fn new(disk: Arc<dyn Disk>, name: &str, of: Of) -> syft_core::Result<Self> {
        Ok(HomeCache { disk, path: NodePaths::cache().join(name)?, of })
    }
}

impl Cache for HomeCache {
    fn load(&self) -> Option<Vec<u8>> {
        let mut bytes = self.disk.read_if_there(&self.path, MAX_BYTES).ok()??;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let of: Of = serde_json::from_slice(bytes.get(..end)?).ok()?;
        bytes.drain(..=end);
        (of == self.of).then_some(bytes)
    }

    fn save(&self, bytes: &[u8]) {
        let Ok(mut all) = serde_json::to_vec(&self.of) else { return };
        all.push(b'\n');
        all.extend_from_slice(bytes);
        // A store is let go after a reset has taken the home away.
        if !matches!(self.disk.metadata(&NodePaths::root()), Ok(Some(_))) {
            return;
        }
        // Where it cannot be kept, it is found out again.
        if self.disk.create_dir_all(&NodePaths::cache(), Access::OwnerOnly).is_ok() {
            let _ = self.disk.write(&self.path, &all, Access::OwnerOnly);
        }
    }
}

#[cfg(test)]
mod tests {
    use syft_core::DirDisk;

    use super::*;

    fn of(account: &str, api: &str) -> Of {
        Of { account: Email::parse(account).unwrap(), api: api.to_owned() }
    }

    #[test]
    fn what_is_known_of_one_store_is_not_told_of_another() {
        let home = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(DirDisk::open(home.path()).unwrap());
        disk.create_dir_all(&NodePaths::root(), Access::OwnerOnly).unwrap();
        let cache = |of| HomeCache::new(disk.clone(), "x.json", of).unwrap();
        let mine = of("alice@example.org", "https://a/");
        assert_eq!(cache(mine.clone()).load(), None);
        cache(mine.clone()).save(b"{}\n{}");
        assert_eq!(cache(mine).load().unwrap(), b"{}\n{}");
        for other in [of("bob@example.org", "https://a/"), of("alice@example.org", "https://b/")] {
            assert_eq!(cache(other).load(), None);
        }
    }

    #[test]
    fn nothing_is_kept_in_a_home_that_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(DirDisk::open(home.path()).unwrap());
        HomeCache::new(disk, "x.json", of("a@example.org", "https://a/")).unwrap().save(b"{}");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
