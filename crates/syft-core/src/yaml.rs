//! YAML in one place: bounded reading of foreign text, and writing that a
//! YAML 1.1 reader takes back unchanged.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_yaml::granit_parser::{Event, Parser};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use crate::{Error, Result, safe_text, shorten};

/// Largest YAML document that is read, in bytes (`threats.md` I14), unless more is known of it.
pub const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting of lists and maps that is read.
pub const MAX_DEPTH: usize = 16;
/// Longest reason that is given, in characters: it may quote the text.
const MAX_REASON: usize = 500;

/// Reads one document: no anchors, aliases or tags, no merge keys, depth at most
/// 16, no key twice. Words that YAML 1.1 takes for truth values, as `yes`, are
/// taken so where a truth value is asked for, and as text where text is.
///
/// # Errors
/// [`Error::Invalid`] that says what is wrong and where, in at most 500 characters.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T> {
    from_str_within(text, MAX_BYTES)
}

/// The same of a document that may be larger or has to be smaller: `limit` is in bytes.
///
/// # Errors
/// As [`from_str`].
pub fn from_str_within<T: DeserializeOwned>(text: &str, limit: usize) -> Result<T> {
    if text.len() > limit {
        return Err(invalid(&format!("it is larger than {} KiB", limit / 1024)));
    }
    check(text)?;
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
            max_documents: 1,
            max_inclusion_depth: 0,
            // There is none without a byte.
            max_nodes: limit,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| invalid(&error.to_string()))
}

/// Writes a document in block style. Text that a YAML 1.1 reader would take for
/// something else, as `no` or `2026-01-01`, is quoted.
///
/// # Errors
/// [`Error::Encode`] if the value has no YAML form.
pub fn to_string(value: &impl Serialize) -> Result<String> {
    let options = serde_yaml::ser_options! {
        prefer_block_scalars: false,
    };
    serde_yaml::to_string_with_options(value, options)
        .map_err(|error| Error::Encode { what: "YAML", detail: error.to_string() })
}

/// Refuses what the reader itself would let pass, or would take for data:
/// standard tags, and anchors that nothing refers to.
fn check(text: &str) -> Result<()> {
    let limits = serde_yaml::granit_parser::options! { flow_nesting_limit: MAX_DEPTH };
    let mut depth = 0_usize;
    for event in Parser::new_from_str_with_options(text, limits) {
        let (event, span) = event.map_err(|error| invalid(&error.to_string()))?;
        let refused = |what: &str| Err(invalid(&format!("line {}: {what}", span.start.line())));
        let (anchor, tag) = match &event {
            Event::Alias(_) | Event::UnresolvedAlias(_) | Event::Anchor(..) => {
                return refused("anchors and aliases are not allowed");
            }
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag),
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag) => {
                depth += 1;
                (*anchor, tag)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ => continue,
        };
        if anchor != 0 {
            return refused("anchors and aliases are not allowed");
        }
        if tag.is_some() {
            return refused("tags are not allowed");
        }
        if depth > MAX_DEPTH {
            return refused("it is nested deeper than 16 levels");
        }
    }
    Ok(())
}

fn invalid(reason: &str) -> Error {
    // A reason may quote the text, over several lines.
    let shown: Vec<String> = shorten(reason, MAX_REASON).lines().map(safe_text).collect();
    Error::invalid("YAML", "", shorten(&shown.join(" "), MAX_REASON))
}
