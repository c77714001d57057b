use syft_sync::dataset::Error;

use super::CliError;
use crate::exit::Exit;

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let (exit, code) = match &error {
            Error::NotFound { .. } => (Exit::NotFound, "dataset_not_found"),
            Error::NameTaken { .. } | Error::NameFolds { .. } => (Exit::Conflict, "name_taken"),
            Error::NoPlace { .. } => (Exit::Conflict, "no_place"),
            Error::NoMock(_) => (Exit::Usage, "no_mock"),
            Error::NoPrivate(_) => (Exit::NotFound, "no_private_data"),
            Error::MockIsPrivate { .. } => (Exit::Refused, "mock_is_private"),
            Error::Source { .. } => (Exit::Usage, "bad_source"),
            Error::TooLarge { .. } => (Exit::Refused, "too_large"),
            Error::Damaged { .. } => (Exit::Integrity, "damaged"),
            Error::NotACopy(_) => (Exit::Refused, "not_a_copy"),
            Error::SharedWithAny(_) => (Exit::Conflict, "shared_with_any"),
            Error::Core(_) => (Exit::Bug, "unforeseen"),
            _ => (Exit::Bug, "unforeseen"),
        };
        let told = CliError::from_source(exit, code, &error);
        match error {
            Error::Core(error) => error.into(),
            Error::NotFound { .. } | Error::NoPrivate(_) => told.then("syft dataset list"),
            Error::NameTaken { existing, .. } | Error::NameFolds { existing, .. } => {
                told.then(format!("syft dataset show {existing}"))
            }
            Error::NoMock(name) => {
                told.then(format!("syft dataset create {name} --mock PATH --private PATH"))
            }
            Error::SharedWithAny(name) => told.then(format!("syft dataset unshare {name} any")),
            _ => told,
        }
    }
}
