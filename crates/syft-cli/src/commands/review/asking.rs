use std::io;

use crate::errors::CliError;
use crate::output::{Screen, keys_in, prompt};
use crate::terminal::{Key, Terminal, size};

/// Questions to the person at the terminal.
pub(super) struct Asking<'a> {
    screen: &'a Screen,
    terminal: Terminal,
}

impl<'a> Asking<'a> {
    pub(super) fn new(screen: &'a Screen) -> Result<Self, CliError> {
        Ok(Asking { screen, terminal: Terminal::open().map_err(no_answer)? })
    }

    /// Shows a question until a key is pressed that is one of its own; `None` at the end.
    pub(super) fn key(
        &mut self,
        question: &str,
        is_one: impl Fn(Key) -> bool,
    ) -> Result<Option<Key>, CliError> {
        self.out(&format!("{}: ", prompt(question)));
        let key = loop {
            match self.terminal.key().map_err(no_answer)? {
                Some(key) if !is_one(key) => {}
                key => break key,
            }
        };
        let width = question.chars().count() + 2;
        // One that takes more than a line stays.
        match width < size().columns {
            true => self.out(&format!("\r{:width$}\r", "")),
            false => self.out("\n"),
        }
        Ok(key)
    }

    /// Leaves a question on the screen, with its answer.
    pub(super) fn echo(&self, question: &str, key: char) {
        self.out(&format!("{}: {key}\n", prompt(question)));
    }

    /// The key of those in brackets that is pressed; `None` at the end.
    pub(super) fn choice(&mut self, question: &str) -> Result<Option<char>, CliError> {
        let is_one = |key| matches!(key, Key::Char(key) if keys_in(question).any(|it| it == key));
        let Some(Key::Char(key)) = self.key(question, is_one)? else { return Ok(None) };
        self.echo(question, key);
        Ok(Some(key))
    }

    /// The line that is typed; `None` at the end.
    pub(super) fn line(&mut self, question: &str) -> Result<Option<String>, CliError> {
        self.out(question);
        self.terminal.line().map_err(no_answer)
    }

    pub(super) fn say(&self, text: &str) {
        self.out(&format!("{}\n", text.trim_end_matches('\n')));
    }

    pub(super) fn out(&self, text: &str) {
        self.screen.out(text);
    }
}

fn no_answer(error: io::Error) -> CliError {
    CliError::usage(format!("could not read the answer: {error}"))
}
