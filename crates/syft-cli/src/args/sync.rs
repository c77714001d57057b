use clap::Args;
use syft_sync::core::Email;

/// The arguments of `sync`.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Only with this peer; may be given several times
    #[arg(long = "peer", value_name = "EMAIL")]
    pub(crate) peers: Vec<Email>,
}
