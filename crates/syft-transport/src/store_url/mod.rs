//! The address of a store of somebody else's: which it is, and where in it.

mod iam;
mod kinds;
mod parts;

use std::fmt;
use std::str::FromStr;

use self::parts::{Parts, Written};
use crate::Result;

pub use iam::{Condition, IamPolicy, Prefixes, Statement};
pub use kinds::{AzblobUrl, DropboxUrl, GsUrl, HostKeys, S3Url, SftpUrl, WebDavUrl};
pub use parts::Prefix;

/// The address of a store that is reached over a network: which it is, and where in it.
/// It holds no secret, so that it may be shown, kept and backed up; what is needed to get in
/// comes from elsewhere.
///
/// The same store under the same options has one [text](fmt::Display), which is what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreUrl {
    /// `s3://bucket/prefix`: Amazon S3, and what speaks like it.
    S3(S3Url),
    /// `gs://bucket/prefix`: Google Cloud Storage.
    Gs(GsUrl),
    /// `azblob://container/prefix?account=NAME`: Azure Blob Storage.
    Azblob(AzblobUrl),
    /// `webdav://host/path`: WebDAV over HTTPS, as Nextcloud and ownCloud have it.
    WebDav(WebDavUrl),
    /// `sftp://user@host/path`: the files of a machine that lets me in by SSH.
    Sftp(SftpUrl),
    /// `dropbox:///path`: a folder of a Dropbox account.
    Dropbox(DropboxUrl),
}

impl StoreUrl {
    /// The schemes that are known, as they are typed.
    pub const SCHEMES: [&str; 6] = ["s3", "gs", "azblob", "webdav", "sftp", "dropbox"];

    /// Reads an address.
    ///
    /// # Errors
    /// [`Error::Permanent`](crate::Error::Permanent) that names the broken rule: another
    /// scheme, an unknown option, a password, `..` in a path, a bucket without a name, or an
    /// endpoint without TLS that is not on this machine. No password that was typed is in it.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = Parts::parse(text)?;
        match parts.scheme.as_str() {
            "s3" => S3Url::read(parts).map(StoreUrl::S3),
            "gs" => GsUrl::read(parts).map(StoreUrl::Gs),
            "azblob" => AzblobUrl::read(parts).map(StoreUrl::Azblob),
            "webdav" => WebDavUrl::read(parts).map(StoreUrl::WebDav),
            "sftp" => SftpUrl::read(parts).map(StoreUrl::Sftp),
            "dropbox" => DropboxUrl::read(parts).map(StoreUrl::Dropbox),
            other => Err(parts::reject(format!(
                "{other}: is no kind of store that this version knows; it knows {}",
                StoreUrl::SCHEMES.map(|scheme| format!("{scheme}:")).join(", ")
            ))),
        }
    }

    /// How it begins, as `s3`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self {
            StoreUrl::S3(_) => "s3",
            StoreUrl::Gs(_) => "gs",
            StoreUrl::Azblob(_) => "azblob",
            StoreUrl::WebDav(_) => "webdav",
            StoreUrl::Sftp(_) => "sftp",
            StoreUrl::Dropbox(_) => "dropbox",
        }
    }

    /// Where in the store the keys begin.
    #[must_use]
    pub fn prefix(&self) -> &Prefix {
        match self {
            StoreUrl::S3(url) => &url.prefix,
            StoreUrl::Gs(url) => &url.prefix,
            StoreUrl::Azblob(url) => &url.prefix,
            StoreUrl::WebDav(url) => &url.prefix,
            StoreUrl::Sftp(url) => &url.prefix,
            StoreUrl::Dropbox(url) => &url.prefix,
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = Written::new(self.scheme(), self.prefix());
        let written = match self {
            StoreUrl::S3(url) => url.write(written),
            StoreUrl::Gs(url) => url.write(written),
            StoreUrl::Azblob(url) => url.write(written),
            StoreUrl::WebDav(url) => url.write(written),
            StoreUrl::Sftp(url) => url.write(written),
            StoreUrl::Dropbox(_) => written,
        };
        written.fmt(f)
    }
}

impl FromStr for StoreUrl {
    type Err = crate::Error;
    fn from_str(text: &str) -> Result<Self> {
        StoreUrl::parse(text)
    }
}
