use serde::Serialize;
use syft_sync::core::Email;

use super::read_source;
use crate::args::KeysImportArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// The keys that this home has now.
#[derive(Debug, Serialize)]
pub(crate) struct KeysImported {
    email: Email,
    words: String,
    /// Whether they are others than before.
    changed: bool,
}

pub(super) fn run(context: &Context, args: &KeysImportArgs) -> Result<KeysImported, CliError> {
    let mut manager = context.open()?;
    let email = manager.email().clone();
    let source = read_source(&context.path(&args.file), &email)?;
    let changed = manager.import_keys(source, args.replace)?;
    let words = manager.own_keys()?.keys.bundle().words(&email);
    Ok(KeysImported { email, words, changed })
}

impl Report for KeysImported {
    const VERB: &'static str = "keys-import";

    fn write(&self, page: &mut Page) {
        page.title(match self.changed {
            true => format!("{} has these keys from now on", self.email),
            false => format!("{} has these keys already", self.email),
        });
        page.fields([("words", self.words.clone())]);
    }
}
