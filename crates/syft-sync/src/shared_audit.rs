use std::sync::{Arc, Mutex, PoisonError};

use syft_core::{AuditLog, Disk, NewEntry, NodePaths};
use syft_job::{AuditLine, AuditSink};

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
        self.with(|log| log.append(entry))
    }

    /// Does something with the log as it was opened in this pass.
    fn with<T>(
        &self,
        act: impl FnOnce(&mut AuditLog) -> syft_core::Result<T>,
    ) -> syft_core::Result<T> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match log.as_mut() {
            Some(open) => open,
            None => log.insert(self.open()?),
        };
        act(open)
    }
}

impl AuditSink for SharedAudit {
    fn record(&self, entry: NewEntry) -> syft_core::Result<()> {
        self.append(entry)
    }

    fn line_of(&self, key: &str) -> syft_core::Result<Option<AuditLine>> {
        self.with(|log| AuditLine::find(log, key))
    }
}
