use clap::{Args, Subcommand};
use syft_sync::core::Email;

use super::values::address;

/// The commands about peers.
#[derive(Debug, Subcommand)]
pub(crate) enum PeerCommand {
    /// Ask somebody to become a peer
    Add(PeerAddArgs),
    /// List my peers, and who asked
    List,
    /// Accept the request of a peer
    Approve(PeerApproveArgs),
    /// Refuse the request of a peer
    Reject(PeerRejectArgs),
    /// End it with a peer: share nothing any more, and take nothing
    Remove(PeerRemoveArgs),
    /// Reach a peer over another store, and keep what was exchanged
    Move(PeerMoveArgs),
    /// Note that the words of a peer's key are those that it reads out to me
    Verify(PeerVerifyArgs),
}

/// The arguments of `peer add`.
#[derive(Debug, Args)]
pub(crate) struct PeerAddArgs {
    /// Whom to ask
    #[arg(value_name = "EMAIL")]
    pub(crate) email: Email,
    /// Begin anew, also if it was asked or refused before
    #[arg(long)]
    pub(crate) force: bool,
    /// Over which store it is reached, if that is not mine, as file:///its/path; of several
    /// the next is used if the first is away
    #[arg(long, value_parser = address, value_name = "URL")]
    pub(crate) via: Vec<String>,
}

/// The arguments of `peer move`.
#[derive(Debug, Args)]
pub(crate) struct PeerMoveArgs {
    /// Whom
    #[arg(value_name = "EMAIL")]
    pub(crate) email: Email,
    /// Over which store it is to be reached
    #[arg(long, value_parser = address, value_name = "URL")]
    pub(crate) via: String,
    /// The store that is left is gone for good: go on without what lies there
    #[arg(long)]
    pub(crate) give_up_older: bool,
}

/// The arguments of `peer approve`.
#[derive(Debug, Args)]
pub(crate) struct PeerApproveArgs {
    /// Whose request
    #[arg(value_name = "EMAIL")]
    pub(crate) email: Email,
    /// The words that the peer reads out to me, to verify its key
    #[arg(long, conflicts_with = "trust_first")]
    pub(crate) words: Option<String>,
    /// Trust the key that came first; it stays shown as unverified
    #[arg(long)]
    pub(crate) trust_first: bool,
}

/// The arguments of `peer reject`.
#[derive(Debug, Args)]
pub(crate) struct PeerRejectArgs {
    /// Whose request
    #[arg(value_name = "EMAIL")]
    pub(crate) email: Email,
}

/// The arguments of `peer remove`.
#[derive(Debug, Args)]
pub(crate) struct PeerRemoveArgs {
    /// Whom
    #[arg(value_name = "EMAIL")]
    pub(crate) email: Email,
}

/// The arguments of `peer verify`.
#[derive(Debug, Args)]
pub(crate) struct PeerVerifyArgs {
    /// Whom
    #[arg(value_name = "EMAIL")]
    pub(crate) email: Email,
    /// The words that the peer reads out to me; without them I am asked
    #[arg(long)]
    pub(crate) words: Option<String>,
}
