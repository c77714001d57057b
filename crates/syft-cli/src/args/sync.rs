use clap::Args;
use syft_sync::core::Email;

/// The arguments of `sync`.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Only with this peer; may be given several times
    #[arg(long = "peer", value_name = "EMAIL")]
    pub(crate) peers: Vec<Email>,
    /// Go on: sync whenever a file changes here, and every ten seconds, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
}
