use std::collections::BTreeSet;

use serde::Serialize;

use super::view::DatasetView;
use super::{audience, write_for_readers};
use crate::args::DatasetShareArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A dataset that is shared with more people than before.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetShared {
    #[serde(flatten)]
    dataset: DatasetView,
    /// What those type who are to find it.
    reader_commands: BTreeSet<String>,
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
    let audience = audience(&args.users)?;
    let reader_commands = manager.commands_for_readers(&audience)?;
    let dataset = manager.share_dataset(&args.name, audience, false).await?;
    let delivery = context.deliver(&manager).await;
    Ok(DatasetShared { dataset: dataset.into(), reader_commands, delivery })
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
        write_for_readers(page, &self.reader_commands);
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
