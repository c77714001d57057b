use anstyle::{AnsiColor, Style};
use syft_sync::job::{Meaning, ShownLine};

/// What one looks for first.
pub(super) const STRONG: Style = Style::new().bold();
/// What one may skip.
pub(super) const FAINT: Style = Style::new().dimmed();
/// What can be typed as it stands.
pub(super) const COMMAND: Style = AnsiColor::Cyan.on_default();
/// What needs attention.
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What went wrong.
pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();

/// What was put in.
const ADDED: Style = AnsiColor::Green.on_default();
/// What was taken out.
const REMOVED: Style = AnsiColor::Red.on_default();

/// The text in a style; the stream takes the style out where none is wanted.
pub(super) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A question with the keys in it marked that stand in brackets.
pub(crate) fn prompt(question: &str) -> String {
    let mut text = String::new();
    for piece in question.split_inclusive(']') {
        match piece.rsplit_once('[') {
            Some((before, key)) => {
                text.push_str(before);
                text.push_str(&styled(COMMAND, format_args!("[{key}")));
            }
            None => text.push_str(piece),
        }
    }
    text
}

/// The keys of a question: those that stand in brackets alone.
pub(crate) fn keys_in(question: &str) -> impl Iterator<Item = char> + '_ {
    question.split('[').skip(1).filter_map(|piece| {
        let mut letters = piece.chars();
        let key = letters.next()?;
        (letters.next() == Some(']')).then_some(key)
    })
}

/// A line in the style of its meaning.
pub(crate) fn shown(line: &ShownLine) -> String {
    let style = match line.meaning {
        Meaning::Plain => return line.text.clone(),
        Meaning::Title => STRONG,
        Meaning::Faint => FAINT,
        Meaning::Suspicious => ERROR,
        Meaning::Notable => WARNING,
        Meaning::Added => ADDED,
        Meaning::Removed => REMOVED,
    };
    styled(style, &line.text)
}
