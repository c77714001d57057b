use clap::CommandFactory;
use serde::Serialize;

use crate::args::{Cli, CompletionsArgs};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A script that teaches a shell to complete commands.
#[derive(Debug, Serialize)]
pub(crate) struct Completions {
    shell: String,
    script: String,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<Completions, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "syft", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| CliError::bug(format!("the script is no text: {error}")))?;
    Ok(Completions { shell: args.shell.to_string(), script })
}

impl Report for Completions {
    const VERB: &'static str = "completions";

    fn write(&self, page: &mut Page) {
        page.line(&self.script);
    }
}
