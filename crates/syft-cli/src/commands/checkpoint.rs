//! The backup of my datasite in the store.

mod create;
mod list;
mod status;

use super::show as print;
use crate::args::CheckpointCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) async fn run(context: &Context, command: CheckpointCommand) -> Result<Exit, CliError> {
    match command {
        CheckpointCommand::Create => print(context, create::run(context).await),
        CheckpointCommand::Status => print(context, status::run(context).await),
        CheckpointCommand::List => print(context, list::run(context).await),
    }
}
