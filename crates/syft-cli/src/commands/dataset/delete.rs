use serde::Serialize;
use syft_sync::core::DatasetName;

use crate::args::DatasetNameArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A dataset that is gone.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetDeleted {
    name: DatasetName,
    delivery: Delivery,
}

pub(crate) async fn run(
    context: &Context,
    args: DatasetNameArgs,
) -> Result<DatasetDeleted, CliError> {
    let manager = context.open()?;
    manager.delete_dataset(&args.name, false).await?;
    let delivery = context.deliver(&manager).await;
    Ok(DatasetDeleted { name: args.name, delivery })
}

impl Report for DatasetDeleted {
    const VERB: &'static str = "dataset-delete";

    fn write(&self, page: &mut Page) {
        page.line(format!("Deleted {}, the mock and the private copy.", self.name));
        page.line("Mocks that were fetched before cannot be recalled.");
    }
}
