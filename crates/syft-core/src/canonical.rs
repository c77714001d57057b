use serde::Serialize;

use crate::{Error, Result};

/// The one canonical JSON spelling of a value (RFC 8785): what digests are made over.
///
/// # Errors
/// [`Error::Encode`] if the value holds a number that JSON cannot hold.
pub fn canonical_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(value)
        .map_err(|error| Error::Encode { what: "canonical JSON", detail: error.to_string() })
}
