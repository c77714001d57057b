//! The people that this identity exchanges with.

mod add;
mod approve;
mod compare;
mod list;
mod moved;
mod reject;
mod remove;
mod verify;
mod view;

use syft_sync::core::Email;

use super::show;
use crate::args::PeerCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::quoted;

pub(super) async fn run(context: &Context, command: PeerCommand) -> Result<Exit, CliError> {
    match command {
        PeerCommand::Add(args) => show(context, add::run(context, args).await),
        PeerCommand::List => show(context, list::run(context).await),
        PeerCommand::Approve(args) => show(context, approve::run(context, args).await),
        PeerCommand::Reject(args) => show(context, reject::run(context, args).await),
        PeerCommand::Remove(args) => show(context, remove::run(context, args).await),
        PeerCommand::Move(args) => show(context, moved::run(context, args).await),
        PeerCommand::Verify(args) => show(context, verify::run(context, args).await),
    }
}

/// A folder that was typed as a path only lacks the first word.
fn not_a_url(error: syft_sync::Error, typed: &str, verb: &str, email: &Email) -> CliError {
    let told = CliError::from(error);
    match typed.starts_with('/') {
        true => told
            .then(format!("syft peer {verb} {email} --via {}", quoted(&format!("file://{typed}")))),
        false => told,
    }
}

/// Of somebody who never asked one wants to know who did.
fn not_asked(error: syft_sync::Error) -> CliError {
    match error {
        syft_sync::Error::UnknownPeer(_) => CliError::from(error).then("syft peer list"),
        other => other.into(),
    }
}
