//! The stores that my peers and I share.

mod check;
mod policy;

use super::show as print;
use crate::args::TransportCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) async fn run(context: &Context, command: TransportCommand) -> Result<Exit, CliError> {
    match command {
        TransportCommand::Check(args) => print(context, check::run(context, &args).await),
        TransportCommand::Policy(args) => print(context, policy::run(context, &args).await),
    }
}
