//! What a test may ask about afterwards.

use syft_loopback::Request;

use crate::tree::Node;

/// One call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// Nearly always `POST`.
    pub method: String,
    /// The path as it was sent: `/2/files/upload`.
    pub path: String,
    /// What was in `Dropbox-API-Arg`, if it was there.
    pub arg: Option<String>,
    /// How many bytes the body had.
    pub length: usize,
    /// The address of the account, if the call named one.
    pub user: Option<String>,
    /// None if the connection was cut before an answer.
    pub status: Option<u16>,
}

impl RequestLine {
    pub(crate) fn new(request: &Request, user: Option<String>) -> Self {
        RequestLine {
            method: request.method.to_string(),
            path: request.path.clone(),
            arg: request.header("dropbox-api-arg").map(str::to_owned),
            length: request.body.len(),
            user,
            status: None,
        }
    }
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntrySnapshot {
    /// `path_display`.
    pub path: String,
    /// `id:…`.
    pub id: String,
    /// The revision; a folder has none.
    pub rev: Option<String>,
    /// The bytes; a folder has none.
    pub content: Option<Vec<u8>>,
}

impl EntrySnapshot {
    pub(crate) fn of(node: &Node) -> Self {
        EntrySnapshot {
            path: node.path.shown.clone(),
            id: node.id.clone(),
            rev: node.file.as_ref().map(|file| file.rev.clone()),
            content: node.file.as_ref().map(|file| file.bytes.to_vec()),
        }
    }
}
