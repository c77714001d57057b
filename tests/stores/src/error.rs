//! Why there is no server.

use std::fmt;

/// The result of starting a server.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no server.
#[derive(Debug)]
pub enum Error {
    /// A program is not on this machine.
    Missing {
        /// What it would have served, as `s3 (moto)`.
        store: &'static str,
        /// What is missing, as `/usr/sbin/sshd`.
        what: String,
        /// What to type to have it.
        how_to_get_it: &'static str,
    },
    /// It is there, and did not come up.
    Failed {
        /// What it would have served.
        store: &'static str,
        /// What happened, with what the server said.
        why: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Missing { store, what, how_to_get_it } => {
                write!(f, "{store}: {what} is missing: {how_to_get_it}")
            }
            Error::Failed { store, why } => write!(f, "{store}: {why}"),
        }
    }
}

impl std::error::Error for Error {}
