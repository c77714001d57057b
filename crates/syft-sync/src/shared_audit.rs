use std::sync::{Arc, Mutex, PoisonError};

use syft_core::{AuditLog, Disk, NewEntry, NodePaths};
use syft_job::AuditSink;

/// The audit log of a home, shared by all that acts on it. The file is opened
/// anew for each pass, since another process may have written meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct SharedAudit {
    disk: Arc<dyn Disk>,
    log: Arc<Mutex<Option<AuditLog>>>,
}

impl SharedAudit {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        SharedAudit { disk, log: Arc::default() }
    }

    pub(crate) fn open(&self) -> syft_core::Result<AuditLog> {
        AuditLog::open(self.disk.clone(), NodePaths::audit())
    }

    /// Forgets what was read, at the ends of a pass.
    pub(crate) fn reset(&self) {
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn append(&self, entry: NewEntry) -> syft_core::Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match log.as_mut() {
            Some(open) => open,
            None => log.insert(self.open()?),
        };
        open.append(entry)
    }
}

impl AuditSink for SharedAudit {
    fn record(&self, entry: NewEntry) -> syft_core::Result<()> {
        self.append(entry)
    }
}
