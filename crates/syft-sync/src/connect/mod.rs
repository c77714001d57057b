//! How a home reaches its store.

mod address;
#[cfg(feature = "drive")]
mod drive;
#[cfg(feature = "drive")]
mod google;
#[cfg(feature = "drive")]
mod home_cache;
mod opener;

use std::sync::Arc;

use syft_core::{Disk, Email};
use syft_transport::{FolderTransport, Retry, Transport};

use self::address::Address;
pub use self::address::{GOOGLE_DRIVE, NO_STORE};
#[cfg(feature = "drive")]
pub use self::drive::GoogleStatus;
#[cfg(feature = "drive")]
pub use self::google::{GoogleAccount, GoogleLogin};
pub use self::opener::StoreOpener;
use crate::{Error, OfflineTransport, Result};

/// How somebody reaches stores by their addresses: `file:///its/path` for a folder,
/// `gdrive:` for Google Drive.
#[derive(Debug, Clone)]
pub struct Stores {
    identity: Email,
    /// Where a login is kept, and what is known of a store.
    home: Option<Arc<dyn Disk>>,
    #[cfg(feature = "drive")]
    google: drive::Google,
}

impl Stores {
    /// The stores of somebody who has no home yet.
    #[must_use]
    pub fn of(identity: Email) -> Self {
        Stores {
            identity,
            home: None,
            #[cfg(feature = "drive")]
            google: drive::Google::default(),
        }
    }

    /// With the home, in which a login at Google is found, and in whose cache it is kept
    /// what saves calls.
    #[must_use]
    pub fn in_home(mut self, disk: Arc<dyn Disk>) -> Self {
        self.home = Some(disk);
        self
    }

    /// Opens the store of an address. A store that cannot be reached now is no
    /// error: work goes on, and what is due waits.
    ///
    /// # Errors
    /// [`Error::Config`] for an address that no backend here understands;
    /// [`Error::LoginExposed`]; the disk.
    pub fn open(&self, address: &str) -> Result<Arc<dyn Transport>> {
        match Address::parse(address)? {
            Address::None => Ok(self.away("no store", "nobody has logged in here yet")),
            Address::Folder(root) => match FolderTransport::open(&root, self.identity.clone()) {
                Ok(store) => Ok(with_retry(store)),
                Err(error) => {
                    Ok(self.away(format!("folder {}", root.display()), &error.context().detail))
                }
            },
            Address::Drive => self.open_drive(),
        }
    }

    /// Opens the store of an address for the first time, and prepares it if nobody
    /// has used it yet: a login, when a folder that is not there is a new one.
    ///
    /// # Errors
    /// [`Error::Config`] for an address that no backend here understands;
    /// [`Error::Transport`] if the store cannot be prepared; [`Error::NoGoogleLogin`];
    /// [`Error::LoginExposed`]; the disk.
    pub fn create(&self, address: &str) -> Result<Arc<dyn Transport>> {
        match Address::parse(address)? {
            Address::None => Err(Error::Config(format!("{NO_STORE} is no store"))),
            Address::Folder(root) => {
                Ok(with_retry(FolderTransport::create(&root, self.identity.clone())?))
            }
            Address::Drive => self.create_drive(),
        }
    }

    fn away(&self, name: impl Into<String>, reason: &str) -> Arc<dyn Transport> {
        Arc::new(OfflineTransport::new(name, self.identity.clone(), reason))
    }
}

#[cfg(not(feature = "drive"))]
impl Stores {
    fn open_drive(&self) -> Result<Arc<dyn Transport>> {
        Ok(self.away("Google Drive", address::NOT_BUILT_IN))
    }

    fn create_drive(&self) -> Result<Arc<dyn Transport>> {
        Err(Error::Config(address::NOT_BUILT_IN.to_owned()))
    }
}

fn with_retry(store: impl Transport + 'static) -> Arc<dyn Transport> {
    Arc::new(Retry::new(Arc::new(store)))
}
