use ::opendal::Operator;
use ::opendal::services::Sftp;

use super::{Service, finish, root};
use crate::Result;
use crate::opendal::StoreLogin;
use crate::store_url::{HostKeys, SftpUrl};

/// Each takes a connection of its own.
const CALLS_AT_ONCE: usize = 4;

/// Who is let in is for the ssh of the machine, its agent and its configuration.
pub(super) fn service(url: &SftpUrl, _: &StoreLogin) -> Result<(Operator, Service)> {
    let user = url.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
    let key = url.key.as_ref().map(|key| key.display().to_string()).unwrap_or_default();
    let host_keys = match url.host_keys {
        HostKeys::Strict => "strict",
        HostKeys::Add => "add",
        HostKeys::Accept => "accept",
    };
    let builder = Sftp::default()
        .endpoint(&format!("ssh://{user}{}{port}", url.host))
        .root(&root(&url.prefix))
        .key(&key)
        .known_hosts_strategy(host_keys);
    let mut service = Service { calls_at_once: CALLS_AT_ONCE, ..Service::of_files() };
    // It gives a file another one's name without a word.
    service.claims.exclusive_create = false;
    finish(builder, service, None, None)
}
