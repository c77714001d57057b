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
    /// Make no checkpoint, even if one is due
    #[arg(long)]
    pub(crate) no_checkpoint: bool,
    /// Make a checkpoint after so many events
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) checkpoint_threshold: usize,
    /// Make a full one in place of so many incremental ones
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) compact_threshold: usize,
}
