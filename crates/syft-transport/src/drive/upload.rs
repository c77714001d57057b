//! Files on their way to Drive: in one request if they are small, in pieces that can be
//! taken up again if they are not (Drive API, "Upload file data").

use bytes::Bytes;
use google_drive3::api::File;
use google_drive3::hyper::Method;
use google_drive3::hyper::header::{HeaderName, LOCATION};
use serde_json::{Value, json};

use super::auth::secure_address;
use super::batch::boundary;
use super::call::{Call, What};
use super::client::Client;
use super::files::FIELDS;
use super::pieces::Pieces;
use crate::{Error, ObjectName, PutBody, Result};

/// What is larger goes in pieces.
const MOST_AT_ONCE: u64 = 5 * 1024 * 1024;

pub(super) const BYTES: &str = "application/octet-stream";
const TEXT: &str = "text/plain";
const UPLOAD_TYPE: HeaderName = HeaderName::from_static("x-upload-content-type");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("x-upload-content-length");

/// What an upload becomes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    /// A file in a folder, under an id of mine.
    New { id: &'a str, folder: &'a str },
    /// What the file of this id is from then on; it stays where it is.
    Over { id: &'a str },
}

impl Target<'_> {
    /// What is said of the file: the id and the folder of one that is there are not changed so.
    fn about(self, name: &ObjectName) -> Value {
        let (name, media_type) = (name.as_str(), media_type(name));
        match self {
            Target::New { id, folder } => {
                json!({ "id": id, "name": name, "parents": [folder], "mimeType": media_type })
            }
            Target::Over { .. } => json!({ "name": name, "mimeType": media_type }),
        }
    }
}

impl Client {
    /// Makes a file, or changes one. It appears as a whole or not at all.
    pub(super) async fn upload(
        &self,
        target: Target<'_>,
        name: &ObjectName,
        body: &PutBody,
        what: &What,
    ) -> Result<File> {
        let (file, md5) = if body.length() <= MOST_AT_ONCE {
            let bytes = body.read(&what.subject, None).await?;
            let md5 = md5_of(&bytes);
            (self.upload_at_once(target, name, &bytes, what).await?, md5)
        } else {
            self.upload_in_pieces(target, name, body, what).await?
        };
        if file.md5_checksum.as_deref() == Some(&md5) {
            return Ok(file);
        }
        if let Some(id) = &file.id {
            self.remove(id, what).await?;
        }
        Err(Error::temporary(what.action, &what.subject, "it arrived damaged"))
    }

    /// Deletes a file of mine.
    pub(super) async fn remove(&self, id: &str, what: &What) -> Result<()> {
        let call = self.call(Method::DELETE, &["files", id], what.clone());
        match self.send(&call).await {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn upload_call(&self, target: Target<'_>, kind: &str, what: &What) -> Call {
        let (method, path) = match target {
            Target::New { .. } => (Method::POST, vec!["files"]),
            Target::Over { id } => (Method::PATCH, vec!["files", id]),
        };
        let address = self.address(&["upload", "drive", "v3"], &path);
        Call::new(method, address, what.clone()).query("uploadType", kind).query("fields", FIELDS)
    }

    async fn upload_at_once(
        &self,
        target: Target<'_>,
        name: &ObjectName,
        bytes: &Bytes,
        what: &What,
    ) -> Result<File> {
        let boundary = boundary()?;
        let (about, media_type) = (target.about(name), media_type(name));
        let mut body = format!(
            "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{about}\r\n\
             --{boundary}\r\nContent-Type: {media_type}\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let call = self
            .upload_call(target, "multipart", what)
            .content(&format!("multipart/related; boundary={boundary}"), body);
        self.json(&call).await
    }

    async fn upload_in_pieces(
        &self,
        target: Target<'_>,
        name: &ObjectName,
        body: &PutBody,
        what: &What,
    ) -> Result<(File, String)> {
        let call = self
            .upload_call(target, "resumable", what)
            .header(UPLOAD_TYPE, BYTES)
            .header(UPLOAD_LENGTH, body.length().to_string())
            .json(&target.about(name));
        let opened = self.send(&call).await?;
        let address = opened.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let address = address.ok_or_else(|| {
            Error::temporary(what.action, &what.subject, "Google opened no way for the upload")
        })?;
        let address = secure_address(address, "the address that Google names for an upload")?;
        Pieces::new(self, address, body, what).send_all().await
    }
}

/// What a Python client gives to the same file (`protocol.md` a.2).
fn media_type(name: &ObjectName) -> &'static str {
    let is_text =
        ["SYFT_", "encryption_bundle_"].iter().any(|start| name.as_str().starts_with(start));
    if is_text { TEXT } else { BYTES }
}

pub(super) fn md5_of(bytes: &[u8]) -> String {
    use md5::{Digest as _, Md5};
    format!("{:x}", Md5::digest(bytes))
}

/// The hash of a body, read to its end.
pub(super) async fn md5_of_body(body: &PutBody) -> Result<String> {
    use futures::TryStreamExt as _;
    use md5::{Digest as _, Md5};
    let mut md5 = Md5::new();
    let mut stream = body.open();
    while let Some(piece) = stream.try_next().await? {
        md5.update(&piece);
    }
    Ok(format!("{:x}", md5.finalize()))
}
