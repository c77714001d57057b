use std::fmt;

use syft_core::safe_text;

/// Columns of the text of which nobody says where it is shown.
pub(crate) const COLUMNS: usize = 100;
/// The fewest columns that a line is broken for.
const FEWEST_COLUMNS: usize = 40;
/// Before what goes on from the line above. Nothing else begins like this, so that
/// no terminal is left to break a line where its end would pass for another line.
const GOES_ON: &str = "      ┆ ";

/// One line of a text for a terminal: safe to show, and no longer than was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLine {
    /// How it is meant, for who shows it in a style.
    pub meaning: Meaning,
    /// The line, without an end.
    pub text: String,
}

/// How a line is meant. What others wrote has no style of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A line like any other.
    Plain,
    /// What one looks for first: the name of a job or a file.
    Title,
    /// What one may skip.
    Faint,
    /// What may hide something.
    Suspicious,
    /// What to know before deciding.
    Notable,
    /// What was put in.
    Added,
    /// What was taken out.
    Removed,
}

/// Lines broken at the same width; what goes on in the next line is marked.
#[derive(Debug)]
pub(crate) struct Lines {
    columns: usize,
    lines: Vec<ShownLine>,
}

impl Lines {
    pub(crate) fn new(columns: usize) -> Self {
        Lines { columns: columns.max(FEWEST_COLUMNS), lines: Vec::new() }
    }

    pub(crate) fn into_vec(self) -> Vec<ShownLine> {
        self.lines
    }

    /// A text behind `first`, broken into as many lines as it needs.
    pub(crate) fn add(&mut self, meaning: Meaning, first: &str, text: &str) {
        let mut line = first.to_owned();
        let mut left = self.columns.saturating_sub(width(first));
        for c in text.chars() {
            let needed = columns(c);
            if needed > left {
                let whole = std::mem::replace(&mut line, GOES_ON.to_owned());
                self.lines.push(ShownLine { meaning, text: whole });
                left = self.columns.saturating_sub(width(GOES_ON));
            }
            left = left.saturating_sub(needed);
            line.push(c);
        }
        self.lines.push(ShownLine { meaning, text: line });
    }

    /// A sentence of ours behind `first`, broken between words.
    pub(crate) fn sentence(&mut self, first: &str, text: &str) {
        let mut line = String::new();
        let mut before = first;
        for word in text.split_inclusive(' ') {
            if width(before) + width(&line) + width(word.trim_end()) > self.columns
                && !line.is_empty()
            {
                self.plain(before, line.trim_end());
                line.clear();
                before = GOES_ON;
            }
            line.push_str(word);
        }
        self.plain(before, &line);
    }

    pub(crate) fn plain(&mut self, first: &str, text: &str) {
        self.add(Meaning::Plain, first, text);
    }

    pub(crate) fn extend(&mut self, lines: Vec<ShownLine>) {
        self.lines.extend(lines);
    }

    pub(crate) fn empty(&mut self) {
        self.plain("", "");
    }

    /// Lines that somebody else wrote, each with the mark of no line of its own.
    pub(crate) fn foreign(&mut self, text: &str) {
        text.split('\n').for_each(|line| self.plain(GOES_ON, line));
    }
}

impl ShownLine {
    /// A sentence in as many lines as it needs, broken between words. It is shown as it is.
    #[must_use]
    pub fn of_sentence(text: &str, columns: usize) -> Vec<ShownLine> {
        let mut lines = Lines::new(columns);
        lines.sentence("", text);
        lines.into_vec()
    }

    /// A file with its name as a title and its lines numbered, made safe to show.
    #[must_use]
    pub fn of_file(title: &str, text: &str, columns: usize) -> Vec<ShownLine> {
        let mut lines = Lines::new(columns);
        lines.add(Meaning::Title, "── ", title);
        let text = text.strip_suffix('\n').unwrap_or(text);
        for (index, line) in text.split('\n').enumerate() {
            lines.plain(&numbered(index), &safe_text(line));
        }
        lines.into_vec()
    }
}

/// What stands before a line of a file, which is counted from 0.
pub(crate) fn numbered(index: usize) -> String {
    format!("{:>5} │ ", index + 1)
}

/// Writes lines as a text.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, lines: &[ShownLine]) -> fmt::Result {
    lines.iter().try_for_each(|line| writeln!(f, "{}", line.text))
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// What a character takes at most; of those beyond ASCII some take two.
fn columns(c: char) -> usize {
    if c.is_ascii() { 1 } else { 2 }
}

/// Whether a line looks as if it began another one: a number and a rule.
pub(crate) fn looks_like_gutter(text: &str) -> bool {
    let rule = |c: char| matches!(c, '│' | '┆' | '┃' | '┊' | '┇' | '┋' | '║' | '|' | '❘' | '｜');
    text.char_indices().filter(|(_, c)| rule(*c)).any(|(at, c)| {
        let before = text.get(..at).unwrap_or_default();
        let trimmed = before.trim_end();
        let digits = trimmed.trim_end_matches(|c: char| c.is_numeric());
        let is_number = digits.len() < trimmed.len()
            && digits.chars().next_back().is_none_or(char::is_whitespace);
        // A pipe is common in scripts: it stands for the rule only where a line begins.
        let begins = c != '|' || digits.trim().is_empty();
        trimmed.is_empty() && c == '┆' || is_number && before.len() > trimmed.len() && begins
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_a_line_that_poses_as_another_is_recognised() {
        for line in ["echo 1      2 │ echo 2", "    7 │ x", "      ┆ x", "  3 | x"] {
            assert!(looks_like_gutter(line), "{line}");
        }
        for line in ["ls | wc -l", "echo 1 | cat", "a│b", "x1 │ y", ""] {
            assert!(!looks_like_gutter(line), "{line}");
        }
    }
}
