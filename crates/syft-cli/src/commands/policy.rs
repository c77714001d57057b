//! Which jobs their owner approves without a look, and what never leaves.

mod add;
mod list;
mod remove;
mod test;

use super::show as print;
use crate::args::PolicyCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) async fn run(context: &Context, command: PolicyCommand) -> Result<Exit, CliError> {
    match command {
        PolicyCommand::List => print(context, list::run(context)),
        PolicyCommand::Add(args) => print(context, add::run(context, args)),
        PolicyCommand::Test(args) => print(context, test::run(context, &args).await),
        PolicyCommand::Remove(args) => print(context, remove::run(context, &args)),
    }
}
