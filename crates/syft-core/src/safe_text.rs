use std::fmt::Write as _;

/// Foreign text as it may be shown: control, bidirectional, zero-width and other
/// invisible characters become visible, `‹U+202E›` (`threats.md` R6, B11). The
/// tab stays; a line break does not, so show several lines one by one.
#[must_use]
pub fn safe_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_suspicious(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "‹U+{:04X}›", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The first characters of a text, with a sign that it goes on.
#[must_use]
pub fn shorten(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether [`safe_text`] would change the text.
#[must_use]
pub fn has_suspicious(text: &str) -> bool {
    text.chars().any(is_suspicious)
}

/// Characters that change how others are shown, or that show nothing at all.
pub(crate) fn is_suspicious(c: char) -> bool {
    if c.is_ascii() {
        // Nearly all characters of names and texts.
        return c.is_ascii_control() && c != '\t';
    }
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5
            | 0x180B..=0x180F            // Mongolian selectors
            | 0x200B..=0x200F            // zero width, direction marks
            | 0x2028..=0x202E            // line and paragraph separators, embeddings
            | 0x2060..=0x206F            // joiners, isolates, invisible operators
            | 0x2800 | 0x3164 | 0xFFA0   // blanks that look like nothing
            | 0xFE00..=0xFE0F | 0xFEFF   // variation selectors, byte order mark
            | 0xFFF9..=0xFFFB
            | 0x1D173..=0x1D17A
            | 0xE0000..=0xE0FFF          // tags and further selectors
            | 0xE000..=0xF8FF | 0xF0000..=0x10FFFF) // private use
        || c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(
            safe_text("a\u{202e}b\u{1b}[2J\r\u{200b}"),
            "a‹U+202E›b‹U+001B›[2J‹U+000D›‹U+200B›"
        );
        assert_eq!(safe_text("naïve\tText — 漢字"), "naïve\tText — 漢字");
        assert!(has_suspicious("\u{feff}"));
        assert!(!has_suspicious("plain"));
    }
}
