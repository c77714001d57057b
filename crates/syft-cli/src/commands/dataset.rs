//! Datasets: mine, and the mocks that peers share with me.

mod create;
mod delete;
mod list;
mod path;
mod share;
mod show;
mod view;

use std::collections::BTreeSet;

use syft_sync::SyftboxManager;
use syft_sync::core::Email;
use syft_sync::dataset::Audience;

use super::show as print;
use crate::args::{DatasetCommand, DatasetRef};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::Page;

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

/// Tells what those type who are to find my datasets in a store of their own.
pub(super) fn write_for_readers(page: &mut Page, commands: &BTreeSet<String>) {
    if commands.is_empty() {
        return;
    }
    page.line(
        "Your datasets lie in a store of their own. To find them, whoever may have one types:",
    );
    commands.iter().for_each(|command| page.others_command(command));
}

/// Those who were named on the command line.
fn audience(words: &[String]) -> Result<Audience, CliError> {
    Ok(Audience::parse(words)?)
}
