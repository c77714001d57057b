//! The hidden subcommand by which this program boxes jobs: it starts itself.

use std::ffi::OsString;

use syft_sync::job::sandbox::WardenSandbox;

use crate::errors::CliError;

/// The word that stands first when this process is to be a warden.
const WORD: &str = "__warden";

/// Whether this process was started as a warden.
pub(crate) fn is_asked_for() -> bool {
    std::env::args_os().nth(1).is_some_and(|word| word == WORD)
}

/// The box that jobs run in, made by this very executable.
pub(crate) fn sandbox() -> Result<WardenSandbox, CliError> {
    let executable = std::env::current_exe()
        .map_err(|error| CliError::bug(format!("could not find this program: {error}")))?;
    Ok(WardenSandbox::new(executable, vec![OsString::from(WORD)]))
}
