use serde::Serialize;
use syft_sync::core::{AuditProblem, AuditReport, ContentHash, safe_text};

use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, count};

/// Whether the log is whole.
#[derive(Debug, Serialize)]
pub(crate) struct AuditVerified {
    ok: bool,
    entries: u64,
    head: ContentHash,
    problem: Option<AuditProblem>,
}

pub(crate) fn run(context: &Context) -> Result<AuditVerified, CliError> {
    let AuditReport { entries, head, problem } = context.open()?.verify_audit()?;
    Ok(AuditVerified { ok: problem.is_none(), entries, head, problem })
}

impl Report for AuditVerified {
    const VERB: &'static str = "audit-verify";

    fn write(&self, page: &mut Page) {
        let entries =
            count(usize::try_from(self.entries).unwrap_or(usize::MAX), "entry", "entries");
        match &self.problem {
            None => {
                page.title("The audit log is whole and unchanged.");
                page.fields([("entries", entries), ("head", self.head.to_string())]);
                page.line("  Note the head elsewhere: it tells this log from any other.");
            }
            Some(problem) => {
                page.warning(format!(
                    "The audit log was tampered with at line {}: {}",
                    problem.line,
                    safe_text(&problem.detail)
                ));
                page.line(format!("Up to there, {entries} hang together."));
            }
        }
    }

    fn exit(&self) -> Exit {
        if self.ok { Exit::Done } else { Exit::Integrity }
    }
}
