use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Arc, OnceLock};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;
use syft_sync::core::{has_suspicious, safe_text};

use super::progress::Progress;
use super::report::{Envelope, schema};
use super::style::{COMMAND, ERROR, WARNING, styled};
use super::{Page, Report};
use crate::args::{Color, Global};
use crate::environment::Environment;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::terminal;

/// Where things are printed, and how.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    json: bool,
    quiet: bool,
    verbose: bool,
    color: Color,
    no_color: bool,
    /// The home, if it was given as an option: then suggested commands need it too.
    home_option: Option<String>,
}

/// An error as a program reads it.
#[derive(Debug, Serialize)]
struct ErrorBody<'a> {
    schema: String,
    code: &'a str,
    message: &'a str,
    next: Option<&'a str>,
}

/// A note as a program reads it.
#[derive(Debug, Serialize)]
struct NoteBody<'a> {
    schema: String,
    message: &'a str,
}

impl Screen {
    pub(crate) fn new(global: &Global, environment: &Environment) -> Self {
        Screen {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose > 0,
            color: global.color,
            no_color: environment.no_color,
            home_option: global.home.as_ref().map(|home| home.display().to_string()),
        }
    }

    /// Whether a program reads along.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// A suggested command as it has to be typed here.
    pub(crate) fn my_command(&self, command: &str) -> String {
        match (&self.home_option, command.strip_prefix("syft ")) {
            (Some(home), Some(rest)) if !rest.starts_with("--home ") => {
                format!("syft --home {} {rest}", quoted(home))
            }
            _ => command.to_owned(),
        }
    }

    /// How wide a screen is that a person reads; `None` where what is printed goes elsewhere.
    pub(super) fn columns(&self) -> Option<usize> {
        (!self.json && io::stdout().is_terminal()).then(|| terminal::size().columns)
    }

    /// What is written on a page, line by line.
    pub(crate) fn lines(&self, write: impl FnOnce(&mut Page)) -> Vec<String> {
        let mut page = Page::new(self.clone());
        write(&mut page);
        page.into_text().lines().map(str::to_owned).collect()
    }

    /// Prints what a command has to say.
    pub(crate) fn show<R: Report>(&self, report: &R) -> Exit {
        let text = if self.json {
            json(&Envelope::of(report))
        } else {
            let mut page = Page::new(self.clone());
            report.write(&mut page);
            page.into_text()
        };
        self.out(&text);
        report.exit()
    }

    /// Tells something beside the result.
    pub(crate) fn note(&self, message: &str) {
        if self.json {
            self.err(&json_line(&NoteBody { schema: schema("note"), message }));
        } else if !self.quiet {
            self.err(&format!("{} {}\n", styled(WARNING, "note:"), lines(message)));
        }
    }

    /// Tells what went wrong and what to do about it.
    pub(crate) fn error(&self, error: &CliError) -> Exit {
        let next = error.next().map(|command| self.my_command(command));
        if self.json {
            let (code, message) = (error.code(), error.message());
            let next = next.as_deref();
            self.err(&json_line(&ErrorBody { schema: schema("error"), code, message, next }));
        } else {
            let mut text = format!("{} {}\n", styled(ERROR, "error:"), lines(error.message()));
            if let Some(next) = next {
                text.push_str(&format!(" next: {}\n", styled(COMMAND, next)));
            }
            self.err(&text);
        }
        error.exit()
    }

    /// Shows how far long work is, where that can be seen.
    pub(crate) fn progress(&self, away: Arc<OnceLock<String>>) -> Progress {
        Progress::new(self, away)
    }

    /// Prints to stdout as it is, coloured or not; a reader that went away is
    /// no error.
    pub(crate) fn out(&self, text: &str) {
        let stdout = io::stdout();
        let choice = self.choice(stdout.is_terminal());
        let mut stream = AutoStream::new(stdout.lock(), choice);
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }

    /// Prints lines to stdout byte for byte; to a terminal made safe to show, which is then
    /// answered with `true`. A reader that went away is no error.
    pub(crate) fn raw(&self, lines: &[u8]) -> Result<bool, CliError> {
        let mut stdout = io::stdout().lock();
        let is_terminal = stdout.is_terminal();
        let written = if is_terminal {
            let text = String::from_utf8_lossy(lines);
            text.lines().try_for_each(|line| writeln!(stdout, "{}", safe_text(line)))
        } else {
            stdout.write_all(lines)
        };
        match written.and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let message = format!("could not write to the standard output: {error}");
                Err(CliError::new(Exit::Store, "disk", message))
            }
            _ => Ok(is_terminal),
        }
    }

    /// Prints to stderr as it is, coloured or not.
    pub(crate) fn err(&self, text: &str) {
        let stderr = io::stderr();
        let choice = self.choice(stderr.is_terminal());
        let mut stream = AutoStream::new(stderr.lock(), choice);
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }

    /// Asks the person at the terminal for a line; `None` if there is nobody to ask.
    pub(crate) fn ask(&self, question: &str) -> io::Result<Option<String>> {
        let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
        if !can_ask || self.is_json() {
            return Ok(None);
        }
        self.err(question);
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(Some(line.trim().to_owned()))
    }

    fn choice(&self, is_terminal: bool) -> ColorChoice {
        match self.color {
            Color::Always => ColorChoice::Always,
            Color::Auto if is_terminal && !self.no_color => ColorChoice::Always,
            Color::Auto | Color::Never => ColorChoice::Never,
        }
    }
}

/// Prints what `clap` says: help, the version, or that it did not understand.
pub(crate) fn usage(error: &clap::Error, environment: &Environment) -> Exit {
    let is_json = std::env::args_os().any(|word| word == "--json");
    let screen = Screen::new(&Global { json: is_json, ..Global::default() }, environment);
    let text = error.render();
    if !error.use_stderr() {
        screen.out(&text.ansi().to_string());
        return Exit::Done;
    }
    if is_json {
        let text = text.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let first = text.split("\n\n").next().unwrap_or(text);
        return screen.error(&CliError::usage(first).then("syft --help"));
    }
    screen.err(&text.ansi().to_string());
    Exit::Usage
}

fn json(value: &impl Serialize) -> String {
    // Plain data with text keys: this cannot fail.
    serde_json::to_string_pretty(value).map(|text| escaped(&text) + "\n").unwrap_or_default()
}

/// One line, so that several can be told apart.
fn json_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).map(|text| escaped(&text) + "\n").unwrap_or_default()
}

/// The same JSON with every character escaped that a terminal obeys, or that changes
/// how others are shown: it may be looked at too. Outside of a text none stands but the
/// line breaks between fields.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !has_suspicious(c.encode_utf8(&mut [0; 4])) {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

/// Foreign text in a message, with its line breaks kept.
fn lines(message: &str) -> String {
    message.lines().map(safe_text).collect::<Vec<_>>().join("\n       ")
}

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_json_holds_no_character_that_a_terminal_obeys() {
        let value =
            vec!["a\u{1b}[2J", "\u{9b}31m\u{7f}", "\u{202e}evil\u{2066}", "\u{e0001}\t\n é"];
        for text in [json(&value), json_line(&value)] {
            let raw = text.trim_end_matches('\n').replace("\n", "");
            assert!(!has_suspicious(&raw), "{text}");
            assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), value);
        }
        assert!(json_line(&value).contains(r"\u009b31m\u007f"));
        assert!(json_line(&value).contains(r"\udb40\udc01") && json_line(&value).contains('é'));
    }
}
