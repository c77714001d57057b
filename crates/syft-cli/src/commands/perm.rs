//! Who may read and write what in my datasite. None of it needs the store.

mod check;
mod explain;
mod show;

use super::show as print;
use crate::args::PermCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) fn run(context: &Context, command: PermCommand) -> Result<Exit, CliError> {
    match command {
        PermCommand::Show(args) => print(context, show::run(context, &args)),
        PermCommand::Check(args) => print(context, check::run(context, args)),
        PermCommand::Explain(args) => print(context, explain::run(context, &args)),
    }
}
