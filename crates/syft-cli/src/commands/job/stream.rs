//! What a job prints, made safe to show: control characters become visible.

use syft_sync::core::safe_text;
use syft_sync::job::sandbox::{LogSink, LogStream};

use crate::output::Screen;

/// Longest line that is held back until it ends, in bytes.
const LONGEST_LINE: usize = 8 * 1024;

/// Shows a job's output line by line as it comes.
#[derive(Debug)]
pub(in crate::commands) struct Stream {
    screen: Option<Screen>,
    /// What stands before each line.
    mark: &'static str,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Stream {
    /// Shows the output there, or nowhere.
    pub(in crate::commands) fn new(screen: Option<Screen>) -> Self {
        Stream { screen, mark: "  │ ", stdout: Vec::new(), stderr: Vec::new() }
    }

    /// The same with nothing before the lines.
    pub(in crate::commands) fn plain(screen: Option<Screen>) -> Self {
        Stream { mark: "", ..Stream::new(screen) }
    }

    fn show(&self, line: &[u8]) {
        if let Some(screen) = &self.screen {
            let text = String::from_utf8_lossy(line);
            screen.out(&format!("{}{}\n", self.mark, safe_text(&text)));
        }
    }
}

impl LogSink for Stream {
    fn chunk(&mut self, stream: LogStream, bytes: &[u8]) {
        let mut kept = std::mem::take(match stream {
            LogStream::Stdout => &mut self.stdout,
            LogStream::Stderr => &mut self.stderr,
        });
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    kept.extend_from_slice(end);
                    self.show(&kept);
                    kept.clear();
                }
                None => kept.extend_from_slice(piece),
            }
            if kept.len() > LONGEST_LINE {
                self.show(&kept);
                kept.clear();
            }
        }
        match stream {
            LogStream::Stdout => self.stdout = kept,
            LogStream::Stderr => self.stderr = kept,
        }
    }

    /// Shows what has no line break yet.
    fn end(&mut self) {
        for rest in [std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr)] {
            if !rest.is_empty() {
                self.show(&rest);
            }
        }
    }
}

/// The lines of a foreign text, each safe to show.
pub(in crate::commands) fn safe_lines(text: &str) -> impl Iterator<Item = String> + '_ {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split('\n').map(safe_text)
}
