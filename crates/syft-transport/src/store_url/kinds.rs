use std::path::PathBuf;

use url::Url;

use super::parts::{Parts, Prefix, Written, reject, with_user};
use crate::Result;
use crate::endpoint::is_loopback;

/// A bucket of Amazon S3, or of what speaks like it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct S3Url {
    /// The bucket.
    pub bucket: String,
    /// Where in it.
    pub prefix: Prefix,
    /// `region=`: where the bucket is; what the environment says if it is not given.
    pub region: Option<String>,
    /// `endpoint=`: another server than Amazon's.
    pub endpoint: Option<Url>,
    /// `profile=`: which of the logins in `~/.aws` is used.
    pub profile: Option<String>,
    /// `role=`: which role is taken on with that login.
    pub role: Option<String>,
    /// `style=virtual`: the bucket is named in the host and not in the path.
    pub is_virtual: bool,
    /// `instance=yes`: the machine of Amazon's on which this runs may vouch for me.
    pub instance: bool,
    /// `ca=`: the file of the authority that vouches for the server, if it is a private one.
    pub ca: Option<PathBuf>,
}

impl S3Url {
    pub(super) fn read(mut parts: Parts) -> Result<Self> {
        let url = S3Url {
            bucket: parts.bucket("bucket")?,
            region: parts.take("region")?,
            endpoint: parts.take_endpoint()?,
            profile: parts.take("profile")?,
            role: parts.take("role")?,
            is_virtual: parts.take_word("style", &[("path", false), ("virtual", true)])?,
            instance: parts.take_word("instance", &[("no", false), ("yes", true)])?,
            ca: parts.take_ca()?,
            prefix: std::mem::take(&mut parts.prefix),
        };
        parts.finish(&["region", "endpoint", "profile", "role", "style", "instance", "ca"])?;
        if url.ca.is_some() && url.endpoint.as_ref().is_none_or(|at| at.scheme() != "https") {
            return Err(reject("ca= is for the https: endpoint of a server of your own"));
        }
        Ok(url)
    }

    pub(super) fn write<'a>(&self, written: Written<'a>) -> Written<'a> {
        written
            .at(&self.bucket)
            .option("region", self.region.as_ref())
            .option("endpoint", self.endpoint.as_ref())
            .option("profile", self.profile.as_ref())
            .option("role", self.role.as_ref())
            .option("style", self.is_virtual.then_some("virtual"))
            .option("instance", self.instance.then_some("yes"))
            .option("ca", self.ca.as_ref().map(|ca| ca.display()))
    }
}

/// A bucket of Google Cloud Storage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GsUrl {
    /// The bucket.
    pub bucket: String,
    /// Where in it.
    pub prefix: Prefix,
    /// `endpoint=`: another server of Google's than the usual one, or one of this machine.
    pub endpoint: Option<Url>,
}

impl GsUrl {
    pub(super) fn read(mut parts: Parts) -> Result<Self> {
        let url = GsUrl {
            bucket: parts.bucket("bucket")?,
            endpoint: parts.take_endpoint()?,
            prefix: std::mem::take(&mut parts.prefix),
        };
        if let Some(endpoint) = &url.endpoint
            && !is_loopback(endpoint)
            && !endpoint.host_str().is_some_and(|host| host.ends_with(".googleapis.com"))
        {
            // What lets somebody in at Google is told as it is.
            return Err(reject("its endpoint= is to be a host of googleapis.com"));
        }
        parts.finish(&["endpoint"])?;
        Ok(url)
    }

    pub(super) fn write<'a>(&self, written: Written<'a>) -> Written<'a> {
        written.at(&self.bucket).option("endpoint", self.endpoint.as_ref())
    }
}

/// A container of Azure Blob Storage.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AzblobUrl {
    /// The container.
    pub container: String,
    /// Where in it.
    pub prefix: Prefix,
    /// `account=`: the storage account that the container is in.
    pub account: String,
    /// `endpoint=`: another server than that of the account.
    pub endpoint: Option<Url>,
}

impl AzblobUrl {
    pub(super) fn read(mut parts: Parts) -> Result<Self> {
        let account = parts
            .take("account")?
            .ok_or_else(|| reject("it names no account: azblob://container/folder?account=NAME"))?;
        // It becomes the first part of a host.
        if !account.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            return Err(reject("its account consists of small letters and digits"));
        }
        let url = AzblobUrl {
            container: parts.bucket("container")?,
            account,
            endpoint: parts.take_endpoint()?,
            prefix: std::mem::take(&mut parts.prefix),
        };
        parts.finish(&["account", "endpoint"])?;
        Ok(url)
    }

    pub(super) fn write<'a>(&self, written: Written<'a>) -> Written<'a> {
        written
            .at(&self.container)
            .option("account", Some(&self.account))
            .option("endpoint", self.endpoint.as_ref())
    }
}

/// A folder that a server gives out over WebDAV (RFC 4918).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct WebDavUrl {
    /// The server, as `https://cloud.example.org`.
    pub endpoint: Url,
    /// Where in it.
    pub prefix: Prefix,
    /// `ca=`: the file of the authority that vouches for the server, if it is a private one.
    pub ca: Option<PathBuf>,
}

impl WebDavUrl {
    pub(super) fn read(mut parts: Parts) -> Result<Self> {
        if parts.user.is_some() {
            return Err(reject("the user of WebDAV is no part of it: it comes with the password"));
        }
        let scheme = parts.take_word("tls", &[("yes", "https"), ("no", "http")])?;
        let host = with_user(None, &parts.host()?, parts.port);
        let endpoint = Url::parse(&format!("{scheme}://{host}"));
        let endpoint = endpoint.map_err(|error| reject(error.to_string()))?;
        if scheme == "http" && !is_loopback(&endpoint) {
            return Err(reject("tls=no is for 127.0.0.1 and localhost only"));
        }
        let ca = parts.take_ca()?;
        if ca.is_some() && scheme == "http" {
            return Err(reject("nobody vouches for a server without TLS: ca= or tls=no"));
        }
        let url = WebDavUrl { endpoint, prefix: std::mem::take(&mut parts.prefix), ca };
        parts.finish(&["tls", "ca"])?;
        Ok(url)
    }

    pub(super) fn write<'a>(&self, written: Written<'a>) -> Written<'a> {
        let host = self.endpoint.host_str().unwrap_or_default();
        written
            .at(with_user(None, host, self.endpoint.port()))
            .option("tls", (self.endpoint.scheme() == "http").then_some("no"))
            .option("ca", self.ca.as_ref().map(|ca| ca.display()))
    }
}

/// A folder of a machine that lets me in by SSH.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SftpUrl {
    /// Who I am there; what the configuration of ssh says if it is not given.
    pub user: Option<String>,
    /// The machine, or its alias in the configuration of ssh.
    pub host: String,
    /// Another port than what the configuration of ssh says.
    pub port: Option<u16>,
    /// Where in its file system, from the root.
    pub prefix: Prefix,
    /// `key=`: the file of the key that opens; what ssh finds if it is not given.
    pub key: Option<PathBuf>,
    /// `host_key=`: what is done about the key of a machine that ssh has not met.
    pub host_keys: HostKeys,
}

/// What is done about the key of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostKeys {
    /// `strict`: ssh knows it, or nothing is sent.
    Strict,
    /// `add`: that of a machine which ssh has not met is learned.
    Add,
    /// `accept`: whichever it has. On this machine only.
    Accept,
}

impl SftpUrl {
    pub(super) fn read(mut parts: Parts) -> Result<Self> {
        let words =
            [("strict", HostKeys::Strict), ("add", HostKeys::Add), ("accept", HostKeys::Accept)];
        let url = SftpUrl {
            user: parts.user.take(),
            host: parts.host()?,
            port: parts.port,
            key: parts.take("key")?.map(PathBuf::from),
            host_keys: parts.take_word("host_key", &words)?,
            prefix: std::mem::take(&mut parts.prefix),
        };
        // It becomes a word of a command line.
        if url.user.as_ref().is_some_and(|user| user.starts_with('-') || user.contains('@')) {
            return Err(reject("its user must not begin with a dash, or hold an @"));
        }
        if url.prefix.names().is_empty() {
            return Err(reject("it names no folder: sftp://user@host/its/path"));
        }
        if url.key.as_ref().is_some_and(|key| key.is_relative()) {
            return Err(reject("its key is the absolute path of a file"));
        }
        let is_here = Url::parse(&format!("http://{}/", url.host)).is_ok_and(|at| is_loopback(&at));
        if url.host_keys == HostKeys::Accept && !is_here {
            return Err(reject("host_key=accept is for 127.0.0.1 and localhost only"));
        }
        parts.finish(&["key", "host_key"])?;
        Ok(url)
    }

    pub(super) fn write<'a>(&self, written: Written<'a>) -> Written<'a> {
        let host_key = match self.host_keys {
            HostKeys::Strict => None,
            HostKeys::Add => Some("add"),
            HostKeys::Accept => Some("accept"),
        };
        written
            .at(with_user(self.user.as_deref(), &self.host, self.port))
            .option("key", self.key.as_ref().map(|key| key.display()))
            .option("host_key", host_key)
    }
}

/// A folder of a Dropbox account, from its root or from that of an app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DropboxUrl {
    /// Where in it.
    pub prefix: Prefix,
}

impl DropboxUrl {
    pub(super) fn read(mut parts: Parts) -> Result<Self> {
        if !parts.host.is_empty() || parts.user.is_some() || parts.port.is_some() {
            return Err(reject("it begins with dropbox:///, with three slashes"));
        }
        let url = DropboxUrl { prefix: std::mem::take(&mut parts.prefix) };
        parts.finish(&[])?;
        Ok(url)
    }
}
