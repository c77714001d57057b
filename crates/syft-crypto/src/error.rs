use std::io;

use syft_core::Email;

/// What goes wrong in this crate, by what a caller would do about it. No message holds
/// anything secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A recovery key, key file or bundle that is none.
    #[error("this is no {what}: {reason}")]
    Invalid {
        /// What it should have been, as "recovery key".
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A key file of somebody else.
    #[error("these keys are those of {owner}, not of {asked}")]
    OtherIdentity {
        /// Whose they are.
        owner: String,
        /// Whose they should be.
        asked: Email,
    },
    /// Bytes in the open where sealed ones are expected.
    #[error("it is not sealed")]
    NotSealed,
    /// An envelope that is not signed by the one whom it should be from.
    #[error("it is not from {sender}: {reason}")]
    Forged {
        /// Whom it should be from.
        sender: Email,
        /// What tells it.
        reason: String,
    },
    /// An envelope that is sealed to others.
    #[error("it is not sealed to {recipient}")]
    NotForMe {
        /// Who tried to open it.
        recipient: Email,
    },
    /// An envelope of which the end is not there: nothing of it that is there is wrong. That
    /// what is sealed is cut shows only where it is [known](crate::Limits::there) how much
    /// there is.
    #[error("it is cut off")]
    Cut,
    /// An envelope that was changed, cut off, or sealed to a key that is gone.
    #[error("it cannot be opened: {reason}")]
    Damaged {
        /// What does not fit.
        reason: String,
    },
    /// An envelope that says that it holds more than the reader takes.
    #[error("it holds more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// An envelope that could not be made.
    #[error("it could not be sealed: {reason}")]
    NotMade {
        /// Why.
        reason: String,
    },
    /// Reading or writing the bytes around an envelope failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// As the crate below says.
    #[error(transparent)]
    Core(#[from] syft_core::Error),
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
