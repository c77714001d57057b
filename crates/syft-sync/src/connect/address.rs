use std::path::PathBuf;

use syft_transport::StoreUrl;
use url::Url;

use crate::{Error, Result};

/// The address of a home that has no store: of one that the Python peer made and
/// nobody logged in to.
pub const NO_STORE: &str = "none:";

/// The address of Google Drive; the account is that of the home.
pub const GOOGLE_DRIVE: &str = "gdrive:";

#[cfg(not(feature = "drive"))]
pub(super) const NOT_BUILT_IN: &str = "this program was built without Google Drive";

/// The address of a store as it is kept: the same store is the same text, however it was
/// typed. What is no address stays as it is, and is told of by whoever opens it.
#[must_use]
pub fn one_form(typed: &str) -> String {
    if let Ok(url) = StoreUrl::parse(typed) {
        return url.to_string();
    }
    // A folder is the same with a slash behind it and without.
    let short = typed.trim_end_matches('/');
    if short.ends_with(':') { typed.to_owned() } else { short.to_owned() }
}

/// What an address stands for.
pub(super) enum Address {
    None,
    Folder(PathBuf),
    Drive,
    Remote(Box<StoreUrl>),
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            NO_STORE => return Ok(Address::None),
            GOOGLE_DRIVE => return Ok(Address::Drive),
            _ => {}
        }
        let url = Url::parse(text).map_err(|error| {
            Error::Config(format!("{text:?} is no store: {error}; a folder is file:///its/path"))
        })?;
        match url.scheme() {
            "file" => folder(&url),
            "gdrive" => Err(Error::Config(format!(
                "{text:?} is no store: Google Drive is {GOOGLE_DRIVE} with nothing behind it, \
                 and its account is that of the login"
            ))),
            scheme if StoreUrl::SCHEMES.contains(&scheme) => {
                let url = StoreUrl::parse(text);
                url.map(|url| Address::Remote(Box::new(url)))
                    .map_err(|error| Error::Config(error.to_string()))
            }
            other => Err(Error::Config(format!(
                "{other}: is no kind of store that this version knows; a folder is \
                 file:///its/path, Google Drive is {GOOGLE_DRIVE}, and others begin with {}",
                StoreUrl::SCHEMES.map(|scheme| format!("{scheme}:")).join(", ")
            ))),
        }
    }
}

fn folder(url: &Url) -> Result<Address> {
    let path = url.to_file_path().map_err(|()| {
        Error::Config(format!("{url} names no folder of this machine; it begins with file:///"))
    })?;
    Ok(Address::Folder(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_store_is_the_same_text() {
        let kept = one_form("s3://bucket?endpoint=http://127.0.0.1:90");
        // What a home was logged in with is what a peer is reached over.
        assert_eq!(one_form(&kept), kept);
        assert_eq!(one_form("s3://bucket/?endpoint=http://127.0.0.1:90/"), kept);
        assert_eq!(one_form("file:///mnt/shared/"), "file:///mnt/shared");
        for typed in ["file:///", "gdrive:", "none:", "mail:///var/mail", "/mnt/shared"] {
            assert_eq!(one_form(typed), typed);
        }
    }
}
