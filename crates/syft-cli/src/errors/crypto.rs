use syft_sync::crypto::Error;

use super::CliError;
use crate::exit::Exit;

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let (exit, code) = match &error {
            Error::Invalid { .. } => (Exit::Usage, "invalid_keys"),
            Error::OtherIdentity { .. } => (Exit::Refused, "other_identity"),
            Error::NotSealed => (Exit::Integrity, "not_sealed"),
            Error::Forged { .. } => (Exit::Integrity, "forged"),
            Error::Damaged { .. } | Error::Cut => (Exit::Integrity, "damaged"),
            Error::NotForMe { .. } => (Exit::Refused, "not_for_me"),
            Error::TooLarge { .. } => (Exit::Refused, "too_large"),
            _ => (Exit::Bug, "unforeseen"),
        };
        let told = CliError::from_source(exit, code, &error);
        match error {
            Error::Core(error) => error.into(),
            _ => told,
        }
    }
}
