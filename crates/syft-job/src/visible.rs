use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a file of a job is read by an interpreter, as far as its name tells.
pub(crate) fn is_script(path: &str, entrypoint: Option<&str>) -> bool {
    let is_entry = || path.strip_prefix("code/").is_some_and(|name| Some(name) == entrypoint);
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    path == "run.sh" || is_entry() || matches!(ending.as_deref(), Some("sh" | "py"))
}

/// Whether a person can make something of these bytes: UTF-8, or text of another
/// encoding.
pub(crate) fn may_be_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() || !bytes.contains(&0)
}

/// The bytes as text in which each that is no text can be seen.
pub(crate) fn visible(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "‹0x{byte:02X}›");
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_what_an_interpreter_reads_is_a_script() {
        for path in ["run.sh", "code/main", "code/lib/a.PY", "code/x.sh"] {
            assert!(is_script(path, Some("main")), "{path}");
        }
        for path in ["code/data.csv", "main", "code/sh", "code/lib/main", "config.yaml"] {
            assert!(!is_script(path, Some("main")), "{path}");
        }
    }

    #[test]
    fn r6_every_bad_byte_is_seen() {
        assert_eq!(visible(b"caf\xe9 \xf0\x9f\n"), "caf‹0xE9› ‹0xF0›‹0x9F›\n");
        assert_eq!(visible("café".as_bytes()), "café");
    }
}
