//! Who may read and write what in my datasite. To ask needs no store.

mod change;
mod check;
mod explain;
mod list;
mod show;

use super::show as print;
use crate::args::PermCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) async fn run(context: &Context, command: PermCommand) -> Result<Exit, CliError> {
    match command {
        PermCommand::Show(args) => print(context, show::run(context, &args)),
        PermCommand::Check(args) => print(context, check::run(context, args)),
        PermCommand::Explain(args) => print(context, explain::run(context, &args)),
        PermCommand::Grant(args) => print(context, change::grant(context, args).await),
        PermCommand::Revoke(args) => print(context, change::revoke(context, args).await),
        PermCommand::List(args) => print(context, list::run(context, &args)),
    }
}
