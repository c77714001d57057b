//! Two people compare the words of a key.

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
    let asked = context.screen().ask(&format!(
        "{email} shows this key:\n\n    {words}\n\nAsk them, by phone or in person, which words \
         `syft keys show` prints.\nAre they the same? [y/N] "
    ));
    let answer = asked.map_err(|error| CliError::usage(error.to_string()))?;
    Ok(match answer.map(|answer| answer.to_lowercase()).as_deref() {
        None => Compared::NotAsked,
        Some("y" | "yes") => Compared::Same,
        Some(_) => Compared::Differ,
    })
}
