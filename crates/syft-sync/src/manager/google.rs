//! The logins of a notebook, where the store is Google Drive.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use syft_core::{DirDisk, Email};
use zeroize::Zeroizing;

use super::{Config, SyftboxManager};
use crate::{Error, GOOGLE_DRIVE, GoogleLogin, NodeConfig, Result, Role, Stores};

/// Other servers than the usual ones of Google; by default none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoogleHosts {
    /// Instead of Drive and its logins, as `http://127.0.0.1:8080`.
    pub drive: Option<String>,
    /// Instead of the usual metadata server: a host and perhaps a port, as
    /// `GCE_METADATA_HOST` names it.
    pub metadata: Option<String>,
}

impl SyftboxManager {
    /// Whether this login took away the one at Google that the home had kept for a store
    /// that it uses no longer. At Google itself nothing was changed.
    #[must_use]
    pub fn forgot_google_login(&self) -> bool {
        self.forgot_google_login
    }

    /// Logs in to Google Drive in a notebook of Colab, whose machine vouches for the
    /// account. The home begins in the layout of PySyft, and is logged in from then on.
    ///
    /// # Errors
    /// [`Error::Transport`] if the account is another or the machine vouches for none;
    /// else as [`SyftboxManager::login`].
    pub async fn for_colab(
        email: Email,
        role: Role,
        home: impl Into<PathBuf>,
        hosts: &GoogleHosts,
    ) -> Result<Self> {
        let login = GoogleLogin::of_this_machine(hosts.metadata.as_deref())?;
        Self::login_at_google(email, role, home.into(), Some(login), hosts).await
    }

    /// Logs in to Google Drive anywhere else: with the token file of a login, or the key
    /// of a service account, of which the home keeps a copy; without one, with what the
    /// home has kept. The home begins in the layout of PySyft.
    ///
    /// # Errors
    /// [`Error::Config`] if the file is none of these; [`Error::NoGoogleLogin`] without a
    /// file where the home has kept none; [`Error::Transport`] if the account is another
    /// or the login has ended; else as [`SyftboxManager::login`].
    pub async fn for_jupyter(
        email: Email,
        role: Role,
        home: impl Into<PathBuf>,
        token_path: Option<&Path>,
        hosts: &GoogleHosts,
    ) -> Result<Self> {
        let login = match token_path {
            Some(path) => Some(GoogleLogin::read(&read(path)?, &email)?),
            None => None,
        };
        Self::login_at_google(email, role, home.into(), login, hosts).await
    }

    async fn login_at_google(
        email: Email,
        role: Role,
        home: PathBuf,
        login: Option<GoogleLogin>,
        hosts: &GoogleHosts,
    ) -> Result<Self> {
        let mut stores = Stores::of(email.clone());
        if let Some(root) = &hosts.drive {
            stores = stores.with_google_at(root)?;
        }
        if let Some(login) = &login {
            stores = stores.with_google_login(login.clone());
        }
        let mut event_cache = false;
        if home.is_dir() {
            let disk = DirDisk::open(&home)?;
            if let Some(known) = NodeConfig::load(&disk)? {
                if known.email != email {
                    return Err(Error::OtherIdentity { owner: known.email, asked: email });
                }
                event_cache = known.event_cache;
            }
            stores = stores.in_home(Arc::new(disk));
        }
        stores.check_google_account().await?;
        let store = stores.create(GOOGLE_DRIVE)?;
        let mut config = Config::new(email, home, store, GOOGLE_DRIVE).role(role);
        config.event_cache = event_cache;
        config.google = login;
        Self::login(config).await
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = std::fs::read(path).map_err(|source| syft_core::Error::Io {
        action: "read",
        path: path.display().to_string(),
        source,
    })?;
    Ok(Zeroizing::new(bytes))
}
