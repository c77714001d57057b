mod watch;

use serde::Serialize;
use syft_sync::core::{Email, safe_text};
use syft_sync::{Error, Late, PeerReport, SyftboxManager, SyncOptions, SyncReport};

use crate::args::SyncArgs;
use crate::context::Context;
use crate::errors::{CliError, verify};
use crate::exit::Exit;
use crate::output::{Page, Report, Table, count};

/// What came and went.
#[derive(Debug, Serialize)]
pub(crate) struct Synced {
    transport: String,
    peers: Vec<PeerReport>,
    changed: usize,
    datasets: usize,
    queued_out: usize,
    store: Option<String>,
    notes: Vec<String>,
    alarms: Vec<String>,
    #[serde(skip)]
    is_offline: bool,
}

pub(crate) async fn run(context: &Context, args: SyncArgs) -> Result<Exit, CliError> {
    let manager = context.open()?;
    if !args.peers.is_empty() {
        let known = manager.load_peers().await?;
        let unknown = args.peers.iter().find(|email| known.get(email).is_none());
        if let Some(email) = unknown {
            return Err(Error::UnknownPeer(email.clone()).into());
        }
    }
    let options = SyncOptions {
        peers: args.peers.into_iter().collect(),
        auto_checkpoint: !args.no_checkpoint,
        checkpoint_threshold: args.checkpoint_threshold,
        compacting_threshold: args.compact_threshold,
        ..SyncOptions::default()
    };
    if args.watch {
        return watch::run(context, &manager, &options).await;
    }
    let report = manager.sync(&options).await?;
    Ok(context.screen().show(&Synced::new(context, &manager, report)))
}

impl Synced {
    fn new(context: &Context, manager: &SyftboxManager, report: SyncReport) -> Self {
        let SyncReport { peers, changed, datasets, queued_out, store, notes, alarms } = report;
        let transport = manager.store_info().name.clone();
        let is_offline = context.is_offline();
        Synced { transport, peers, changed, datasets, queued_out, store, notes, alarms, is_offline }
    }
}

impl Report for Synced {
    const VERB: &'static str = "sync";

    fn write(&self, page: &mut Page) {
        if let Some(problem) = &self.store {
            if self.is_offline {
                page.title("The store was left alone.");
            } else {
                page.warning(format!("The store is away: {}", safe_text(problem)));
            }
            page.line(match self.queued_out {
                0 => "Nothing is lost: the next sync goes on.".to_owned(),
                n => format!(
                    "Nothing is lost: {} for the next sync.",
                    count(n, "object waits", "objects wait")
                ),
            });
        } else {
            page.title(format!("Synced with {}", self.transport));
            page.fields([
                ("changed here", some(self.changed, "file", "files")),
                ("datasets", some(self.datasets, "exchanged", "exchanged")),
                ("still queued", some(self.queued_out, "object", "objects")),
            ]);
        }
        page.gap();
        let mut table = Table::new(["PEER", "RECEIVED", "SENT", "QUARANTINED"]);
        let shown = || self.peers.iter().filter(|peer| self.store.is_none() || was_active(peer));
        for peer in shown() {
            table.row([
                peer.email.to_string(),
                peer.received.to_string(),
                peer.sent.to_string(),
                peer.quarantined.to_string(),
            ]);
        }
        page.table(table);
        for peer in shown() {
            if let Some(problem) = &peer.problem {
                page.warning(format!("{}: {}", peer.email, safe_text(problem)));
            }
        }
        for peer in &self.peers {
            if let Some(late) = &peer.late {
                page.line(late_in_words(page, &peer.email, late));
            }
        }
        for alarm in &self.alarms {
            page.warning(safe_text(alarm));
        }
        for note in &self.notes {
            page.line(format!("note: {}", safe_text(note)));
        }
        if self.peers.iter().any(|peer| peer.quarantined > 0) {
            page.hint("What was put away, and why:", "syft quarantine list");
        }
        if let Some(peer) = self.peers.iter().find(|peer| peer.key_alarm) {
            page.hint(
                &format!("Ask {} whether that is their key, and compare it:", peer.email),
                &verify(&peer.email),
            );
        }
    }

    fn exit(&self) -> Exit {
        match !self.alarms.is_empty() || self.peers.iter().any(|peer| peer.alarm) {
            true => Exit::Integrity,
            false => Exit::Done,
        }
    }
}

/// What of a peer is missing, and since when.
pub(super) fn late_in_words(page: &Page, peer: &Email, late: &Late) -> String {
    let since = late.since.map(|since| format!(", since {}", page.ago(since)));
    let newest = late.newest.map(|newest| format!("; the newest came {}", page.ago(newest)));
    format!(
        "{} of {peer} missing or late{}{}",
        count(late.messages, "message", "messages"),
        since.unwrap_or_default(),
        newest.unwrap_or_default()
    )
}

/// Whether anything came or went before the store was away.
fn was_active(peer: &PeerReport) -> bool {
    peer.received > 0 || peer.sent > 0 || peer.quarantined > 0
}

/// A number worth telling.
fn some(number: usize, one: &str, many: &str) -> String {
    if number == 0 { String::new() } else { count(number, one, many) }
}
