use clap::{Args, Subcommand};
use syft_sync::core::Email;

/// The commands about the owner's rules.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List the rules of private/policy.yaml
    List,
    /// Add a rule by which jobs of the same bytes as an approved one are approved
    Add(PolicyAddArgs),
    /// Say whether the rules approve a job, and why: exit code 4 if they do not
    Test(PolicyTestArgs),
    /// Cut a rule out
    Remove(PolicyRemoveArgs),
}

/// The arguments of `policy add`.
#[derive(Debug, Args)]
pub(crate) struct PolicyAddArgs {
    /// A job that I approved
    #[arg(long, value_name = "JOB")]
    pub(crate) from_job: String,
    /// Whose jobs, instead of its submitter's; may be given several times
    #[arg(long = "peer", value_name = "EMAIL")]
    pub(crate) peers: Vec<Email>,
    /// A JSON file of the job whose values the submitter may choose; may be given
    /// several times
    #[arg(long = "free-file", value_name = "FILE")]
    pub(crate) free_files: Vec<String>,
}

/// The arguments of `policy test`.
#[derive(Debug, Args)]
pub(crate) struct PolicyTestArgs {
    /// The job: id, prefix of it, submitter/name, or name
    pub(crate) job: String,
}

/// The arguments of `policy remove`.
#[derive(Debug, Args)]
pub(crate) struct PolicyRemoveArgs {
    /// The rule, by its name or by its number in the list
    #[arg(value_name = "N")]
    pub(crate) rule: String,
}
