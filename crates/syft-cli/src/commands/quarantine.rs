//! Messages that were malformed or refused: kept until somebody drops them.

mod drop;
mod list;
mod show;
mod view;

use syft_sync::Error;

use super::show as print;
use crate::args::QuarantineCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) fn run(context: &Context, command: QuarantineCommand) -> Result<Exit, CliError> {
    match command {
        QuarantineCommand::List => print(context, list::run(context)),
        QuarantineCommand::Show(args) => print(context, show::run(context, &args)),
        QuarantineCommand::Drop(args) => print(context, drop::run(context, args)),
    }
}

/// Of what is not there one wants to know what is.
fn not_there(error: Error) -> CliError {
    match error {
        Error::NotFound(_) => CliError::from(error).then("syft quarantine list"),
        other => other.into(),
    }
}
