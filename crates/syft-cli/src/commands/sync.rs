mod watch;

use serde::Serialize;
use syft_sync::core::safe_text;
use syft_sync::{Error, PeerReport, SyftboxManager, SyncOptions, SyncReport};

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
        let SyncReport { peers, changed, datasets, queued_out, store, notes } = report;
        let transport = manager.store_info().name.clone();
        let is_offline = context.is_offline();
        Synced { transport, peers, changed, datasets, queued_out, store, notes, is_offline }
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
        let mut table = Table::new(["PEER", "RECEIVED", "SENT", "QUARANTINED", "PROBLEM"]);
        for peer in self.peers.iter().filter(|peer| self.store.is_none() || was_active(peer)) {
            table.row([
                peer.email.to_string(),
                peer.received.to_string(),
                peer.sent.to_string(),
                peer.quarantined.to_string(),
                peer.problem.clone().unwrap_or_default(),
            ]);
        }
        page.table(table);
        for note in &self.notes {
            page.line(format!("note: {}", safe_text(note)));
        }
        if self.peers.iter().any(|peer| peer.quarantined > 0) {
            page.hint("What was put away, and why:", "syft quarantine list");
        }
        if let Some(peer) = self.peers.iter().find(|peer| peer.alarm) {
            page.hint(
                &format!("Ask {} whether that is their key, and compare it:", peer.email),
                &verify(&peer.email),
            );
        }
    }

    fn exit(&self) -> Exit {
        match self.peers.iter().any(|peer| peer.alarm) {
            true => Exit::Integrity,
            false => Exit::Done,
        }
    }
}

/// Whether anything came or went before the store was away.
fn was_active(peer: &PeerReport) -> bool {
    peer.received > 0 || peer.sent > 0 || peer.quarantined > 0
}

/// A number worth telling.
fn some(number: usize, one: &str, many: &str) -> String {
    if number == 0 { String::new() } else { count(number, one, many) }
}
