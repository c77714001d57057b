use anstyle::{AnsiColor, Style};

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

/// The text in a style; the stream takes the style out where none is wanted.
pub(super) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
