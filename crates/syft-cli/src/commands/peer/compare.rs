//! Two people compare the words of a key.

use std::io::{self, BufRead, IsTerminal};

use syft_sync::core::Email;

use crate::context::Context;
use crate::errors::CliError;

/// What came of it.
pub(super) enum Compared {
    Same,
    Differ,
    /// There is nobody at a terminal.
    NotAsked,
}

/// Asks the person at the terminal whether these are the words that the peer has.
pub(super) fn compare(context: &Context, email: &Email, words: &str) -> Result<Compared, CliError> {
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !can_ask || context.screen().is_json() {
        return Ok(Compared::NotAsked);
    }
    context.screen().err(&format!(
        "{email} shows this key:\n\n    {words}\n\nAsk them, by phone or in person, which words \
         `syft keys show` prints.\nAre they the same? [y/N] "
    ));
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| CliError::usage(error.to_string()))?;
    Ok(match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Compared::Same,
        _ => Compared::Differ,
    })
}
