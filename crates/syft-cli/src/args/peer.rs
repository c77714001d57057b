use clap::{Args, Subcommand};
use syft_sync::core::Email;

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
