use std::collections::BTreeMap;

use serde::Serialize;
use syft_sync::core::safe_text;
use syft_sync::perm::Level;
use syft_sync::{AccessChange, Error};

use crate::args::PermChangeArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report, count};

/// Access that was granted.
#[derive(Debug, Serialize)]
pub(crate) struct PermGrant {
    #[serde(flatten)]
    asked: Asked,
    files: Vec<String>,
    /// What the user still may not use so.
    exceptions: Vec<String>,
    delivery: Delivery,
}

/// Access that was taken away.
#[derive(Debug, Serialize)]
pub(crate) struct PermRevoke {
    #[serde(flatten)]
    asked: Asked,
    files: Vec<String>,
    /// The entries that went, wildcards that covered the user among them.
    removed: Vec<String>,
    /// What had been sent, by reader: it cannot be recalled.
    already_sent: BTreeMap<String, Vec<String>>,
    /// The datasets that the user may still read.
    datasets: Vec<String>,
    delivery: Delivery,
}

/// What was asked for.
#[derive(Debug, Serialize)]
struct Asked {
    path: String,
    user: String,
    level: String,
}

pub(crate) async fn grant(context: &Context, args: PermChangeArgs) -> Result<PermGrant, CliError> {
    let manager = context.open()?;
    let PermChangeArgs { path, user, level } = args;
    let change = manager
        .grant_access(&path, &user, level)
        .map_err(|error| told(error, "share", &path, &user))?;
    let delivery = context.deliver(&manager).await;
    let AccessChange { path, edit, exceptions, .. } = change;
    Ok(PermGrant {
        asked: Asked::new(path, user, level),
        files: edit.files,
        exceptions: exceptions.iter().map(ToString::to_string).collect(),
        delivery,
    })
}

pub(crate) async fn revoke(
    context: &Context,
    args: PermChangeArgs,
) -> Result<PermRevoke, CliError> {
    let manager = context.open()?;
    let PermChangeArgs { path, user, level } = args;
    let change = manager
        .revoke_access(&path, &user, level)
        .map_err(|error| told(error, "unshare", &path, &user))?;
    let delivery = context.deliver(&manager).await;
    let AccessChange { path, edit, lost, datasets, .. } = change;
    let already_sent = lost.into_iter().map(|(reader, files)| {
        (reader.to_string(), files.iter().map(ToString::to_string).collect())
    });
    Ok(PermRevoke {
        asked: Asked::new(path, user, level),
        files: edit.files,
        removed: edit.removed.into_iter().collect(),
        already_sent: already_sent.collect(),
        datasets,
        delivery,
    })
}

/// What stands in the way, with what to type next.
fn told(error: Error, verb: &str, path: &str, user: &str) -> CliError {
    let next = match &error {
        Error::SharedAsDataset(name) => {
            let user = if user == "*" { "any" } else { user };
            format!("syft dataset {verb} {name} {user}")
        }
        Error::Permissions { .. } => format!("syft perm show {path}"),
        _ => return error.into(),
    };
    CliError::from(error).then(next)
}

impl Asked {
    fn new(path: String, user: String, level: Level) -> Self {
        Asked { path, user, level: level.to_string() }
    }

    /// Who, and what of which path.
    fn in_words(&self, may: &str) -> String {
        let who = if self.user == "*" { "everyone" } else { self.user.as_str() };
        let path = if self.path.is_empty() { "the datasite" } else { self.path.as_str() };
        let level = if self.level == "admin" { "administer" } else { self.level.as_str() };
        format!("{} {may} {level} {}", safe_text(who), safe_text(path))
    }
}

fn written(page: &mut Page, files: &[String]) {
    if files.is_empty() {
        page.line("It was so before: nothing was written.");
    } else {
        page.line(format!("Written: {}", safe_text(&files.join(", "))));
    }
}

impl Report for PermGrant {
    const VERB: &'static str = "perm-grant";

    fn write(&self, page: &mut Page) {
        page.line(format!("{}.", self.asked.in_words("may")));
        written(page, &self.files);
        let Some(first) = self.exceptions.first() else { return };
        page.gap();
        let files = count(self.exceptions.len(), "file is", "files are");
        page.warning(format!("{files} not in it: other rules decide about them."));
        page.hint("See which:", &format!("syft perm explain {first} {}", self.asked.user));
    }
}

impl Report for PermRevoke {
    const VERB: &'static str = "perm-revoke";

    fn write(&self, page: &mut Page) {
        page.line(format!("{}.", self.asked.in_words("may no longer")));
        written(page, &self.files);
        let wildcards: Vec<&str> =
            self.removed.iter().map(String::as_str).filter(|e| *e != self.asked.user).collect();
        if !wildcards.is_empty() {
            let entries = safe_text(&wildcards.join(", "));
            page.warning(format!(
                "The entry {entries} covered this user, so it went: others lost it there as well."
            ));
        }
        if !self.already_sent.is_empty() {
            page.gap();
            page.line("What was sent before cannot be recalled; the next sync takes it from these copies:");
            for (reader, files) in &self.already_sent {
                page.line(format!("  {reader}: {}", safe_text(&files.join(", "))));
            }
        }
        if let Some(name) = self.datasets.first() {
            page.gap();
            let mocks = count(self.datasets.len(), "dataset in it is", "datasets in it are");
            let names = safe_text(&self.datasets.join(", "));
            page.warning(format!("{mocks} still shared with this user: {names}."));
            page.hint("Unshare it:", &format!("syft dataset unshare {name} {}", self.asked.user));
        }
    }
}
