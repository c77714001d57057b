use serde::Serialize;
use syft_sync::core::safe_text;
use syft_sync::transport::{Info, Kept, Probe, Promise};

use crate::args::TransportUrlArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, Table};

/// By how many seconds a clock may differ before it is told.
const CLOCK: f64 = 60.0;

/// What a store keeps of what it promises.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    transport: String,
    promises: Vec<Promise>,
    /// Whether all is sealed that is put there, whatever is asked for.
    sealed: bool,
    /// The largest object that it takes, in bytes.
    largest: Option<u64>,
    /// By how many seconds its clock is ahead of mine.
    clock_ahead: Option<f64>,
}

pub(crate) async fn run(context: &Context, args: &TransportUrlArgs) -> Result<Check, CliError> {
    if context.is_offline() {
        return Err(CliError::usage("a store is not tried out with --offline"));
    }
    let email = context.somebody()?;
    let stores = context.stores(&email)?;
    let (info, probe) = stores.check(&args.url).await?;
    stores.remember(&args.url, &probe)?;
    Ok(Check::of(info, probe))
}

impl Check {
    pub(in crate::commands) fn of(info: Info, probe: Probe) -> Self {
        Check {
            transport: info.name,
            promises: probe.promises,
            sealed: info.must_seal,
            largest: info.capabilities.largest,
            clock_ahead: probe.clock_ahead.map(|ahead| (ahead * 10.0).round() / 10.0),
        }
    }
}

/// A promise, for people.
fn in_words(promise: &str) -> String {
    promise.replace('_', " ")
}

impl Report for Check {
    const VERB: &'static str = "transport-check";

    fn exit(&self) -> Exit {
        let broken = |promise: &Promise| promise.is_required && promise.kept == Kept::No;
        if self.promises.iter().any(broken) { Exit::Integrity } else { Exit::Done }
    }

    fn write(&self, page: &mut Page) {
        page.title(&self.transport);
        let mut table = Table::new(["PROMISE", "KEPT", ""]);
        for promise in &self.promises {
            let kept = match promise.kept {
                Kept::Yes => "yes",
                Kept::No => "no",
                Kept::NotClaimed => "not claimed",
            };
            let detail = safe_text(&promise.detail).to_string();
            table.row([in_words(promise.promise), kept.to_owned(), detail]);
        }
        page.table(table);
        if self.sealed {
            page.line("Whoever has a login to it can read it and write there: all is sealed.");
        }
        if let Some(largest) = self.largest {
            page.line(format!("It takes objects of up to {} MiB.", largest >> 20));
        }
        if let Some(ahead) = self.clock_ahead.filter(|ahead| ahead.abs() > CLOCK) {
            page.line(format!("Its clock and mine are {:.0} seconds apart.", ahead.abs()));
        }
        if self.exit() == Exit::Integrity {
            page.warning("Nothing can be entrusted to this store.");
        }
    }
}
