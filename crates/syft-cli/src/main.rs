//! The `syft` command: arguments in, tables or JSON out.
//!
//! Everything that it does is a call of `syft-sync`; what is here reads the
//! arguments and the environment, and says what came of it.

mod args;
mod commands;
mod context;
mod environment;
mod errors;
mod exit;
mod interrupts;
mod new_file;
mod opener;
mod output;
#[cfg(feature = "record")]
mod record;
mod terminal;
mod warden;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::Cli;
use crate::context::Context;
use crate::environment::Environment;
use crate::errors::CliError;
use crate::exit::Exit;

fn main() -> ExitCode {
    // The warden is a process of its own, before anything else exists in it.
    if warden::is_asked_for() {
        return syft_sync::job::warden::main();
    }
    let environment = Environment::read();
    let command = Cli::command().after_help(exit::help());
    let parsed = command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let exit = match parsed {
        Ok(cli) => start(cli, &environment),
        Err(error) => output::usage(&error, &environment),
    };
    exit.into()
}

fn start(cli: Cli, environment: &Environment) -> Exit {
    let screen = output::Screen::new(&cli.global, environment);
    let outcome = Context::new(&cli.global, environment, screen.clone())
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
