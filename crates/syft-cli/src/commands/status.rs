use serde::Serialize;
use syft_sync::core::{Email, safe_text};
use syft_sync::job::sandbox::IsolationLevel;
use syft_sync::{Elsewhere, Encrypt, PeerCounts, Role, Status, Waiting};

#[cfg(feature = "drive")]
use super::google::standing;
use crate::context::Context;
use crate::errors::{CliError, GOOGLE_LOGIN};
use crate::output::{Page, Report, count};
use crate::warden;

/// Where everything stands.
#[derive(Debug, Serialize)]
pub(crate) struct StatusReport {
    email: Email,
    home: String,
    role: Role,
    transport: String,
    /// The store of my datasets, if they have one of their own.
    data: Option<String>,
    isolation: IsolationLevel,
    encrypt: Encrypt,
    peers: PeerCounts,
    /// The peers that are reached over stores of their own.
    elsewhere: Vec<Elsewhere>,
    waiting: Vec<Waiting>,
    queued_out: usize,
    refused: usize,
    quarantined: usize,
    unreleased: usize,
    /// What will not hold for long, or does not any more.
    warnings: Vec<String>,
}

pub(crate) async fn run(context: &Context) -> Result<StatusReport, CliError> {
    let manager = context.open_synced().await?;
    let status = manager.status().await?;
    let isolation = warden::best_sandbox(&context.state_folder())?.probe.level;
    #[cfg(not(feature = "drive"))]
    let warnings = Vec::new();
    #[cfg(feature = "drive")]
    let warnings = standing(context, &context.config()?)?
        .filter(|login| login.is_warning)
        .map(|login| login.told)
        .into_iter()
        .collect();
    let Status { email, home, transport, peers, elsewhere, waiting, .. } = status;
    Ok(StatusReport {
        email,
        home,
        role: manager.role(),
        transport,
        data: manager.data_store().map(str::to_owned),
        isolation,
        encrypt: manager.encrypt(),
        peers,
        elsewhere,
        waiting,
        queued_out: status.queued_out,
        refused: status.refused,
        quarantined: status.quarantined,
        unreleased: status.unreleased,
        warnings,
    })
}

impl Report for StatusReport {
    const VERB: &'static str = "status";

    fn write(&self, page: &mut Page) {
        page.title(&self.email);
        let PeerCounts { accepted, pending, sealed } = self.peers;
        let open = accepted.saturating_sub(sealed);
        let peers = match open {
            0 => format!("{accepted} accepted, {pending} pending"),
            open => format!("{accepted} accepted, {open} of them not sealed, {pending} pending"),
        };
        page.fields([
            ("home", self.home.clone()),
            ("role", self.role.to_string()),
            ("store", self.transport.clone()),
            ("datasets", self.data.clone().unwrap_or_default()),
            ("box for jobs", box_in_words(self.isolation)),
            ("peers", peers),
            ("sealing", self.encrypt.to_string()),
        ]);
        for Elsewhere { email, transport } in &self.elsewhere {
            page.line(format!("{email} is reached over {}", safe_text(transport)));
        }
        if !self.warnings.is_empty() {
            page.gap();
            self.warnings.iter().for_each(|warning| page.warning(safe_text(warning)));
            page.command(GOOGLE_LOGIN);
        }
        let (mine, theirs): (Vec<&Waiting>, Vec<&Waiting>) =
            self.waiting.iter().partition(|waiting| waiting.waiting_for.who == self.email);
        page.gap();
        if self.waiting.is_empty() {
            page.line("Nothing waits for anybody.");
        }
        if !mine.is_empty() {
            page.title("Waiting for you");
            for waiting in mine {
                page.line(in_words(page, waiting));
                page.command(&waiting.waiting_for.command);
            }
            page.gap();
        }
        if !theirs.is_empty() {
            page.title("Waiting for others");
            for waiting in theirs {
                let who = &waiting.waiting_for.who;
                page.line(format!("{}; {who} types:", in_words(page, waiting)));
                page.others_command(&waiting.waiting_for.command);
            }
            page.gap();
        }
        self.write_rest(page);
    }
}

impl StatusReport {
    /// What lies about and is nobody's turn.
    fn write_rest(&self, page: &mut Page) {
        let mut told = |number: usize, one: &str, many: &str, command: &str| {
            if number > 0 {
                page.gap();
                page.line(count(number, one, many));
                page.command(command);
            }
        };
        told(
            self.queued_out,
            "object waits for the store",
            "objects wait for the store",
            "syft sync",
        );
        told(
            self.unreleased,
            "finished job has outputs that are not released",
            "finished jobs have outputs that are not released",
            "syft job list --status done",
        );
        told(
            self.refused,
            "change of mine was refused",
            "changes of mine were refused",
            "syft audit log",
        );
        told(
            self.quarantined,
            "message was put into quarantine",
            "messages were put into quarantine",
            "syft quarantine list",
        );
    }
}

fn in_words(page: &Page, waiting: &Waiting) -> String {
    format!("  {} ({})", safe_text(&waiting.what), page.ago(waiting.waiting_for.since))
}

fn box_in_words(level: IsolationLevel) -> String {
    match level {
        IsolationLevel::L0 => "none can be made here: syft doctor says why".to_owned(),
        level => level.to_string(),
    }
}
