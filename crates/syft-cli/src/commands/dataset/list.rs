use serde::Serialize;

use super::view::{DatasetView, files_in_words};
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table};

/// The datasets that are known here, mine first.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetList {
    datasets: Vec<DatasetView>,
}

pub(crate) async fn run(context: &Context) -> Result<DatasetList, CliError> {
    let manager = context.open()?;
    let datasets = manager.datasets().await?;
    context.tell_if_away();
    Ok(DatasetList { datasets: datasets.into_iter().map(DatasetView::from).collect() })
}

impl Report for DatasetList {
    const VERB: &'static str = "dataset-list";

    fn write(&self, page: &mut Page) {
        if self.datasets.is_empty() {
            page.line("No datasets: none of yours, and no peer shares one with you.");
            page.hint("Publish one:", "syft dataset create NAME --mock PATH --private PATH");
            return;
        }
        let mut table = Table::new(["DATASET", "MOCK", "SHARED", "SUMMARY"]);
        for dataset in &self.datasets {
            table.row([
                dataset.full_name(),
                files_in_words(&dataset.mock),
                dataset.shared_in_words(),
                dataset.summary.clone().unwrap_or_default(),
            ]);
        }
        page.table(table);
    }
}
