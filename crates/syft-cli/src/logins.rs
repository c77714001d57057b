//! What lets somebody in to stores: which login is for whom.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use netrc::{Machine, Netrc};
use syft_sync::transport::{StoreLogin, StoreUrl};
use syft_sync::{Error, Result, StoreLogins};

use crate::environment::StoreVariables;

/// The logins that the environment and `~/.netrc` hold.
///
/// A password that is itself sent goes to the server that it is for. For WebDAV that is the one
/// of `~/.netrc`, by its name. What the environment holds is not said to be for a server: it is
/// for the stores of the home, and for one that is typed, and never for that of a peer elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Logins {
    variables: StoreVariables,
    netrc: Option<PathBuf>,
    /// The servers for which the variables are, if not for any that is asked for.
    only: Option<BTreeSet<String>>,
}

impl Logins {
    pub(crate) fn new(variables: StoreVariables, netrc: Option<PathBuf>) -> Self {
        Logins { variables, netrc, only: None }
    }

    /// The same for stores of peers, beside those of my own.
    pub(crate) fn beside<'a>(mut self, own: impl IntoIterator<Item = &'a str>) -> Self {
        let own = own.into_iter().filter_map(|url| StoreUrl::parse(url).ok());
        self.only = Some(own.filter_map(|url| server(&url)).collect());
        self
    }

    fn of_variables(&self, store: &StoreUrl) -> Result<StoreLogin> {
        let mut logins = self.variables.logins.iter();
        let login = logins.find(|(scheme, _)| *scheme == store.scheme());
        let login = login.map(|(_, login)| login.clone()).unwrap_or_default();
        match &self.variables.dropbox_endpoint {
            Some(root) if matches!(store, StoreUrl::Dropbox(_)) => {
                login.with_service_at(root).map_err(|error| {
                    Error::Config(format!("SYFT_DROPBOX_ENDPOINT: {}", error.context().detail))
                })
            }
            _ => Ok(login),
        }
    }

    fn of_netrc(&self, host: &str) -> Result<Option<StoreLogin>> {
        let Some(file) = self.netrc.as_ref().filter(|file| file.is_file()) else { return Ok(None) };
        // Of what is in it nothing is shown.
        let bad = |what: &str| Error::Config(format!("{} {what}", file.display()));
        let text = fs::read_to_string(file).map_err(|_| bad("cannot be read"))?;
        let netrc = Netrc::parse(text, true).map_err(|_| bad("is no netrc file"))?;
        let known = netrc.machines.into_iter().find_map(|machine| match machine {
            Machine { name: Some(name), login: Some(user), password: Some(password), .. } => {
                (name == host).then(|| StoreLogin::none().with_user(user).with_password(password))
            }
            _ => None,
        });
        Ok(known)
    }
}

impl StoreLogins for Logins {
    fn login(&self, store: &StoreUrl) -> Result<StoreLogin> {
        if let StoreUrl::WebDav(url) = store
            && let Some(host) = url.endpoint.host_str()
            && let Some(login) = self.of_netrc(host)?
        {
            return Ok(login);
        }
        match (&self.only, server(store)) {
            (Some(only), Some(server)) if !only.contains(&server) => Ok(StoreLogin::none()),
            _ => self.of_variables(store),
        }
    }
}

/// Who is told a login as it is, where that is somebody whom the address alone names. Others
/// are told what is signed with it, or are always the same.
fn server(store: &StoreUrl) -> Option<String> {
    match store {
        StoreUrl::WebDav(url) => Some(url.endpoint.origin().ascii_serialization()),
        StoreUrl::Azblob(url) => Some(match &url.endpoint {
            Some(endpoint) => endpoint.origin().ascii_serialization(),
            None => url.account.clone(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOUD: &str = "webdav://cloud.hospital.org/dav";

    fn logins(netrc: Option<&str>) -> (tempfile::TempDir, Logins) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("netrc");
        if let Some(text) = netrc {
            std::fs::write(&file, text).unwrap();
        }
        let known = |user: &str| StoreLogin::none().with_user(user).with_password("secret-1");
        let variables = StoreVariables {
            logins: vec![("webdav", known("env")), ("azblob", known("env"))],
            dropbox_endpoint: None,
        };
        (folder, Logins::new(variables, Some(file)))
    }

    fn user(logins: &Logins, url: &str) -> Option<String> {
        let login = logins.login(&StoreUrl::parse(url).unwrap()).unwrap();
        login.user().map(ToOwned::to_owned)
    }

    #[test]
    fn what_the_environment_holds_is_not_told_to_the_server_of_a_peer() {
        let (_folder, logins) = logins(None);
        let other = "webdav://files.university.org/dav";
        assert_eq!(user(&logins, other).as_deref(), Some("env"));
        let beside = logins.clone().beside([CLOUD]);
        assert_eq!(user(&beside, CLOUD).as_deref(), Some("env"));
        assert_eq!(user(&beside, "webdav://cloud.hospital.org/another").as_deref(), Some("env"));
        assert_eq!(user(&beside, other), None);
        assert_eq!(user(&beside, "webdav://cloud.hospital.org:8443/dav"), None);
        assert_eq!(user(&logins.clone().beside(["gdrive:"]), CLOUD), None);
        let account = |name: &str| format!("azblob://study?account={name}");
        let beside = logins.beside([account("hospital").as_str()]);
        assert_eq!(user(&beside, &account("hospital")).as_deref(), Some("env"));
        assert_eq!(user(&beside, &account("university")), None);
    }

    #[test]
    fn each_server_of_webdav_has_its_login_in_netrc() {
        let netrc = "# for work\n\
                     machine other.example login eve password secret-4 account none\n\
                     machine files.university.org login alice password secret-2\n\
                     default login anybody password secret-3\n";
        let (_folder, logins) = logins(Some(netrc));
        let beside = logins.clone().beside([CLOUD]);
        for logins in [&logins, &beside] {
            let other = "webdav://files.university.org/dav";
            assert_eq!(user(logins, other).as_deref(), Some("alice"));
            assert_eq!(user(logins, CLOUD).as_deref(), Some("env"));
        }
        assert_eq!(user(&beside, "webdav://evil.example/dav"), None);
    }

    #[test]
    fn of_a_file_that_cannot_be_read_the_name_is_told() {
        let (folder, logins) = logins(None);
        std::fs::write(folder.path().join("netrc"), b"machine \xff secret-2").unwrap();
        let error = logins.login(&StoreUrl::parse(CLOUD).unwrap()).unwrap_err().to_string();
        assert!(error.contains("netrc") && !error.contains("secret"), "{error}");
        assert_eq!(user(&logins, "azblob://study?account=hospital").as_deref(), Some("env"));
    }
}
