/// What goes wrong in this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that is no permission file.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where, counted from 1.
        line: u32,
        /// What does not fit.
        reason: String,
    },
    /// A pattern that has no meaning, or none that is safe.
    #[error("pattern {pattern:?} is not supported: {reason}")]
    Pattern {
        /// The pattern as written.
        pattern: String,
        /// Why not.
        reason: &'static str,
    },
    /// A word that names no level.
    #[error("{0:?} is no level: it is `read`, `write` or `admin`")]
    Level(String),
}

impl Error {
    pub(crate) fn malformed(line: u32, reason: impl Into<String>) -> Self {
        Error::Malformed { line, reason: reason.into() }
    }
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
