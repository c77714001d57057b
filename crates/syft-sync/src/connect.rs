use std::path::PathBuf;
use std::sync::Arc;

use syft_core::Email;
use syft_transport::{FolderTransport, Retry, Transport};
use url::Url;

use crate::{Error, OfflineTransport, Result};

/// The address of a home that has no store: of one that the Python peer made and
/// nobody logged in to.
pub const NO_STORE: &str = "none:";

/// Opens the store of an address. A store that cannot be reached now is no
/// error: work goes on, and what is due waits.
///
/// # Errors
/// [`Error::Config`] for an address that no backend here understands.
pub fn connect(address: &str, identity: &Email) -> Result<Arc<dyn Transport>> {
    if address == NO_STORE {
        let reason = "nobody has logged in here yet";
        return Ok(Arc::new(OfflineTransport::new("no store", identity.clone(), reason)));
    }
    let root = folder(&parse(address)?)?;
    match FolderTransport::open(&root, identity.clone()) {
        Ok(store) => Ok(with_retry(store)),
        Err(error) => {
            let name = format!("folder {}", root.display());
            Ok(Arc::new(OfflineTransport::new(
                name,
                identity.clone(),
                error.context().detail.clone(),
            )))
        }
    }
}

/// Opens the store of an address for the first time, and prepares it if nobody
/// has used it yet: a login, when a folder that is not there is a new one.
///
/// # Errors
/// [`Error::Config`] for an address that no backend here understands;
/// [`Error::Transport`] if the store cannot be prepared.
pub fn connect_new(address: &str, identity: &Email) -> Result<Arc<dyn Transport>> {
    let root = folder(&parse(address)?)?;
    Ok(with_retry(FolderTransport::create(&root, identity.clone())?))
}

fn with_retry(store: FolderTransport) -> Arc<dyn Transport> {
    Arc::new(Retry::new(Arc::new(store)))
}

fn parse(address: &str) -> Result<Url> {
    let url = Url::parse(address).map_err(|error| {
        Error::Config(format!("{address:?} is no store: {error}; a folder is file:///its/path"))
    })?;
    match url.scheme() {
        "file" => Ok(url),
        other => Err(Error::Config(format!(
            "{other}: is no kind of store that this version knows; a folder is file:///its/path"
        ))),
    }
}

fn folder(url: &Url) -> Result<PathBuf> {
    url.to_file_path().map_err(|()| {
        Error::Config(format!("{url} names no folder of this machine; it begins with file:///"))
    })
}
