use syft_core::{AuditEntry, AuditReport};

use super::SyftboxManager;
use crate::Result;
use crate::quarantine::Quarantine;
use crate::traffic::{Transfer, transfers};

/// An audit log that leaves its home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditExport {
    /// Its lines, byte for byte, for [`AuditReport::of`].
    pub lines: Vec<u8>,
    /// What there is to say of them here.
    pub report: AuditReport,
}

impl SyftboxManager {
    /// Everything that was decided, run, taken in and sent out, oldest first.
    ///
    /// # Errors
    /// The disk.
    pub fn audit_entries(&self) -> Result<Vec<AuditEntry>> {
        Ok(self.node.audit.open()?.entries()?)
    }

    /// Every object that this node put into the store or took from there, oldest
    /// first: what entered and what left, and why.
    ///
    /// # Errors
    /// The disk.
    pub fn traffic(&self) -> Result<Vec<Transfer>> {
        Ok(transfers(&self.audit_entries()?))
    }

    /// Whether the audit log is whole and unchanged.
    ///
    /// # Errors
    /// The disk.
    pub fn verify_audit(&self) -> Result<AuditReport> {
        self.node.verify_audit()
    }

    /// The audit log as it stands, to be kept or checked elsewhere.
    ///
    /// # Errors
    /// The disk.
    pub fn export_audit(&self) -> Result<AuditExport> {
        let lines = self.node.audit.open()?.raw()?;
        let AuditReport { entries, head, problem } = AuditReport::of(&lines);
        // What was taken from its end shows here alone.
        let problem = match problem {
            None => self.node.verify_audit()?.problem,
            problem => problem,
        };
        Ok(AuditExport { lines, report: AuditReport { entries, head, problem } })
    }

    /// The messages that were put away, to be looked at.
    #[must_use]
    pub fn quarantine(&self) -> Quarantine {
        Quarantine::new(self.node.disk.clone())
    }

    /// Drops a message that was put away, for good; the audit log keeps what it was.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound); the disk, the lock.
    pub fn drop_quarantined(&self, id: &str) -> Result<()> {
        let pass = self.node.pass()?;
        let quarantine = self.quarantine();
        let item = quarantine.get(id)?;
        let details = [
            ("from", item.from.as_str().into()),
            ("message", format!("{}/{}", item.channel, item.name).into()),
            ("code", item.code.as_str().into()),
        ];
        pass.note_with("quarantine.dropped", id, details)?;
        quarantine.drop(id)
    }
}
