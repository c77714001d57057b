//! The `syft` command: arguments in, tables or JSON out.
//!
//! Everything that it does is a call of `syft-sync`; what is here reads the
//! arguments and the environment, and says what came of it. As a library it is for programs
//! that are the same command with stores of their own beside the known ones: see
//! [`main_with`].

mod args;
mod commands;
mod context;
mod environment;
mod errors;
mod exit;
mod interrupts;
#[cfg(feature = "opendal")]
mod logins;
mod new_file;
mod opener;
mod output;
#[cfg(feature = "record")]
mod record;
mod terminal;
mod warden;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};
use syft_sync::StoreKind;

use crate::args::Cli;
use crate::context::Context;
use crate::environment::Environment;
use crate::errors::CliError;
use crate::exit::Exit;

/// The whole program, with kinds of stores of its own: what `login --transport`, `peer add
/// --via` and `transport check` take as addresses. It reads the arguments, the environment
/// and, for a job in a box, starts itself again, so nothing may come before it in `main`.
#[must_use]
pub fn main_with(kinds: Vec<Arc<dyn StoreKind>>) -> ExitCode {
    // The warden is a process of its own, before anything else exists in it.
    if warden::is_asked_for() {
        return syft_sync::job::warden::main();
    }
    let environment = Environment::read();
    let command = Cli::command().after_help(exit::help());
    let parsed = command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let exit = match parsed {
        Ok(cli) => start(cli, &environment, kinds),
        Err(error) => output::usage(&error, &environment),
    };
    exit.into()
}

fn start(cli: Cli, environment: &Environment, kinds: Vec<Arc<dyn StoreKind>>) -> Exit {
    let screen = output::Screen::new(&cli.global, environment);
    let outcome = Context::new(&cli.global, environment, screen.clone(), kinds)
        .and_then(|context| run(cli, &context));
    outcome.unwrap_or_else(|error| screen.error(&error))
}

fn run(cli: Cli, context: &Context) -> Result<Exit, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::bug(format!("could not start: {error}")))?;
    runtime.block_on(commands::run(cli.command, context))
}
