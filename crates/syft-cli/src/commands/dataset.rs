//! Datasets: mine, and the mocks that peers share with me.

mod create;
mod delete;
mod list;
mod path;
mod share;
mod show;
mod view;

use syft_sync::SyftboxManager;
use syft_sync::core::Email;
use syft_sync::dataset::Audience;

use super::show as print;
use crate::args::{DatasetCommand, DatasetRef};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) use view::bytes;

pub(super) async fn run(context: &Context, command: DatasetCommand) -> Result<Exit, CliError> {
    match command {
        DatasetCommand::Create(args) => print(context, create::run(context, args).await),
        DatasetCommand::Share(args) => print(context, share::share(context, args).await),
        DatasetCommand::Unshare(args) => print(context, share::unshare(context, args).await),
        DatasetCommand::Delete(args) => print(context, delete::run(context, args).await),
        DatasetCommand::List => print(context, list::run(context).await),
        DatasetCommand::Show(args) => print(context, show::run(context, args).await),
        DatasetCommand::Path(args) => print(context, path::run(context, &args).await),
    }
}

/// Whose dataset is meant.
fn owner_of(manager: &SyftboxManager, dataset: &DatasetRef) -> Email {
    dataset.owner.clone().unwrap_or_else(|| manager.email().clone())
}

/// Those who were named on the command line.
fn audience(words: &[String]) -> Result<Audience, CliError> {
    Ok(Audience::parse(words)?)
}
