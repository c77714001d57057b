//! What went wrong, as a person can act on it: a word for programs, a message,
//! the next command, and the exit code. Each library's errors have a file.

mod core;
mod crypto;
mod dataset;
mod job;
mod sync;
mod transport;

use std::error::Error as StdError;

pub(crate) use sync::{GOOGLE_LOGIN, verify};

use crate::exit::Exit;

/// An error that ends a command.
#[derive(Debug)]
pub(crate) struct CliError {
    code: &'static str,
    message: String,
    next: Option<String>,
    exit: Exit,
}

impl CliError {
    /// An error with its word for programs.
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        CliError { code, message: message.into(), next: None, exit }
    }

    /// A mistake in what was typed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        CliError::new(Exit::Usage, "usage", message)
    }

    /// Something that must not happen.
    pub(crate) fn bug(message: impl Into<String>) -> Self {
        CliError::new(Exit::Bug, "unforeseen", message)
    }

    /// The same with the command to type next.
    pub(crate) fn then(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// The same, with what it is about said first.
    pub(crate) fn about(mut self, what: &dyn std::fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// An error of a library with everything below it that it does not say itself.
    fn from_source(exit: Exit, code: &'static str, error: &dyn StdError) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        CliError::new(exit, code, message)
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}
