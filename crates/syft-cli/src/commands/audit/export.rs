use serde::Serialize;
use syft_sync::AuditExport;
use syft_sync::core::{AuditEntry, AuditProblem, AuditReport, ContentHash, safe_text};

use crate::args::AuditExportArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::new_file::NewFile;
use crate::output::{Page, Report};

/// The log, for whoever wants to check it elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct AuditExported {
    /// The lines as values; those bytes of which the chain is made are in the file.
    entries: Vec<AuditEntry>,
    /// The hash of the last line.
    head: ContentHash,
    /// What does not fit, if anything does not.
    problem: Option<AuditProblem>,
    file: Option<String>,
}

pub(crate) fn run(context: &Context, args: &AuditExportArgs) -> Result<Exit, CliError> {
    let manager = context.open()?;
    let file = args.output.as_ref().map(|path| context.path(path));
    let new = file.as_deref().map(NewFile::create).transpose()?;
    let AuditExport { lines, report } = manager.export_audit()?;
    let has_file = new.is_some();
    if let Some(new) = new {
        new.fill(&lines)?;
    }
    let AuditReport { head, problem, .. } = report;
    if has_file || context.screen().is_json() {
        let entries = AuditEntry::all(&lines);
        let file = file.map(|file| file.display().to_string());
        return Ok(context.screen().show(&AuditExported { entries, head, problem, file }));
    }
    if context.screen().raw(&lines)? {
        context.note(
            "characters that a terminal obeys are shown as what they are: with -o FILE \
                      the log is written byte for byte",
        );
    }
    Ok(match &problem {
        None => Exit::Done,
        Some(problem) => {
            context.note(&tampered(problem));
            Exit::Integrity
        }
    })
}

fn tampered(problem: &AuditProblem) -> String {
    let detail = safe_text(&problem.detail);
    format!("the audit log was tampered with at line {}: {detail}", problem.line)
}

impl Report for AuditExported {
    const VERB: &'static str = "audit-export";

    fn write(&self, page: &mut Page) {
        let entries = self.entries.len().to_string();
        let file = self.file.as_deref().map(safe_text).unwrap_or_default();
        page.title(format!("The audit log is in {file}."));
        page.fields([("entries", entries), ("head", self.head.to_string())]);
        match &self.problem {
            None => page.line(
                "  Each line holds the SHA-256 of the one before, the head is that of the last.",
            ),
            Some(problem) => page.warning(tampered(problem)),
        }
    }

    fn exit(&self) -> Exit {
        if self.problem.is_none() { Exit::Done } else { Exit::Integrity }
    }
}
