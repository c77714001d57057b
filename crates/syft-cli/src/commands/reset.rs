use serde::Serialize;
use syft_sync::core::{Email, safe_text};
use syft_sync::{Broadcast, DeleteOptions, DeleteReport, Left, LocalItem, NodeConfig, RemoteItem};

use crate::args::ResetArgs;
use crate::commands::dataset::bytes;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, Table, count};

/// So many lines of a list are shown unless more is asked for.
const SHOWN: usize = 10;

/// What went, or would go.
#[derive(Debug, Serialize)]
pub(crate) struct Reset {
    email: Email,
    home: String,
    dry_run: bool,
    broadcast: Vec<Broadcast>,
    remote: Vec<RemoteItem>,
    kept: Vec<String>,
    local: Vec<LocalItem>,
    left: Vec<Left>,
    #[serde(skip)]
    transport: String,
    #[serde(skip)]
    scope: (bool, bool),
}

pub(crate) async fn run(context: &Context, args: ResetArgs) -> Result<Reset, CliError> {
    let NodeConfig { email, transport, .. } = context.config()?;
    let everything = args.local == args.remote;
    let options = DeleteOptions {
        broadcast_delete_events: !args.no_broadcast,
        remote: args.remote || everything,
        local: args.local || everything,
        dry_run: args.dry_run,
    };
    if !args.dry_run {
        confirm(context, &email, args.yes.as_ref(), &options)?;
    }
    let manager = context.open()?;
    let report = manager.delete_syftbox(&options).await.map_err(|error| {
        let told = CliError::from(error);
        let only_store = told.exit() == Exit::Store && options.remote && options.local;
        if only_store { told.then(format!("syft reset --local --yes {email}")) } else { told }
    })?;
    let DeleteReport { broadcast, remote, kept, local, left } = report;
    let home = context.home().display().to_string();
    let scope = (options.remote, options.local);
    let dry_run = args.dry_run;
    Ok(Reset { email, home, dry_run, broadcast, remote, kept, local, left, transport, scope })
}

/// Goes on only if the address was typed, as an option or at a terminal.
fn confirm(
    context: &Context,
    email: &Email,
    typed: Option<&Email>,
    options: &DeleteOptions,
) -> Result<(), CliError> {
    let refuse = |message: String| Err(CliError::usage(message).then("syft reset --dry-run"));
    if let Some(typed) = typed {
        if typed == email {
            return Ok(());
        }
        return refuse(format!(
            "this home belongs to {email}, not to {typed}: nothing was deleted"
        ));
    }
    let what = match (options.remote, options.local) {
        (true, false) => "everything of yours in the store",
        (false, true) => "this home, with your private data",
        _ => "this home, with your private data, and everything of yours in the store",
    };
    let store = format!("This deletes {what}, and cannot be undone.\nType {email} to go on: ");
    let asked = context.screen().ask(&store);
    match asked.map_err(|error| CliError::usage(error.to_string()))? {
        None => refuse(format!("this cannot be undone: confirm it with --yes {email}")),
        Some(typed) if typed == email.as_str() => Ok(()),
        Some(_) => refuse("that is not the address of this home: nothing was deleted".to_owned()),
    }
}

impl Report for Reset {
    const VERB: &'static str = "reset";

    fn write(&self, page: &mut Page) {
        let (remote, local) = self.scope;
        page.title(if self.dry_run {
            format!("A reset of {} would take away:", self.email)
        } else {
            format!("Deleted of {}:", self.email)
        });
        if remote {
            self.write_remote(page);
        }
        if local {
            for item in &self.local {
                let files = usize::try_from(item.files).unwrap_or(usize::MAX);
                let files = count(files, "file", "files");
                page.line(format!("  {}: {files}, {}", item.path, bytes(item.bytes)));
            }
        }
        for Broadcast { peer, files } in &self.broadcast {
            let told = if self.dry_run { "would be told" } else { "is told" };
            let files = count(*files, "file", "files");
            page.line(format!("  {peer} {told} to forget {files}"));
        }
        self.write_left(page);
        page.gap();
        if self.dry_run {
            page.line("Nothing was changed. It cannot be undone once it is done.");
            page.command(&format!("syft reset --yes {}", self.email));
            return;
        }
        if remote {
            page.line(
                "What peers have copied stays with them until they sync; what they kept elsewhere",
            );
            page.line("cannot be recalled.");
        }
        if !self.kept.is_empty() {
            let messages = count(self.kept.len(), "message stays", "messages stay");
            page.line(format!(
                "{messages} in the store, so that they hear of it. Later, to remove that too:"
            ));
            if local {
                let url = &self.transport;
                page.command(&format!("syft login --email {} --transport {url}", self.email));
            }
            page.command(&format!("syft reset --remote --no-broadcast --yes {}", self.email));
        }
        if remote && !local {
            page.line("This home stays as it is: its next sync publishes it again.");
        }
    }
}

impl Reset {
    fn write_remote(&self, page: &mut Page) {
        let total = self.remote.iter().map(|item| item.bytes).sum();
        let orphans = self.remote.iter().filter(|item| item.orphan).count();
        let found = match orphans {
            0 => String::new(),
            n => format!(", {n} of them known by their names alone"),
        };
        let objects = count(self.remote.len(), "object", "objects");
        page.line(format!("  in the store: {objects}, {}{found}", bytes(total)));
        if self.dry_run || page.is_verbose() {
            let all = page.is_verbose() || self.remote.len() <= SHOWN;
            let shown = if all { self.remote.len() } else { SHOWN };
            let mut table = Table::new(["OBJECT", "SIZE"]);
            for item in self.remote.iter().take(shown) {
                table.row([item.object.clone(), bytes(item.bytes)]);
            }
            page.table(table);
            if !all {
                page.faint(format!("and {} more: -v shows them", self.remote.len() - shown));
            }
        }
    }

    fn write_left(&self, page: &mut Page) {
        if self.left.is_empty() {
            return;
        }
        page.gap();
        page.line("Left where it is:");
        for Left { what, reason } in &self.left {
            page.line(format!("  {}: {}", safe_text(what), safe_text(reason)));
        }
    }
}
