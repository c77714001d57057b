//! The hidden subcommand by which this program boxes jobs: it starts itself.

use std::ffi::OsString;
use std::path::Path;

use syft_sync::job::sandbox::{Best, WardenSandbox, best};

use crate::errors::CliError;

/// The word that stands first when this process is to be a warden.
const WORD: &str = "__warden";

/// Whether this process was started as a warden.
pub(crate) fn is_asked_for() -> bool {
    std::env::args_os().nth(1).is_some_and(|word| word == WORD)
}

/// The box of level L1, made by this very executable.
pub(crate) fn sandbox() -> Result<WardenSandbox, CliError> {
    let executable = std::env::current_exe()
        .map_err(|error| CliError::bug(format!("could not find this program: {error}")))?;
    Ok(WardenSandbox::new(executable, vec![OsString::from(WORD)]))
}

/// The strongest box that can be made here; `scratch` is a folder of this user's own.
pub(crate) fn best_sandbox(scratch: &Path) -> Result<Best, CliError> {
    Ok(best(sandbox()?, scratch))
}
