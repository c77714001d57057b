use clap::{Command, CommandFactory};
use serde::Serialize;

use crate::args::{Cli, ManArgs};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::{self, Exit};
use crate::output::{Page, Report, count};

/// The manual pages that were written.
#[derive(Debug, Serialize)]
pub(crate) struct Manual {
    folder: String,
    files: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &ManArgs) -> Result<Manual, CliError> {
    let folder = context.path(&args.folder);
    let command = Cli::command().after_help(exit::help());
    let mut files = Vec::new();
    name_pages("syft", &command, &mut files);
    std::fs::create_dir_all(&folder)
        .and_then(|()| clap_mangen::generate_to(command, &folder))
        .map_err(|error| {
            let message = format!("could not write {}: {error}", folder.display());
            CliError::new(Exit::Store, "disk", message)
        })?;
    Ok(Manual { folder: folder.display().to_string(), files })
}

/// A page for a command and one for each command below it, as `syft-job-run.1`.
fn name_pages(name: &str, command: &Command, files: &mut Vec<String>) {
    files.push(format!("{name}.1"));
    for below in command.get_subcommands() {
        name_pages(&format!("{name}-{}", below.get_name()), below, files);
    }
}

impl Report for Manual {
    const VERB: &'static str = "man";

    fn write(&self, page: &mut Page) {
        page.title(format!("Wrote {}", count(self.files.len(), "page", "pages")));
        page.fields([("folder", self.folder.clone())]);
        page.hint("Read the first one:", &format!("man {}/syft.1", self.folder));
    }
}
