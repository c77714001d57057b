use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;
use syft_sync::crypto::{KeyFile, KeySource};

use crate::args::KeysExportArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// A file that holds my keys.
#[derive(Debug, Serialize)]
pub(crate) struct KeysExported {
    file: String,
    /// Whether it holds the words from which the keys come, or the keys alone.
    is_recovery_key: bool,
}

pub(super) fn run(context: &Context, args: &KeysExportArgs) -> Result<KeysExported, CliError> {
    let own = context.open()?.own_keys()?;
    let email = own.keys.email().clone();
    let source = match args.pysyft {
        true => KeySource::KeyFile(Box::new(KeyFile { keys: own.keys, peers: Default::default() })),
        false => own.source,
    };
    let path = context.path(&args.file);
    write_new(&path, source.to_text(&email)?.as_bytes())?;
    Ok(KeysExported {
        file: path.display().to_string(),
        is_recovery_key: matches!(source, KeySource::Recovery(_)),
    })
}

/// A file that only its owner may open, and that was not there.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        let message = format!("could not write {}: {error}", path.display());
        match error.kind() {
            ErrorKind::AlreadyExists => CliError::new(Exit::Conflict, "already_exists", message),
            _ => CliError::new(Exit::Store, "disk", message),
        }
    };
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

impl Report for KeysExported {
    const VERB: &'static str = "keys-export";

    fn write(&self, page: &mut Page) {
        if self.is_recovery_key {
            page.line(format!("Your recovery key is in {}: 24 words.", self.file));
            page.line("Whoever has them is you. Print them, put them away, and delete the file.");
            let login =
                "syft login --email YOU@EXAMPLE.ORG --transport URL --recovery-key-file FILE";
            page.hint("On another machine:", login);
        } else {
            page.line(format!("Your keys are in {}. Whoever has the file is you.", self.file));
        }
    }
}
