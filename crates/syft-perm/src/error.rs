use syft_core::{safe_text, shorten};

/// Longest reason that is given, in characters: it may quote the file.
const MAX_REASON: usize = 500;

/// What goes wrong in this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that is no permission file.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where, counted from 1.
        line: u32,
        /// What does not fit, in at most 500 characters that are safe to show.
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
    /// An edit that a rule stands in the way of; the file must be edited by hand.
    #[error("{}the rule for {pattern:?} stands in the way: {reason}", at_line(*.line))]
    Edit {
        /// Where the rule starts, counted from 1; `None` if it was not read from a file.
        line: Option<u32>,
        /// The pattern of the rule.
        pattern: String,
        /// What it does.
        reason: &'static str,
    },
    /// A permission file that cannot be read, and so must not be written.
    #[error("{reason}")]
    BadFile {
        /// The folder of the file, relative to the datasite; empty for the datasite itself.
        folder: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A path about which no rule can be written.
    #[error("{0:?} is no path inside the datasite")]
    Path(String),
    /// A word that names no level.
    #[error("{0:?} is no level: it is `read`, `write` or `admin`")]
    Level(String),
}

fn at_line(line: Option<u32>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

impl Error {
    pub(crate) fn malformed(line: u32, reason: impl AsRef<str>) -> Self {
        // It may quote the file, over several lines.
        let start = shorten(reason.as_ref(), MAX_REASON);
        let shown: Vec<String> = start.lines().map(safe_text).collect();
        Error::Malformed { line, reason: shorten(&shown.join(" "), MAX_REASON) }
    }
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
