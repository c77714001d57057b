use url::{Host, Url};

use crate::{Error, Result};

/// An address that secrets may be sent to; `what` names it in the error.
///
/// # Errors
/// [`Error::Permanent`] if it is no address, names a user or a password, or is neither
/// `https` nor on this machine.
pub(crate) fn parse(text: &str, what: &str) -> Result<Url> {
    let reject = |detail: String| Err(Error::permanent("use", what, detail));
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return reject(error.to_string()),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        let detail = "it must begin with https://; http:// is for 127.0.0.1 and localhost only";
        return reject(detail.to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return reject("it must not name a user or a password".to_owned());
    }
    Ok(url)
}

/// Whether an address leads to this machine (RFC 8252, section 7.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
