use std::collections::BTreeSet;

use serde::Serialize;
use syft_sync::dataset::NewDataset;
use syft_sync::{CreateOptions, Error};

use super::view::DatasetView;
use super::{audience, write_for_readers};
use crate::args::CreateArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A dataset that was made.
#[derive(Debug, Serialize)]
pub(crate) struct DatasetCreated {
    #[serde(flatten)]
    dataset: DatasetView,
    /// Whether the private part lies in the store too.
    upload_private: bool,
    /// What those type who are to find it.
    reader_commands: BTreeSet<String>,
    delivery: Delivery,
}

pub(crate) async fn run(context: &Context, args: CreateArgs) -> Result<DatasetCreated, CliError> {
    let manager = context.open()?;
    let path = |typed: Option<std::path::PathBuf>| typed.map(|typed| context.path(&typed));
    let new = NewDataset {
        name: args.name,
        mock: path(args.mock),
        private: path(args.private),
        users: audience(&args.share)?,
        summary: args.summary,
        tags: args.tags,
        readme: path(args.readme),
    };
    let upload_private = args.upload_private;
    let reader_commands = manager.commands_for_readers(&new.users)?;
    // What was made is sent by what tells whether it was.
    let options = CreateOptions { upload_private, sync: false };
    let plain = format!("syft dataset create {} --mock PATH --private PATH", new.name);
    let dataset = manager.create_dataset(new, options).await.map_err(|error| match error {
        Error::Refused(_) => CliError::from(error).then(plain),
        error => error.into(),
    })?;
    let delivery = context.deliver(&manager).await;
    Ok(DatasetCreated { dataset: dataset.into(), upload_private, reader_commands, delivery })
}

impl Report for DatasetCreated {
    const VERB: &'static str = "dataset-create";

    fn write(&self, page: &mut Page) {
        self.dataset.write(page);
        if self.upload_private {
            page.line("The private part is kept in the store too, for you alone.");
        }
        write_for_readers(page, &self.reader_commands);
        let name = &self.dataset.name;
        if self.dataset.shared_with.as_ref().is_none_or(Vec::is_empty) {
            page.hint(
                "Nobody sees it yet. To share its mock:",
                &format!("syft dataset share {name} EMAIL"),
            );
        }
    }
}
