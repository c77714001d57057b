use serde::Serialize;
use syft_sync::dataset::NewDataset;

use super::audience;
use super::view::DatasetView;
use crate::args::CreateArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A dataset that was made.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetCreated {
    #[serde(flatten)]
    dataset: DatasetView,
    delivery: Delivery,
}

pub(crate) async fn run(context: &Context, args: CreateArgs) -> Result<DatasetCreated, CliError> {
    let manager = context.open()?;
    let path = |typed: Option<std::path::PathBuf>| typed.map(|typed| context.path(&typed));
    let dataset = manager.create_dataset(NewDataset {
        name: args.name,
        mock: path(args.mock),
        private: path(args.private),
        users: audience(&args.share)?,
        summary: args.summary,
        tags: args.tags,
        readme: path(args.readme),
    })?;
    let delivery = context.deliver(&manager).await;
    Ok(DatasetCreated { dataset: dataset.into(), delivery })
}

impl Report for DatasetCreated {
    const VERB: &'static str = "dataset-create";

    fn write(&self, page: &mut Page) {
        self.dataset.write(page);
        let name = &self.dataset.name;
        if self.dataset.shared_with.as_ref().is_none_or(Vec::is_empty) {
            page.hint(
                "Nobody sees it yet. To share its mock:",
                &format!("syft dataset share {name} EMAIL"),
            );
        }
    }
}
