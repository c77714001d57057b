use serde::Serialize;
use syft_sync::core::{DatasetName, Email};

use super::owner_of;
use crate::args::DatasetRefArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// Where a mock lies: its file, or its folder if it has several.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetPath {
    owner: Email,
    name: DatasetName,
    path: String,
}

pub(crate) async fn run(context: &Context, args: &DatasetRefArgs) -> Result<DatasetPath, CliError> {
    let manager = context.open_synced().await?;
    let owner = owner_of(&manager, &args.dataset);
    let name = args.dataset.name.clone();
    let path = manager.dataset_path(&owner, &name)?.display().to_string();
    Ok(DatasetPath { owner, name, path })
}

impl Report for DatasetPath {
    const VERB: &'static str = "dataset-path";

    fn write(&self, page: &mut Page) {
        // As it stands: it goes into other commands.
        page.line(&self.path);
    }
}
