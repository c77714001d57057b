use syft_sync::core::Error;

use super::CliError;
use crate::exit::Exit;

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let (exit, code) = match &error {
            Error::Invalid { .. } => (Exit::Usage, "invalid"),
            Error::NotFound(_) => (Exit::NotFound, "not_found"),
            Error::AlreadyExists(_) => (Exit::Conflict, "already_exists"),
            Error::TooLarge { .. } => (Exit::Refused, "too_large"),
            Error::NotRegular { .. } => (Exit::Refused, "not_regular"),
            Error::Locked { .. } => (Exit::Conflict, "home_in_use"),
            Error::Corrupt { .. } => (Exit::Integrity, "damaged"),
            Error::Rejected(_) => (Exit::Refused, "rejected"),
            Error::Io { .. } if error.is_disk_full() => (Exit::Store, "disk_full"),
            Error::Io { .. } => (Exit::Store, "disk"),
            _ => (Exit::Bug, "unforeseen"),
        };
        let told = CliError::from_source(exit, code, &error);
        match error {
            Error::Corrupt { .. } | Error::Locked { .. } => told.then("syft doctor"),
            // Nothing is half-done: with room again the next sync goes on.
            Error::Io { .. } if error.is_disk_full() => told.then("syft sync"),
            _ => told,
        }
    }
}
