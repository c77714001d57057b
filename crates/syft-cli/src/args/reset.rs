use clap::Args;
use syft_sync::core::Email;

/// The arguments of `reset`.
#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// Only this home: all datasites, my own with its private data, and the state
    #[arg(long)]
    pub(crate) local: bool,
    /// Only what is mine in the store
    #[arg(long)]
    pub(crate) remote: bool,
    /// List what would go, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not tell the peers to forget what they were sent
    #[arg(long)]
    pub(crate) no_broadcast: bool,
    /// My address, typed out: this cannot be undone
    #[arg(long, value_name = "EMAIL")]
    pub(crate) yes: Option<Email>,
}

/// The arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// First put right what can be put right without losing anything
    #[arg(long)]
    pub(crate) repair: bool,
}
