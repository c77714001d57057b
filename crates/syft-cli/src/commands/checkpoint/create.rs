use serde::Serialize;

use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, count};

/// The checkpoint that was made.
#[derive(Debug, Serialize)]
pub(crate) struct Created {
    name: String,
    files: usize,
}

pub(crate) async fn run(context: &Context) -> Result<Created, CliError> {
    let checkpoint = context.open()?.create_checkpoint().await?;
    Ok(Created { name: checkpoint.name().to_string(), files: checkpoint.files.len() })
}

impl Report for Created {
    const VERB: &'static str = "checkpoint-create";

    fn write(&self, page: &mut Page) {
        page.title(format!("Created a checkpoint with {}", count(self.files, "file", "files")));
        page.fields([("name", self.name.clone())]);
        page.hint("What a fresh machine would fetch:", "syft checkpoint status");
    }
}
