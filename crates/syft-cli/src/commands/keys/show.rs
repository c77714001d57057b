use serde::Serialize;
use syft_sync::core::{ContentHash, Email};
use syft_sync::crypto::KeySource;

use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// Who I am to my peers.
#[derive(Debug, Serialize)]
pub(crate) struct KeysShow {
    email: Email,
    fingerprint: ContentHash,
    /// What a peer compares with me.
    words: String,
    /// Whether the words from which the keys come are known here.
    has_recovery_key: bool,
}

pub(super) fn run(context: &Context) -> Result<KeysShow, CliError> {
    let own = context.open()?.own_keys()?;
    let bundle = own.keys.bundle();
    Ok(KeysShow {
        email: own.keys.email().clone(),
        fingerprint: bundle.fingerprint(),
        words: bundle.words(own.keys.email()),
        has_recovery_key: matches!(own.source, KeySource::Recovery(_)),
    })
}

impl Report for KeysShow {
    const VERB: &'static str = "keys-show";

    fn write(&self, page: &mut Page) {
        page.title(&self.email);
        page.fields([("words", self.words.clone()), ("fingerprint", self.fingerprint.to_string())]);
        if self.has_recovery_key {
            page.hint("Keep what they come from where nobody else looks:", "syft keys export FILE");
        } else {
            page.line("These keys were imported: no recovery key is known for them.");
        }
    }
}
