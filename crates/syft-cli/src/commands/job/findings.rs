//! What was seen in outputs that may disclose private data, for their owner.

use syft_sync::core::{DatasitePath, safe_text};
use syft_sync::job::{Finding, JobId, JobSummary, Severity, kind_in_words};

use crate::output::{Page, count, quoted};

/// Said wherever outputs were looked at.
const NO_PROMISE: &str = "  No finding is no promise: look at what you release.";

/// What was seen in the outputs of a job, what could not be compared, and that this
/// promises nothing.
pub(in crate::commands) fn write(page: &mut Page, job: &JobSummary) {
    write_some(page, job.findings.iter(), &job.not_compared);
}

/// The same of some findings.
pub(in crate::commands) fn write_some<'f>(
    page: &mut Page,
    findings: impl Iterator<Item = &'f Finding>,
    not_compared: &[String],
) {
    let mut findings = findings.peekable();
    if findings.peek().is_some() {
        page.gap();
    }
    for finding in findings {
        let line = line(finding);
        match finding.severity {
            Severity::Finding => page.warning(line),
            Severity::Note => page.line(line),
        }
        page.sentence("    ", &finding.detail);
    }
    for sentence in not_compared {
        page.sentence("  ", sentence);
    }
    page.faint(NO_PROMISE);
}

/// Which outputs are held, and what releases each of them all the same.
pub(super) fn held(page: &mut Page, job: &JobSummary) {
    if job.held.is_empty() {
        return;
    }
    page.gap();
    let what = count(job.held.len(), "output is", "outputs are");
    page.line(format!("{what} held because of that. To release it all the same:"));
    job.held.iter().for_each(|path| page.command(&command(&job.id, path)));
}

fn line(finding: &Finding) -> String {
    let mut line = format!("  {}", safe_text(finding.file.as_str()));
    if let Some(place) = finding.place {
        line.push_str(&format!(", row {}", place.row));
        if let Some(column) = place.column {
            line.push_str(&format!(", column {column}"));
        }
    }
    if finding.severity == Severity::Note {
        line.push_str(": note");
    }
    line.push_str(&format!(": {}", kind_in_words(finding.kind)));
    if let Some(dataset) = &finding.dataset {
        line.push_str(&format!(", dataset {dataset}"));
    }
    line
}

fn command(id: &JobId, path: &DatasitePath) -> String {
    format!("syft job release {id} --file {}", quoted(path.as_str()))
}
