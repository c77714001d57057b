//! Each kind of store: what it is told to reach it, and what it claims to promise.

#[cfg(feature = "azblob")]
mod azblob;
#[cfg(feature = "dropbox")]
mod dropbox;
#[cfg(feature = "gs")]
mod gs;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod s3_profile;
#[cfg(feature = "sftp")]
mod sftp;
#[cfg(feature = "webdav")]
mod webdav;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::opendal::layers::{ConcurrentLimitLayer, RetryLayer, TimeoutLayer};
use ::opendal::{Builder, HttpTransporter, Operator};

use super::StoreLogin;
use super::http::{Outgoing, OwnHttp};
use crate::store_url::Prefix;
use crate::{Capabilities, Error, Result, StoreUrl};

/// How many calls are on their way at the same time.
const CALLS_AT_ONCE: usize = 8;
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Of a body that is sent in one call.
const BODY_TIMEOUT: Duration = Duration::from_secs(300);
/// Tries of a part of what is sent or read, beyond the first. What is tried again as a whole
/// is for [`Retry`](crate::Retry).
const MORE_TRIES: usize = 2;
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Largest object, in bytes, where a body is held in memory to be sent.
#[cfg(any(feature = "webdav", feature = "dropbox"))]
const ONE_SHOT: u64 = 80 * 1024 * 1024;

/// How a kind of store is dealt with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// What it says of itself.
    pub(super) claims: Capabilities,
    /// It writes in place: what is put is given its name when it is whole.
    pub(super) by_rename: bool,
    /// It is told with each write that nothing may be there.
    pub(super) says_absent: bool,
    /// It tells all keys below a prefix in one listing.
    pub(super) lists_deep: bool,
    /// It takes a body in one call only, up to so many bytes.
    pub(super) one_shot: Option<u64>,
    /// How many calls are on their way at the same time.
    calls_at_once: usize,
}

impl Service {
    /// One of those that keep objects under keys, take conditions, and take bodies in parts.
    fn of_objects() -> Self {
        let mut claims = Capabilities::none();
        claims.exclusive_create = true;
        Service {
            claims,
            by_rename: false,
            says_absent: true,
            lists_deep: true,
            one_shot: None,
            calls_at_once: CALLS_AT_ONCE,
        }
    }

    /// One of those that keep files in folders.
    #[cfg(any(feature = "webdav", feature = "sftp", feature = "dropbox"))]
    fn of_files() -> Self {
        Service { by_rename: true, says_absent: false, lists_deep: false, ..Self::of_objects() }
    }
}

/// The way to a store. No call is made.
pub(super) fn service(url: &StoreUrl, login: &StoreLogin) -> Result<(Operator, Service)> {
    match url {
        #[cfg(feature = "s3")]
        StoreUrl::S3(url) => s3::service(url, login),
        #[cfg(feature = "gs")]
        StoreUrl::Gs(url) => gs::service(url, login),
        #[cfg(feature = "azblob")]
        StoreUrl::Azblob(url) => azblob::service(url, login),
        #[cfg(feature = "webdav")]
        StoreUrl::WebDav(url) => webdav::service(url, login),
        #[cfg(feature = "sftp")]
        StoreUrl::Sftp(url) => sftp::service(url, login),
        #[cfg(feature = "dropbox")]
        StoreUrl::Dropbox(url) => dropbox::service(url, login),
        #[allow(unreachable_patterns, reason = "a program may have all kinds of stores, or few")]
        other => {
            let detail = format!("this program was built without {}:", other.scheme());
            Err(Error::permanent("open", other, detail))
        }
    }
}

/// The service that is built so, with its layers from the inside out: how many calls at once,
/// how long each may take, how often it is tried.
fn finish(
    builder: impl Builder,
    service: Service,
    outgoing: Option<Arc<dyn Outgoing>>,
    ca: Option<&Path>,
) -> Result<(Operator, Service)> {
    // Some services ask for credentials before they know of any other client. It is one for all
    // stores of the process, so it is without what one of them adds to its requests.
    HttpTransporter::install_default(OwnHttp::new(None, None)?);
    let http = OwnHttp::new(outgoing, ca)?;
    let operator = Operator::new(builder)
        .map_err(|error| Error::permanent("open", "the store", error.message()))?;
    let context = operator.context().clone().with_http_transport(HttpTransporter::new(http));
    let io_timeout = if service.one_shot.is_some() { BODY_TIMEOUT } else { CALL_TIMEOUT };
    let operator = operator
        .with_context(context)
        .layer(ConcurrentLimitLayer::new(service.calls_at_once))
        .layer(TimeoutLayer::new().with_timeout(io_timeout).with_io_timeout(io_timeout))
        .layer(
            RetryLayer::new()
                .with_max_times(MORE_TRIES)
                .with_max_delay(LONGEST_PAUSE)
                .with_jitter(),
        );
    Ok((operator, service))
}

/// Where the keys begin, as OpenDAL writes it.
fn root(prefix: &Prefix) -> String {
    format!("/{prefix}")
}
