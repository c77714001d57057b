//! What a file is, by its first bytes and its name together.

use std::borrow::Cow;

use infer::MatcherType;
use syft_core::DatasitePath;

use super::{NotRead, Read};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Csv,
    Tsv,
    Json,
    JsonLines,
    Parquet,
    Text,
    Image,
}

/// First bytes of types that hold data and that `infer` does not tell.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x93NUMPY", "it is a NumPy array, which is not looked into"),
    (b"\x89HDF", "it is an HDF5 file, which is not looked into"),
    (b"ARROW1", "it is an Arrow file, which is not looked into"),
    (b"FEA1", "it is a Feather file, which is not looked into"),
    (b"Obj\x01", "it is an Avro file, which is not looked into"),
    (b"SQLite format 3", "it is a database, which is not looked into"),
    (b"\x28\xb5\x2f\xfd", "it is an archive or compressed, which is not looked into"),
    (b"RDX", "it holds objects of R, which are not looked into"),
];

/// Types that are text for those who look at bytes alone, in small letters.
const DOCUMENTS: &[(&[u8], &str)] = &[
    (b"<svg", "it is a drawing that holds its numbers as text"),
    (b"<html", "it is a page that can hold data out of sight"),
    (b"<!doctype html", "it is a page that can hold data out of sight"),
    (b"%pdf", "it is a document that can hold data out of sight"),
    (b"{\\rtf", "it is a document that can hold data out of sight"),
];

const NOT_AS_NAMED: NotRead = NotRead("its content is not what its name says");

pub(super) fn of(path: &DatasitePath, bytes: &[u8]) -> Read<Kind> {
    let named = named(path.file_name())?;
    // Few bytes tell many types: a table that begins with "BMI" is no bitmap.
    if decoded(bytes).is_ok() {
        return match (document(bytes), named) {
            (Some(why), _) => Err(NotRead(why)),
            (None, Some(Kind::Image | Kind::Parquet)) => Err(NOT_AS_NAMED),
            (None, kind) => Ok(kind.unwrap_or(Kind::Text)),
        };
    }
    let is_parquet = bytes.starts_with(b"PAR1");
    match (named, known_type(bytes)?) {
        (Some(Kind::Image), Some(MatcherType::Image)) => Ok(Kind::Image),
        (Some(Kind::Parquet), _) if is_parquet => Ok(Kind::Parquet),
        _ => Err(NOT_AS_NAMED),
    }
}

/// Whether a text is a document that says more to the program that it is for.
fn document(bytes: &[u8]) -> Option<&'static str> {
    let start: Vec<u8> = bytes.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let start = start.trim_ascii_start();
    let inside = start.starts_with(b"<");
    let is = |mark: &&(&[u8], &str)| {
        start.starts_with(mark.0) || (inside && start.windows(mark.0.len()).any(|at| at == mark.0))
    };
    DOCUMENTS.iter().find(is).map(|(_, why)| *why)
}

/// What the name promises; `None` without an ending.
fn named(name: &str) -> Read<Option<Kind>> {
    let Some((stem, ending)) = name.rsplit_once('.') else { return Ok(None) };
    if stem.is_empty() {
        return Ok(None);
    }
    Ok(Some(match ending.to_ascii_lowercase().as_str() {
        "csv" => Kind::Csv,
        "tsv" | "tab" => Kind::Tsv,
        "json" | "geojson" => Kind::Json,
        "jsonl" | "ndjson" => Kind::JsonLines,
        "parquet" | "pq" => Kind::Parquet,
        "txt" | "md" | "log" | "rst" | "yaml" | "yml" | "toml" | "ini" | "tex" | "out" => {
            Kind::Text
        }
        "png" | "jpg" | "jpeg" | "gif" | "webp" => Kind::Image,
        _ => return Err(NotRead("it is of a type that is not looked into")),
    }))
}

/// What the first bytes of a file that is no text say.
fn known_type(bytes: &[u8]) -> Read<Option<MatcherType>> {
    if let Some((_, why)) = MAGIC.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Err(NotRead(why));
    }
    // Pickles from protocol 2 on.
    if matches!(bytes, [0x80, 2..=5, ..]) {
        return Err(NotRead("it holds objects of Python, which run code when they are opened"));
    }
    let Some(kind) = infer::get(bytes) else { return Ok(None) };
    match kind.matcher_type() {
        _ if kind.extension() == "parquet" => Ok(None),
        MatcherType::Image => Ok(Some(MatcherType::Image)),
        MatcherType::Archive => {
            Err(NotRead("it is an archive or compressed, which is not looked into"))
        }
        MatcherType::App => Err(NotRead("it is a program or a database")),
        _ => Err(NotRead("it is of a type that is not looked into")),
    }
}

/// The text of a file: UTF-8, or what spreadsheets write for it; no other bytes.
pub(super) fn decoded(bytes: &[u8]) -> Read<Cow<'_, str>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_control = |b: &u8| *b < 32 && !b"\t\r\n\x0c\x1b".contains(b);
    if bytes.iter().any(is_control) {
        return Err(NotRead("it holds bytes that are no text"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        // Latin-1: few bytes beyond ASCII, and none of the range that no letter has.
        Err(_) if bytes.iter().all(|b| !(0x80..0xa0).contains(b)) => {
            Ok(Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()))
        }
        Err(_) => Err(NotRead("it is no text in UTF-8")),
    }
}
