use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use syft_core::{Access, Disk, Email, HomePath, NodePaths};
use syft_transport::drive::auth::{Credentials, TokenFile, TokenStore};
use zeroize::Zeroizing;

use crate::own_keys::check_access;
use crate::{Error, Result};

/// Largest document, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A login at Google: the token file of a person as Google's Python client writes it,
/// the key of a service account, or that there is a machine of Google's which vouches for
/// whoever is on it.
///
/// A home keeps it in `.syft/keys/google.json`, beside its keys and as they are: for the
/// owner of the home alone, and in no backup. What it was read from is not touched.
/// Clones are the same login.
#[derive(Clone)]
pub struct GoogleLogin(Arc<Mutex<Held>>);

struct Held {
    document: Zeroizing<Vec<u8>>,
    home: Option<Arc<dyn Disk>>,
}

/// Who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GoogleAccount {
    /// A person, in a browser.
    Person,
    /// A program with a key of its own.
    ServiceAccount,
    /// A machine of Google's, as one of Colab.
    Machine,
}

/// Stands in the file of a home where a machine vouches.
#[derive(Serialize, Deserialize)]
struct Marker {
    #[serde(rename = "type")]
    kind: MarkerKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MarkerKind {
    MetadataServer,
}

impl GoogleLogin {
    /// Reads the token file of a person, or the key of a service account, which acts as
    /// `account`.
    ///
    /// # Errors
    /// [`Error::Config`] that says what the file is and what would be accepted.
    pub fn read(file: &[u8], account: &Email) -> Result<Self> {
        Credentials::from_file(file, account).map_err(setting)?;
        Ok(GoogleLogin::new(Zeroizing::new(file.to_vec())))
    }

    /// What a machine of Google's says of whoever is on it, as in Colab; its metadata
    /// server may be at another host than usually (`GCE_METADATA_HOST`).
    ///
    /// # Errors
    /// [`Error::Config`] if that is no host.
    pub fn of_this_machine(metadata_host: Option<&str>) -> Result<Self> {
        Credentials::ambient(None, metadata_host).map_err(setting)?;
        let host = metadata_host.map(str::to_owned);
        let marker = Marker { kind: MarkerKind::MetadataServer, host };
        let document = serde_json::to_vec(&marker);
        let document = document.map_err(|error| Error::Config(error.to_string()))?;
        Ok(GoogleLogin::new(Zeroizing::new(document)))
    }

    /// Who logs in.
    #[must_use]
    pub fn account(&self) -> GoogleAccount {
        let document = &self.held().document;
        match TokenFile::parse(document) {
            Ok(_) => GoogleAccount::Person,
            Err(_) if marker(document).is_some() => GoogleAccount::Machine,
            Err(_) => GoogleAccount::ServiceAccount,
        }
    }

    /// The login of a home; `None` if it has none. One that others may read is not used
    /// (`threats.md` F18).
    pub(super) fn load(disk: &Arc<dyn Disk>, account: &Email) -> Result<Option<Self>> {
        let file = file()?;
        let Some(document) = read(&**disk, &file)? else { return Ok(None) };
        check_access(&**disk, &NodePaths::keys())?;
        if disk.metadata(&file)?.is_some_and(|found| !found.owner_only) {
            return Err(Error::LoginExposed { path: disk.real_path(&file).display().to_string() });
        }
        let login = GoogleLogin::new(document);
        login.held().home = Some(disk.clone());
        login.credentials(account).map_err(|error| syft_core::Error::Corrupt {
            what: file.to_string(),
            detail: error.context().detail.clone(),
        })?;
        Ok(Some(login))
    }

    /// Makes it the login of a home, in place of the one that it has.
    pub(crate) fn keep(&self, disk: &Arc<dyn Disk>) -> Result<()> {
        let mut held = self.held();
        disk.create_dir_all(&NodePaths::keys(), Access::OwnerOnly)?;
        check_access(&**disk, &NodePaths::keys())?;
        disk.write(&file()?, &held.document, Access::OwnerOnly)?;
        held.home = Some(disk.clone());
        Ok(())
    }

    /// Takes the login out of a home that has another store; whether there was one. What
    /// it was read from stays, and so does its access at Google.
    pub(crate) fn forget(disk: &dyn Disk) -> Result<bool> {
        let had = disk.metadata(&file()?)?.is_some();
        if had {
            disk.remove_file(&file()?)?;
        }
        Ok(had)
    }

    pub(super) fn credentials(&self, account: &Email) -> syft_transport::Result<Credentials> {
        let document = &self.held().document;
        match marker(document) {
            Some(marker) => Credentials::ambient(None, marker.host.as_deref()),
            None => Credentials::from_file(document, account),
        }
    }

    fn new(document: Zeroizing<Vec<u8>>) -> Self {
        GoogleLogin(Arc::new(Mutex::new(Held { document, home: None })))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Takes a login that was renewed. Another one that somebody has put into the home
    /// meanwhile is left alone.
    fn renew(&mut self, renewed: &TokenFile) -> Result<()> {
        let had = std::mem::replace(
            &mut self.document,
            Zeroizing::new(renewed.expose_json().as_bytes().to_vec()),
        );
        let Some(disk) = &self.home else { return Ok(()) };
        let is_same = |there: &[u8]| match (TokenFile::parse(there), TokenFile::parse(&had)) {
            (Ok(there), Ok(had)) => there.is_same_login(&had),
            _ => false,
        };
        if read(&**disk, &file()?)?.is_some_and(|there| is_same(&there)) {
            disk.write(&file()?, &self.document, Access::OwnerOnly)?;
        }
        Ok(())
    }
}

impl TokenStore for GoogleLogin {
    fn save(&self, file: &TokenFile) -> syft_transport::Result<()> {
        self.held().renew(file).map_err(|error| {
            let (what, detail) = ("the login at Google", error.to_string());
            syft_transport::Error::permanent("keep", what, detail)
        })
    }
}

impl From<TokenFile> for GoogleLogin {
    fn from(file: TokenFile) -> Self {
        GoogleLogin::new(Zeroizing::new(file.expose_json().as_bytes().to_vec()))
    }
}

impl fmt::Debug for GoogleLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GoogleLogin").field(&self.account()).finish()
    }
}

fn marker(document: &[u8]) -> Option<Marker> {
    serde_json::from_slice(document).ok()
}

fn read(disk: &dyn Disk, file: &HomePath) -> Result<Option<Zeroizing<Vec<u8>>>> {
    Ok(disk.read_if_there(file, MAX_BYTES)?.map(Zeroizing::new))
}

fn file() -> Result<HomePath> {
    Ok(NodePaths::keys().join("google.json")?)
}

fn setting(error: syft_transport::Error) -> Error {
    Error::Config(error.to_string())
}
