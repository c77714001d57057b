//! Who I am to my peers.

mod export;
mod import;
mod show;

use std::fs;
use std::io::Read as _;
use std::path::Path;

use syft_sync::core::Email;
use syft_sync::crypto::{self, KeySource};
use zeroize::Zeroizing;

use super::show as print;
use crate::args::KeysCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

/// Largest file of keys that is read, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn run(context: &Context, command: KeysCommand) -> Result<Exit, CliError> {
    match command {
        KeysCommand::Show => print(context, show::run(context)),
        KeysCommand::Export(args) => print(context, export::run(context, &args)),
        KeysCommand::Import(args) => print(context, import::run(context, &args)),
    }
}

/// The keys of a file that somebody typed the name of.
pub(super) fn read_source(path: &Path, email: &Email) -> Result<KeySource, CliError> {
    let failed = |error: std::io::Error| {
        let message = format!("could not read {}: {error}", path.display());
        CliError::new(Exit::NotFound, "not_found", message)
    };
    let mut text = Zeroizing::new(String::new());
    let file = fs::File::open(path).map_err(failed)?;
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(failed)?;
    let named = |error: crypto::Error| CliError::from(error).about(&path.display());
    KeySource::parse(&text, email).map_err(named)
}
