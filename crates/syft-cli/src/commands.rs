//! The commands: one file each, all of the same shape. `run` takes the context
//! and the arguments and returns a report, which is printed here.

mod audit;
mod checkpoint;
mod completions;
mod dataset;
mod demo;
mod doctor;
#[cfg(feature = "drive")]
mod google;
mod job;
mod keys;
mod login;
mod man;
mod peer;
mod perm;
mod policy;
mod quarantine;
mod reset;
mod review;
mod run;
mod status;
mod sync;
mod transport;
mod whoami;

use crate::args::Command;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::Report;

/// Runs a command and prints what it has to say.
pub(crate) async fn run(command: Command, context: &Context) -> Result<Exit, CliError> {
    // These tell it themselves.
    let tells = matches!(command, Command::Doctor(_) | Command::Status);
    let done = run_one(command, context).await?;
    if !tells {
        context.tell_of_login();
    }
    Ok(done)
}

async fn run_one(command: Command, context: &Context) -> Result<Exit, CliError> {
    match command {
        Command::Demo(args) => demo::run(context, &args).await,
        Command::Login(args) => show(context, login::run(context, args).await),
        Command::Whoami => show(context, whoami::run(context)),
        Command::Status => show(context, status::run(context).await),
        Command::Sync(args) => sync::run(context, args).await,
        Command::Peer(command) => peer::run(context, command).await,
        Command::Keys(command) => keys::run(context, command),
        Command::Dataset(command) => dataset::run(context, command).await,
        Command::Run(args) => show(context, run::run(context, args).await),
        Command::Review(args) => review::run(context, &args).await,
        Command::Job(command) => job::run(context, command).await,
        Command::Policy(command) => policy::run(context, command).await,
        Command::Perm(command) => perm::run(context, command).await,
        Command::Checkpoint(command) => checkpoint::run(context, command).await,
        Command::Quarantine(command) => quarantine::run(context, command),
        Command::Audit(command) => audit::run(context, command),
        Command::Transport(command) => transport::run(context, command).await,
        Command::Doctor(args) => show(context, doctor::run(context, &args).await),
        Command::Reset(args) => show(context, reset::run(context, args).await),
        Command::Completions(args) => show(context, completions::run(&args)),
        Command::Man(args) => show(context, man::run(context, &args)),
    }
}

/// Prints a report, and says how the command ended.
fn show<R: Report>(context: &Context, report: Result<R, CliError>) -> Result<Exit, CliError> {
    Ok(context.screen().show(&report?))
}
