//! The arguments, as `clap` reads them: one file per group of commands.

mod audit;
mod checkpoint;
mod dataset;
mod job;
mod keys;
mod limits;
mod login;
mod peer;
mod perm;
mod policy;
mod quarantine;
mod reset;
mod run;
mod shell;
mod sync;
mod transport;
mod values;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use syft_sync::core::Email;

pub(crate) use audit::{
    AuditCommand, AuditExportArgs, AuditLogArgs, AuditTrafficArgs, AuditVerifyArgs,
};
pub(crate) use checkpoint::CheckpointCommand;
pub(crate) use dataset::{
    CreateArgs, DatasetCommand, DatasetNameArgs, DatasetRefArgs, DatasetShareArgs,
};
pub(crate) use job::{
    ApproveArgs, DecideArgs, JobArgs, JobCommand, JobListArgs, JobRerunArgs, JobRunArgs, LogsArgs,
    NewRunArgs, OutputsArgs, RehearseArgs, ReleaseArgs, ReturnArgs, SubmitArgs,
};
pub(crate) use keys::{KeysCommand, KeysExportArgs, KeysImportArgs};
pub(crate) use limits::LimitArgs;
pub(crate) use login::LoginArgs;
pub(crate) use peer::{
    PeerAddArgs, PeerApproveArgs, PeerCommand, PeerMoveArgs, PeerRejectArgs, PeerRemoveArgs,
    PeerVerifyArgs,
};
pub(crate) use perm::{
    PermChangeArgs, PermCheckArgs, PermCommand, PermExplainArgs, PermListArgs, PermShowArgs,
};
pub(crate) use policy::{PolicyAddArgs, PolicyCommand, PolicyRemoveArgs, PolicyTestArgs};
pub(crate) use quarantine::{QuarantineCommand, QuarantineItemArgs};
pub(crate) use reset::{DoctorArgs, ResetArgs};
pub(crate) use run::{DemoArgs, ReviewArgs, RunArgs};
pub(crate) use shell::{CompletionsArgs, ManArgs};
pub(crate) use sync::SyncArgs;
pub(crate) use transport::{TransportCommand, TransportUrlArgs};
pub(crate) use values::{DatasetRef, seconds};

/// Private data science over storage that both sides already trust.
#[derive(Debug, Parser)]
#[command(name = "syft", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options that every command has.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The folder that holds all datasites; one home is one identity
    /// [env: SYFTBOX_FOLDER] [default: ~/syftbox]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Go on only if the home belongs to EMAIL [env: SYFTBOX_EMAIL]
    #[arg(long = "as", global = true, value_name = "EMAIL")]
    pub(crate) identity: Option<Email>,
    /// Print one JSON object for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Do not sync before showing something [env: PRE_SYNC=false]
    #[arg(long, global = true)]
    pub(crate) no_sync: bool,
    /// Leave the store alone: what is due waits for the next sync
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Print results only, no hints
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours [env: NO_COLOR] [default: auto]
    #[arg(
        long,
        global = true,
        value_name = "auto|always|never",
        default_value = "auto",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub(crate) color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do, in the order of a first day.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play both sides here in ten seconds, and prove what was promised
    Demo(DemoArgs),
    /// Make a home here: who I am, and which store my peers and I share
    Login(LoginArgs),
    /// Show who I am here
    Whoami,
    /// Show who must act next, and what came and went
    Status,
    /// Exchange everything with the store
    Sync(SyncArgs),
    /// The people that I exchange with
    #[command(subcommand)]
    Peer(PeerCommand),
    /// Who I am to my peers: my keys, and the words by which they know them
    #[command(subcommand)]
    Keys(KeysCommand),
    /// My datasets, and the mocks of my peers
    #[command(subcommand)]
    Dataset(DatasetCommand),
    /// Run a script on somebody's data: send it, wait, fetch what is released
    Run(RunArgs),
    /// Go through the jobs that wait for me, one by one
    Review(ReviewArgs),
    /// The jobs sent to me, and those that I sent
    #[command(subcommand)]
    Job(JobCommand),
    /// Which jobs I approve without a look, and what of a dataset never leaves
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Who may read and write what in my datasite
    #[command(subcommand)]
    Perm(PermCommand),
    /// The backup of my datasite in the store
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// Messages that were malformed or refused
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// What was decided, what ran, what left
    #[command(subcommand)]
    Audit(AuditCommand),
    /// What a store keeps of what it promises, and what to tell those who run it
    #[command(subcommand)]
    Transport(TransportCommand),
    /// Check this machine: the box for jobs, the store, the home
    Doctor(DoctorArgs),
    /// Delete everything of mine: in the store and here, after telling my peers
    Reset(ResetArgs),
    /// Print a script that teaches a shell to complete these commands
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder
    Man(ManArgs),
}
