use serde::Serialize;
use syft_sync::core::Email;
use syft_sync::{Direction, Error, Transfer};

use crate::args::AuditTrafficArgs;
use crate::commands::dataset::bytes;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table, count, iso};

/// Every object that entered or left, oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct Traffic {
    entries: Vec<EntryView>,
    sent: Sum,
    received: Sum,
}

/// An object as programs read it.
#[derive(Debug, Serialize)]
struct EntryView {
    at: String,
    #[serde(flatten)]
    transfer: Transfer,
}

/// How much went one way.
#[derive(Debug, Default, Serialize)]
struct Sum {
    objects: usize,
    bytes: u64,
}

pub(crate) fn run(context: &Context, args: &AuditTrafficArgs) -> Result<Traffic, CliError> {
    let mut transfers = context.open()?.traffic()?;
    if let Some(peer) = &args.peer {
        transfers.retain(|transfer| transfer.concerns(peer));
        if transfers.is_empty() {
            return Err(Error::UnknownPeer(peer.clone()).into());
        }
    }
    let sum = |direction: Direction| {
        transfers.iter().filter(|transfer| transfer.direction == direction).fold(
            Sum::default(),
            |sum, transfer| Sum { objects: sum.objects + 1, bytes: sum.bytes + transfer.bytes },
        )
    };
    let (sent, received) = (sum(Direction::Out), sum(Direction::In));
    let entries = transfers
        .into_iter()
        .map(|transfer| EntryView { at: iso(transfer.at), transfer })
        .collect();
    Ok(Traffic { entries, sent, received })
}

impl Report for Traffic {
    const VERB: &'static str = "audit-traffic";

    fn write(&self, page: &mut Page) {
        if self.entries.is_empty() {
            page.line("Nothing entered or left yet.");
            return;
        }
        let columns = ["WHEN", "", "PEER", "WHAT", "SIZE", "SHA-256", "FILES", "WHY"];
        let mut table = Table::new(columns);
        for EntryView { at, transfer } in &self.entries {
            let when = if page.is_verbose() { at.clone() } else { page.ago(transfer.at) };
            let hash = &transfer.sha256;
            let files: Vec<&str> = transfer.files.iter().map(String::as_str).collect();
            table.row([
                when,
                match transfer.direction {
                    Direction::In => "in".to_owned(),
                    Direction::Out => "out".to_owned(),
                },
                peers(transfer),
                what(transfer, page.is_verbose()),
                bytes(transfer.bytes),
                if page.is_verbose() { hash.to_string() } else { hash.short() },
                if page.is_verbose() { files.join(", ") } else { brief(&files) },
                why(transfer),
            ]);
        }
        page.table(table);
        page.gap();
        for (word, sum) in [("sent", &self.sent), ("received", &self.received)] {
            let objects = count(sum.objects, "object", "objects");
            page.line(format!("{word:9} {objects}, {}", bytes(sum.bytes)));
        }
    }
}

fn what(transfer: &Transfer, all: bool) -> String {
    let what = if all { &transfer.object } else { &transfer.kind };
    match (transfer.complete, &transfer.from) {
        (false, _) => format!("{what} (not taken)"),
        (true, Some(from)) if all => format!("{what} (copied from {from})"),
        (true, Some(_)) => format!("{what} (copied there)"),
        (true, None) => what.clone(),
    }
}

/// The reason, with the line of the log that it stands in.
fn why(transfer: &Transfer) -> String {
    match transfer.because {
        Some(line) => format!("{} (line {line})", transfer.reason),
        None => transfer.reason.clone(),
    }
}

fn peers(transfer: &Transfer) -> String {
    match &transfer.peer {
        Some(peer) => peer.to_string(),
        None if transfer.readers.is_empty() => "(mine alone)".to_owned(),
        None => transfer.readers.iter().map(Email::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn brief(files: &[&str]) -> String {
    match files {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
