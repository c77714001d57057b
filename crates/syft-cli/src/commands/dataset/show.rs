use serde::Serialize;

use super::owner_of;
use super::view::DatasetView;
use crate::args::DatasetRefArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// One dataset.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetShown {
    #[serde(flatten)]
    dataset: DatasetView,
    #[serde(skip)]
    is_mine: bool,
}

pub(crate) async fn run(context: &Context, args: DatasetRefArgs) -> Result<DatasetShown, CliError> {
    let manager = context.open_synced().await?;
    let owner = owner_of(&manager, &args.dataset);
    let dataset = manager.dataset(&owner, &args.dataset.name)?;
    Ok(DatasetShown { is_mine: dataset.owner == *manager.email(), dataset: dataset.into() })
}

impl Report for DatasetShown {
    const VERB: &'static str = "dataset-show";

    fn write(&self, page: &mut Page) {
        self.dataset.write(page);
        self.dataset.write_files(page);
        if !self.is_mine {
            let name = self.dataset.full_name();
            page.hint("Where the mock lies:", &format!("syft dataset path {name}"));
        }
    }
}
