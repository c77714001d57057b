use std::fmt::Write as _;

use super::Scalar;

/// A key with a list below it, in block style; `[]` if it is empty.
pub(crate) fn list(out: &mut String, indent: &str, key: &str, items: &[String]) {
    if items.is_empty() {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(out, "{indent}{key}: []");
        return;
    }
    let _ = writeln!(out, "{indent}{key}:");
    for item in items {
        let _ = writeln!(out, "{indent}- {}", scalar(item));
    }
}

/// A text as a scalar that every reader takes back as this text: bare, in
/// single quotes if it would mean something else, in double quotes with escapes
/// if it holds anything but printable ASCII.
pub(crate) fn scalar(text: &str) -> String {
    if !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return escaped(text);
    }
    if is_safe_bare(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

fn is_safe_bare(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let second_is_blank = text.chars().nth(1).is_none_or(|c| c == ' ');
    let bad_start = "#,[]{}&*!|>'\"%@`".contains(first)
        || matches!(first, '?' | ':' | '-') && second_is_blank
        || text.starts_with("---")
        || text.starts_with("...")
        || matches!(text, "<<" | "=")
        || first == ' ';
    let bad_inside =
        text.contains(": ") || text.contains(" #") || text.ends_with(':') || text.ends_with(' ');
    !bad_start && !bad_inside && matches!(Scalar::from_plain(text), Scalar::Text(_))
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let code = u32::from(c);
        let _ = match c {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            '\0' => write!(out, "\\0"),
            ' '..='~' => write!(out, "{c}"),
            _ if code <= 0xFF => write!(out, "\\x{code:02X}"),
            _ if code <= 0xFFFF => write!(out, "\\u{code:04X}"),
            _ => write!(out, "\\U{code:08X}"),
        };
    }
    out.push('"');
    out
}
