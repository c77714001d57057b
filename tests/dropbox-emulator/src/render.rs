//! What is told of files and folders.

use serde_json::{Value, json};
use syft_loopback::{Millis, to_text};

use crate::path::Path;
use crate::tree::Node;

/// A file or folder where it could be either: with its tag.
pub(crate) fn tagged(node: &Node) -> Value {
    let mut value = plain(node);
    if let Some(fields) = value.as_object_mut() {
        let tag = if node.file.is_some() { "file" } else { "folder" };
        fields.insert(".tag".to_owned(), tag.into());
    }
    value
}

/// A file or folder where it can be nothing else.
pub(crate) fn plain(node: &Node) -> Value {
    let path = &node.path;
    let Some(file) = &node.file else {
        return json!({
            "name": path.name(),
            "path_lower": path.lower,
            "path_display": path.shown,
            "id": node.id,
        });
    };
    json!({
        "name": path.name(),
        "path_lower": path.lower,
        "path_display": path.shown,
        "id": node.id,
        "client_modified": seconds(file.client_modified),
        "server_modified": seconds(file.server_modified),
        "rev": file.rev,
        "size": file.bytes.len(),
        "is_downloadable": true,
        "content_hash": file.hash,
    })
}

/// Something that is there no more.
pub(crate) fn deleted(path: &Path) -> Value {
    json!({
        ".tag": "deleted",
        "name": path.name(),
        "path_lower": path.lower,
        "path_display": path.shown,
    })
}

/// JSON that may stand in a header.
pub(crate) fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if (' '..='~').contains(&letter) {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

/// `2015-05-12T15:50:38Z`.
fn seconds(time: Millis) -> String {
    let text = to_text(time);
    text.split_once('.').map_or(text.clone(), |(whole, _)| format!("{whole}Z"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ascii, seconds};

    #[test]
    fn a_header_holds_ascii_alone() {
        let value = json!({"name": "ä😀\u{7f}"});
        let text = ascii(&value);
        assert_eq!(text, r#"{"name":"\u00e4\ud83d\ude00\u007f"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn times_have_whole_seconds() {
        assert_eq!(seconds(1_700_000_000_999), "2023-11-14T22:13:20Z");
    }
}
