use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use syft_sync::core::{AuditEntry, ContentHash, Timestamp};

use crate::args::AuditLogArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table, iso};

/// The entries, oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct AuditLog {
    entries: Vec<EntryView>,
}

/// An entry as programs read it.
#[derive(Debug, Serialize)]
struct EntryView {
    seq: u64,
    at: String,
    actor: String,
    action: String,
    subject: String,
    details: BTreeMap<String, Value>,
    prev: ContentHash,
    #[serde(skip)]
    when: Timestamp,
}

pub(crate) fn run(context: &Context, args: &AuditLogArgs) -> Result<AuditLog, CliError> {
    let entries = context.open()?.audit_entries()?;
    let skipped = args.last.map_or(0, |last| entries.len().saturating_sub(last));
    Ok(AuditLog { entries: entries.into_iter().skip(skipped).map(EntryView::from).collect() })
}

impl From<AuditEntry> for EntryView {
    fn from(entry: AuditEntry) -> Self {
        EntryView {
            seq: entry.seq,
            at: iso(entry.at),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            details: entry.details,
            prev: entry.prev,
            when: entry.at,
        }
    }
}

impl Report for AuditLog {
    const VERB: &'static str = "audit-log";

    fn write(&self, page: &mut Page) {
        if self.entries.is_empty() {
            page.line("Nothing happened yet.");
            return;
        }
        let mut table = Table::new(["NO", "WHEN", "WHO", "WHAT", "TO WHAT"]);
        for entry in &self.entries {
            let when = if page.is_verbose() { entry.at.clone() } else { page.ago(entry.when) };
            table.row([
                entry.seq.to_string(),
                when,
                entry.actor.clone(),
                entry.action.clone(),
                subject(entry, page.is_verbose()),
            ]);
        }
        page.table(table);
    }
}

/// To what it was done, with everything else that is known if that is asked for.
fn subject(entry: &EntryView, all: bool) -> String {
    let mut text = entry.subject.clone();
    if all {
        for (key, value) in &entry.details {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!("  {key}={value}"));
        }
    }
    text
}
