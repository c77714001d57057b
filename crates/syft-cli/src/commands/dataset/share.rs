use serde::Serialize;

use super::audience;
use super::view::DatasetView;
use crate::args::DatasetShareArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A dataset that is shared with more people than before.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetShared {
    #[serde(flatten)]
    dataset: DatasetView,
    delivery: Delivery,
}

/// A dataset that is shared with fewer people than before.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetUnshared {
    #[serde(flatten)]
    dataset: DatasetView,
    delivery: Delivery,
}

pub(crate) async fn share(
    context: &Context,
    args: DatasetShareArgs,
) -> Result<DatasetShared, CliError> {
    let manager = context.open()?;
    let dataset = manager.share_dataset(&args.name, audience(&args.users)?, false).await?;
    let delivery = context.deliver(&manager).await;
    Ok(DatasetShared { dataset: dataset.into(), delivery })
}

pub(crate) async fn unshare(
    context: &Context,
    args: DatasetShareArgs,
) -> Result<DatasetUnshared, CliError> {
    let manager = context.open()?;
    let dataset = manager.unshare_dataset(&args.name, &audience(&args.users)?, false).await?;
    let delivery = context.deliver(&manager).await;
    Ok(DatasetUnshared { dataset: dataset.into(), delivery })
}

impl Report for DatasetShared {
    const VERB: &'static str = "dataset-share";

    fn write(&self, page: &mut Page) {
        let DatasetView { name, .. } = &self.dataset;
        page.line(format!("The mock of {name} is shared {}.", self.dataset.shared_in_words()));
    }
}

impl Report for DatasetUnshared {
    const VERB: &'static str = "dataset-unshare";

    fn write(&self, page: &mut Page) {
        let DatasetView { name, .. } = &self.dataset;
        page.line(format!("The mock of {name} is shared {}.", self.dataset.shared_in_words()));
        page.line("Copies that were fetched before cannot be recalled.");
    }
}
