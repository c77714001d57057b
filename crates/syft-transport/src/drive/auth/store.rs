use std::fmt;

use syft_core::Timestamp;

use super::TokenFile;
use crate::Result;

/// Where a renewed login is kept, for the next process.
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Keeps a login, in a file of mode 0600 and whole or not at all. It may block. A
    /// file that is not of the [same login](TokenFile::is_same_login) as what was kept or
    /// read last is left alone: somebody logged in meanwhile.
    ///
    /// # Errors
    /// What the disk says. The token is used nevertheless; see [`TokenStatus::unsaved`].
    fn save(&self, file: &TokenFile) -> Result<()>;
}

/// What is known about how long a login lasts, to be said before it bites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStatus {
    /// When the access token ends, if that is known.
    pub expires_at: Option<Timestamp>,
    /// Whether a new access token can be had without a person.
    pub refreshable: bool,
    /// When the login itself ends, if Google said so; a person has to log in then. The
    /// logins of a program that Google lists as "testing" end after seven days.
    pub refresh_expires_at: Option<Timestamp>,
    /// Why the login that was renewed last could not be kept; none if it was.
    pub unsaved: Option<String>,
    /// Why no token is to be had any more without a person, since this process asked.
    pub refused: Option<String>,
}
