use syft_sync::core::{Email, safe_text};
use syft_sync::job::policy::RuleName;
use syft_sync::job::sandbox::IsolationLevel;
use syft_sync::job::{Attempt, ErrorSummary, JobOutput, JobSummary};
use syft_sync::{HeldBack, WaitingFor};

use super::{findings, safe_lines};
use crate::commands::dataset::bytes;
use crate::output::{Page, Table, count};

/// What there is to say of any job, and who must act next.
pub(super) fn write(page: &mut Page, me: &Email, job: &JobSummary) {
    page.title(format!("Job {}  {}", job.id, job.name));
    let datasets: Vec<&str> = job.datasets.iter().map(|name| name.as_str()).collect();
    page.fields([
        ("from", job.submitter.to_string()),
        ("to", job.owner.to_string()),
        ("state", job.status.to_string()),
        ("in PySyft", in_pysyft(job)),
        ("by rule", job.rules.iter().map(RuleName::as_str).collect::<Vec<_>>().join(", ")),
        ("reason", job.reason.clone().unwrap_or_default()),
        ("what for", job.description.clone().unwrap_or_default()),
        ("reads", datasets.join(", ")),
        ("packages", job.dependencies.join(", ")),
        ("digest", job.digest.map(|digest| digest.to_string()).unwrap_or_default()),
        ("rehearsed", job.rehearsal.as_ref().map(|it| it.in_words.clone()).unwrap_or_default()),
        ("submitted", job.submitted_at.clone().unwrap_or_default()),
        ("decided", job.decided_at.clone().unwrap_or_default()),
        ("box", job.isolation.map(|level| level.to_string()).unwrap_or_default()),
        ("exit code", job.exit_code.map(|code| code.to_string()).unwrap_or_default()),
        // The owner sees what the other side was told.
        (if job.owner == *me && !job.failure_kept { "told of it" } else { "error" }, failure(job)),
    ]);
    comment(page, job);
    outputs_table(page, &job.outputs);
    if job.owner == *me && !job.outputs.is_empty() {
        findings::write(page, job);
        findings::held(page, job);
    }
    if let Some(next) = &job.waiting_for {
        waiting(page, me, next);
    }
}

/// How PySyft left a job; a decision of that time is no decision here.
fn in_pysyft(job: &JobSummary) -> String {
    let Some(state) = job.pysyft_state else { return String::new() };
    match state.status() == job.status {
        true => state.as_str().to_owned(),
        false => format!("{}, which decides nothing here", state.as_str()),
    }
}

/// Why a job failed, as far as it may be told, besides the exit code.
pub(in crate::commands) fn failure(job: &JobSummary) -> String {
    job.failure.as_ref().map(ErrorSummary::details).unwrap_or_default()
}

/// What the owner said about the latest run, each line behind a mark.
pub(in crate::commands) fn comment(page: &mut Page, job: &JobSummary) {
    let Some(comment) = &job.comment else { return };
    page.gap();
    page.line(format!("  {} says:", job.owner));
    safe_lines(comment).for_each(|line| page.line(format!("  ┆ {line}")));
}

/// What was released and does not reach the submitter all the same.
pub(super) fn held_back(page: &mut Page, job: &JobSummary, held_back: &[HeldBack]) {
    for held in held_back {
        page.warning(format!("  not sent: {}", safe_text(&held.to_string())));
    }
    if !held_back.is_empty() {
        page.line(format!(
            "  A sync sends it as soon as your rules let {} read it.",
            job.submitter
        ));
    }
}

/// The runs of a job, if there is more than the one that is shown anyway.
pub(super) fn attempts(page: &mut Page, attempts: &[Attempt]) {
    if attempts.len() < 2 {
        return;
    }
    page.gap();
    let mut table = Table::new(["RUN", "STATE", "STARTED", "EXIT CODE", "RELEASED"]);
    for attempt in attempts {
        let files = count(attempt.released, "file", "files");
        let released = match (attempt.released, attempt.logs_released) {
            (0, false) => "nothing".to_owned(),
            (0, true) => "logs".to_owned(),
            (_, false) => files,
            (_, true) => format!("{files}, logs"),
        };
        table.row([
            attempt.run.clone(),
            attempt.status.to_string(),
            attempt.started_at.clone(),
            attempt.exit_code.map_or_else(|| "-".to_owned(), |code| code.to_string()),
            released,
        ]);
    }
    page.table(table);
}

/// Who must act next, and what that person types.
pub(in crate::commands) fn waiting(page: &mut Page, me: &Email, next: &WaitingFor) {
    if next.who == *me {
        page.hint("It waits for you:", &next.command);
        return;
    }
    page.gap();
    let since = page.ago(next.since);
    page.line(format!("It waits for {} ({since}), who types:", next.who));
    page.others_command(&next.command);
}

/// The outputs, if there are any.
pub(in crate::commands) fn outputs_table(page: &mut Page, outputs: &[JobOutput]) {
    if outputs.is_empty() {
        return;
    }
    page.gap();
    let mut table = Table::new(["OUTPUT", "SIZE", "SHA-256", "RELEASED"]);
    for output in outputs {
        table.row([
            output.path.to_string(),
            bytes(output.size),
            output.sha256.short(),
            if output.released { "yes" } else { "no" }.to_owned(),
        ]);
    }
    page.table(table);
}

/// A sentence on what no box means.
pub(super) fn without_box() -> String {
    format!("without a box, {}", IsolationLevel::L0.in_words())
}
