use serde::Serialize;
use syft_sync::core::{ContentHash, DatasitePath};

use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, count};

/// The checkpoint that was made.
#[derive(Debug, Serialize)]
pub(crate) struct Created {
    name: String,
    files: usize,
    /// What it holds, by path.
    file_hashes: Vec<FileHash>,
}

/// A file in it.
#[derive(Debug, Serialize)]
struct FileHash {
    path: DatasitePath,
    sha256: ContentHash,
}

pub(crate) async fn run(context: &Context) -> Result<Created, CliError> {
    let checkpoint = context.open()?.create_checkpoint().await?;
    let hashes = checkpoint.file_hashes().into_iter();
    let file_hashes = hashes.map(|(path, sha256)| FileHash { path, sha256 }).collect();
    let (name, files) = (checkpoint.name().to_string(), checkpoint.files.len());
    Ok(Created { name, files, file_hashes })
}

impl Report for Created {
    const VERB: &'static str = "checkpoint-create";

    fn write(&self, page: &mut Page) {
        page.title(format!("Created a checkpoint with {}", count(self.files, "file", "files")));
        page.fields([("name", self.name.clone())]);
        page.hint("What a fresh machine would fetch:", "syft checkpoint status");
    }
}
