use std::fmt;

/// Columns of a line that is shown, what stands before the text included.
const COLUMNS: usize = 100;
/// Before what goes on from the line above. Nothing else begins like this, so that
/// no terminal is left to break a line where its end would pass for another line.
const GOES_ON: &str = "      ┆ ";

/// Writes one line of text behind `first`, broken into as many as it needs.
pub(crate) fn line(f: &mut fmt::Formatter<'_>, first: &str, text: &str) -> fmt::Result {
    let mut left = COLUMNS.saturating_sub(width(first));
    f.write_str(first)?;
    for c in text.chars() {
        let needed = columns(c);
        if needed > left {
            write!(f, "\n{GOES_ON}")?;
            left = COLUMNS.saturating_sub(width(GOES_ON));
        }
        left = left.saturating_sub(needed);
        write!(f, "{c}")?;
    }
    writeln!(f)
}

/// Writes lines that somebody else wrote, each with the mark of no line of its own.
pub(crate) fn foreign(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.split('\n').try_for_each(|text| line(f, GOES_ON, text))
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
