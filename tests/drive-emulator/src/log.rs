//! What a test may ask about afterwards.

use std::collections::BTreeMap;

use hyper::StatusCode;
use syft_loopback::Request;

/// One call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`.
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without its question mark.
    pub query: String,
    /// The address of the account, if the call named one.
    pub user: Option<String>,
    /// None if the connection was cut before an answer.
    pub status: Option<u16>,
    /// Whether it was a part of a batch. The batch itself has a line of its own.
    pub batched: bool,
}

/// A mail that Drive would have sent because something was shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who shared.
    pub from: String,
    /// With whom.
    pub to: String,
    /// The id of what was shared.
    pub file_id: String,
    /// The name of what was shared, then.
    pub file_name: String,
    /// The text that was to go with it.
    pub message: Option<String>,
}

/// A file or folder, whoever may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSnapshot {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The MIME type.
    pub mime: String,
    /// The folder that it is in; an orphan has none.
    pub parent: Option<String>,
    /// The address of the owner.
    pub owner: String,
    /// With whom it itself is shared: the address, domain or `anyone`, and the role.
    pub permissions: BTreeMap<String, String>,
    /// Whether it, or a folder above, is in the trash.
    pub trashed: bool,
    /// The properties that are private to a client: by client id and key.
    pub app_properties: BTreeMap<(String, String), String>,
    /// The bytes; a folder has none.
    pub content: Option<Vec<u8>>,
}

impl RequestLine {
    pub(crate) fn new(
        request: &Request,
        user: Option<String>,
        status: Option<StatusCode>,
        batched: bool,
    ) -> Self {
        RequestLine {
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.raw_query.clone(),
            user,
            status: status.map(|status| status.as_u16()),
            batched,
        }
    }
}
