use syft_sync::job::{Error, Status};

use super::CliError;
use crate::exit::Exit;

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let (exit, code) = match &error {
            Error::NotFound(_) => (Exit::NotFound, "job_not_found"),
            Error::Ambiguous { .. } => (Exit::NotFound, "ambiguous"),
            Error::NameTaken { .. } => (Exit::Conflict, "name_taken"),
            Error::Script { .. } => (Exit::Usage, "bad_script"),
            Error::NotRehearsed { .. } => (Exit::Conflict, "not_rehearsed"),
            Error::Malformed { .. } => (Exit::Refused, "malformed_job"),
            Error::NoPlace { .. } => (Exit::Conflict, "no_place"),
            Error::NotOwner { .. } => (Exit::Refused, "not_owner"),
            Error::NotSubmitter { .. } => (Exit::Refused, "not_submitter"),
            Error::WrongState { status: Status::Rejected, action: "run", .. } => {
                (Exit::Refused, "rejected")
            }
            Error::WrongState { .. } => (Exit::Conflict, "wrong_state"),
            Error::Changed { .. } => (Exit::Conflict, "job_changed"),
            Error::Integrity { .. } | Error::Altered { .. } => (Exit::Integrity, "integrity"),
            Error::Requirement { .. } => (Exit::Refused, "bad_package"),
            Error::NoPackages { .. } => (Exit::Refused, "no_packages"),
            Error::PackagesMissing { .. } => (Exit::Refused, "packages_missing"),
            Error::Packages { .. } => (Exit::Store, "packages"),
            Error::NoDataset(_) => (Exit::NotFound, "no_private_data"),
            Error::NoMock { .. } => (Exit::NotFound, "no_mock"),
            Error::RunnerBusy => (Exit::Conflict, "runner_busy"),
            Error::Isolation { .. } => (Exit::Refused, "isolation"),
            Error::Box(_) => (Exit::Bug, "box"),
            Error::NoOutput { .. } => (Exit::NotFound, "no_output"),
            Error::NoRun { .. } => (Exit::NotFound, "no_run"),
            Error::Comment(_) => (Exit::Usage, "bad_comment"),
            Error::Policy { .. } => (Exit::Refused, "policy"),
            Error::PolicyFile { .. } => (Exit::Refused, "policy_file"),
            Error::NoRule(_) => (Exit::NotFound, "rule_not_found"),
            Error::Stopped => (Exit::Interrupted, "stopped"),
            _ => (Exit::Bug, "unforeseen"),
        };
        let told = CliError::from_source(exit, code, &error);
        match error {
            Error::Core(error) => error.into(),
            Error::NotFound(_) | Error::Ambiguous { .. } => told.then("syft job list"),
            Error::NameTaken { owner, .. } | Error::NotOwner { owner, .. } => {
                told.then(format!("syft job list --to {owner}"))
            }
            Error::NotSubmitter { submitter } => {
                told.then(format!("syft job list --from {submitter}"))
            }
            Error::Script { .. } => told.then("syft job submit --help"),
            Error::NoPackages { .. } => told.then("syft login --packages index"),
            Error::PackagesMissing { job, .. } => told.then(format!("syft job approve {job}")),
            Error::RunnerBusy => told.then("syft job list --status running"),
            Error::WrongState { job, .. }
            | Error::Malformed { job, .. }
            | Error::NoRun { job, .. }
            | Error::Altered { job, .. } => told.then(format!("syft job show {job}")),
            Error::Changed { job, .. } => told.then(format!("syft job diff {job}")),
            Error::NoOutput { job, .. } => told.then(format!("syft job outputs {job}")),
            Error::NoDataset(_) | Error::NoMock { .. } => told.then("syft dataset list"),
            Error::Integrity { .. } => told.then("syft audit verify"),
            Error::Isolation { .. } | Error::Box(_) => told.then("syft doctor"),
            Error::Policy { .. } | Error::NoRule(_) => told.then("syft policy list"),
            _ => told,
        }
    }
}
