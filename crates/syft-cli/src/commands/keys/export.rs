use serde::Serialize;
use syft_sync::crypto::KeySource;

use crate::args::KeysExportArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::new_file::NewFile;
use crate::output::{Page, Report};

/// A file that holds my keys.
#[derive(Debug, Serialize)]
pub(crate) struct KeysExported {
    file: String,
    /// Whether it holds the words from which the keys come, or the keys alone.
    is_recovery_key: bool,
}

pub(super) fn run(context: &Context, args: &KeysExportArgs) -> Result<KeysExported, CliError> {
    let manager = context.open()?;
    let path = context.path(&args.file);
    let file = NewFile::create(&path)?;
    let source = manager.export_keys(args.pysyft)?;
    file.fill(source.to_text(manager.email())?.as_bytes())?;
    Ok(KeysExported {
        file: path.display().to_string(),
        is_recovery_key: matches!(source, KeySource::Recovery(_)),
    })
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
