use std::fmt;

use crate::{Error, Result};

/// Reads a file name that has one spelling only: what `read` finds in it must
/// print as the same text again, so nothing is ever re-built from its parts
/// into another name than was found.
pub(crate) fn canonical_name<T: fmt::Display>(
    kind: &'static str,
    grammar: &str,
    text: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T> {
    read(text)
        .filter(|name| name.to_string() == text)
        .ok_or_else(|| Error::invalid(kind, text, format!("it must be spelled {grammar}")))
}
