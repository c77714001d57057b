//! How a home reaches its store.

mod address;
#[cfg(feature = "drive")]
mod drive;
#[cfg(feature = "drive")]
mod google;
#[cfg(any(feature = "drive", feature = "opendal"))]
mod home_cache;
mod opener;
mod own;
#[cfg(feature = "opendal")]
mod remote;
mod reopened;

use std::sync::Arc;

use syft_core::{Disk, Email};
#[cfg(not(feature = "opendal"))]
use syft_transport::StoreUrl;
use syft_transport::{FolderTransport, Info, Probe, Retry, Transport, probe};

use self::address::Address;
pub use self::address::{GOOGLE_DRIVE, NO_STORE, one_form};
#[cfg(feature = "drive")]
pub use self::drive::GoogleStatus;
#[cfg(feature = "drive")]
pub use self::google::{GoogleAccount, GoogleLogin};
pub use self::opener::StoreOpener;
pub use self::own::StoreKind;
#[cfg(feature = "opendal")]
pub use self::remote::StoreLogins;
pub(crate) use self::reopened::Reopened;
use crate::{Error, OfflineTransport, Result};

/// How somebody reaches stores by their addresses: `file:///its/path` for a folder,
/// `gdrive:` for Google Drive, a [`StoreUrl`](syft_transport::StoreUrl) for any other.
#[derive(Debug, Clone)]
pub struct Stores {
    identity: Email,
    /// Where a login is kept, and what is known of a store.
    home: Option<Arc<dyn Disk>>,
    /// What the program brings itself.
    kinds: Vec<Arc<dyn StoreKind>>,
    #[cfg(feature = "drive")]
    google: drive::Google,
    /// What lets me in to the other kinds of stores.
    #[cfg(feature = "opendal")]
    logins: Option<Arc<dyn StoreLogins>>,
}

impl Stores {
    /// The stores of somebody who has no home yet.
    #[must_use]
    pub fn of(identity: Email) -> Self {
        Stores {
            identity,
            home: None,
            kinds: Vec::new(),
            #[cfg(feature = "drive")]
            google: drive::Google::default(),
            #[cfg(feature = "opendal")]
            logins: None,
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
    /// error: work goes on, what is due waits, and [`Transport::refresh`] tries again.
    ///
    /// # Errors
    /// [`Error::Config`] for an address that no backend here understands;
    /// [`Error::LoginExposed`]; the disk.
    pub fn open(&self, address: &str) -> Result<Arc<dyn Transport>> {
        if let Some(own) = self.own(address, false) {
            return own;
        }
        match Address::parse(address)? {
            Address::None => Ok(Arc::new(self.away("no store", "nobody has logged in here yet"))),
            Address::Folder(root) => {
                let (name, identity) =
                    (format!("folder {}", root.display()), self.identity.clone());
                let open = move || FolderTransport::open(&root, identity.clone()).map(with_retry);
                Ok(open().unwrap_or_else(|error| {
                    let away = self.away(name, &error.context().detail);
                    Arc::new(Reopened::new(away, move || open().ok()))
                }))
            }
            Address::Drive => self.open_drive(),
            Address::Remote(url) => self.open_remote(&url),
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
        if let Some(own) = self.own(address, true) {
            return own;
        }
        match Address::parse(address)? {
            Address::None => Err(Error::Config(format!("{NO_STORE} is no store"))),
            Address::Folder(root) => {
                Ok(with_retry(FolderTransport::create(&root, self.identity.clone())?))
            }
            Address::Drive => self.create_drive(),
            Address::Remote(url) => self.create_remote(&url),
        }
    }

    /// Finds out what the store of an address keeps of what it promises, by trying. A folder
    /// that is not there is not made.
    ///
    /// # Errors
    /// As for [`Stores::create`], and what the store answers.
    pub async fn check(&self, address: &str) -> Result<(Info, Probe)> {
        if let Some(own) = self.own(address, true) {
            let store = own?;
            return Ok((store.info().clone(), probe(&*store).await?));
        }
        let store = match Address::parse(address)? {
            #[cfg(feature = "opendal")]
            Address::Remote(url) => return self.check_remote(&url).await,
            // Where nothing is mounted nothing is made.
            Address::Folder(root) if !root.is_dir() => {
                with_retry(FolderTransport::open(&root, self.identity.clone())?)
            }
            _ => self.create(address)?,
        };
        Ok((store.info().clone(), probe(&*store).await?))
    }

    /// Relies from now on on what was found out about the store of an address.
    ///
    /// # Errors
    /// [`Error::Config`] for an address that no backend here understands.
    pub fn remember(&self, address: &str, tried: &Probe) -> Result<()> {
        if self.own(address, false).is_some() {
            return Ok(());
        }
        match Address::parse(address)? {
            #[cfg(feature = "opendal")]
            Address::Remote(url) => self.remember_remote(&url, tried),
            _ => {
                // The others are known.
                let _ = tried;
                Ok(())
            }
        }
    }

    fn away(&self, name: impl Into<String>, reason: &str) -> OfflineTransport {
        OfflineTransport::new(name, self.identity.clone(), reason)
    }
}

#[cfg(not(feature = "opendal"))]
impl Stores {
    fn open_remote(&self, url: &StoreUrl) -> Result<Arc<dyn Transport>> {
        self.create_remote(url)
    }

    fn create_remote(&self, url: &StoreUrl) -> Result<Arc<dyn Transport>> {
        Err(Error::Config(format!("this program was built without {}:", url.scheme())))
    }
}

#[cfg(not(feature = "drive"))]
impl Stores {
    fn open_drive(&self) -> Result<Arc<dyn Transport>> {
        Ok(Arc::new(self.away("Google Drive", address::NOT_BUILT_IN)))
    }

    fn create_drive(&self) -> Result<Arc<dyn Transport>> {
        Err(Error::Config(address::NOT_BUILT_IN.to_owned()))
    }
}

fn with_retry(store: impl Transport + 'static) -> Arc<dyn Transport> {
    Arc::new(Retry::new(Arc::new(store)))
}
