use syft_sync::transport::Error;

use super::{CliError, GOOGLE_LOGIN};
use crate::environment::to_log_in;
use crate::exit::Exit;

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let (exit, code) = match &error {
            Error::NotFound { .. } => (Exit::Store, "store_not_found"),
            Error::Denied { .. } => (Exit::Refused, "store_denied"),
            Error::AlreadyExists { .. } | Error::Precondition { .. } => {
                (Exit::Conflict, "store_conflict")
            }
            Error::Quota { .. } => (Exit::Store, "store_full"),
            Error::Unsupported { .. } => (Exit::Refused, "store_unsupported"),
            Error::TooLarge { .. } => (Exit::Refused, "too_large"),
            Error::Throttled { .. } | Error::Temporary { .. } => (Exit::Store, "store_away"),
            _ => (Exit::Store, "store"),
        };
        let told = CliError::from_source(exit, code, &error);
        match &error {
            Error::Denied { context, .. } if context.action == "log in to" => {
                told.then(to_log_in(&context.subject).unwrap_or(GOOGLE_LOGIN))
            }
            _ => told.then("syft doctor"),
        }
    }
}
