//! What every command starts from: which home, whose, how, and whether it syncs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use syft_sync::core::{self, DirDisk, Disk, Email, NodePaths};
use syft_sync::transport::Transport;
use syft_sync::{
    Config, NodeConfig, OfflineTransport, OwnKeys, StoreKind, StoreOpener, Stores, SyftboxManager,
};
use url::Url;

use crate::args::{Global, seconds};
use crate::environment::Environment;
#[cfg(feature = "drive")]
use crate::environment::GoogleVariables;
use crate::errors::CliError;
#[cfg(feature = "drive")]
use crate::errors::GOOGLE_LOGIN;
use crate::exit::Exit;
#[cfg(feature = "opendal")]
use crate::logins::Logins;
use crate::opener::{Opener, Recording};
use crate::output::Screen;

/// Where a command runs.
#[derive(Debug)]
pub(crate) struct Context {
    screen: Screen,
    home: PathBuf,
    here: PathBuf,
    /// Who the home must belong to, if that was said.
    identity: Option<Email>,
    sync: bool,
    offline: bool,
    job_timeout: Option<Duration>,
    uv: Option<PathBuf>,
    package_index: Option<Url>,
    #[cfg(feature = "record")]
    record: Option<PathBuf>,
    #[cfg(feature = "drive")]
    google: GoogleVariables,
    #[cfg(feature = "opendal")]
    logins: Logins,
    /// Kinds of stores that this program brings itself.
    kinds: Vec<Arc<dyn StoreKind>>,
    /// How this home reaches its store, once it was asked.
    stores: OnceLock<Stores>,
    /// What the store said, if it turned out to be away.
    away: Arc<OnceLock<String>>,
}

impl Context {
    pub(crate) fn new(
        global: &Global,
        environment: &Environment,
        screen: Screen,
        kinds: Vec<Arc<dyn StoreKind>>,
    ) -> Result<Self, CliError> {
        let here = environment.here.clone().unwrap_or_else(|| PathBuf::from("/"));
        Ok(Context {
            screen,
            home: home(global, environment, &here)?,
            here,
            identity: identity(global, environment)?,
            sync: !global.no_sync && !global.offline && pre_sync(environment)?,
            offline: global.offline,
            job_timeout: job_timeout(environment)?,
            uv: uv(environment)?,
            package_index: package_index(environment)?,
            #[cfg(feature = "record")]
            record: environment.record.clone(),
            #[cfg(feature = "drive")]
            google: environment.google.clone(),
            #[cfg(feature = "opendal")]
            logins: Logins::new(environment.stores.clone(), environment.netrc.clone()),
            kinds,
            stores: OnceLock::new(),
            away: Arc::default(),
        })
    }

    /// Where things are printed.
    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The home, absolute.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Where this node keeps its own state.
    pub(crate) fn state_folder(&self) -> PathBuf {
        self.home.join(NodePaths::root().as_str())
    }

    /// Whether the store is to be left alone.
    pub(crate) fn is_offline(&self) -> bool {
        self.offline
    }

    /// A path as it was typed, made absolute.
    pub(crate) fn path(&self, typed: &Path) -> PathBuf {
        self.here.join(typed)
    }

    /// Refuses another identity than the one that was named.
    pub(crate) fn check_identity(&self, owner: &Email) -> Result<(), CliError> {
        match &self.identity {
            Some(asked) if asked != owner => {
                let (owner, asked) = (owner.clone(), asked.clone());
                Err(syft_sync::Error::OtherIdentity { owner, asked }.into())
            }
            _ => Ok(()),
        }
    }

    /// What the login left here.
    pub(crate) fn config(&self) -> Result<NodeConfig, CliError> {
        let missing = || syft_sync::Error::NotLoggedIn { home: self.home.display().to_string() };
        let config = self.read(NodeConfig::find)?.ok_or_else(missing)?;
        self.check_identity(&config.email)?;
        Ok(config)
    }

    /// What a login left here, if there was one.
    pub(crate) fn known(&self) -> Result<Option<NodeConfig>, CliError> {
        self.read(NodeConfig::load)
    }

    /// Whether this home has keys.
    pub(crate) fn has_keys(&self) -> Result<bool, CliError> {
        if !self.home.is_dir() {
            return Ok(false);
        }
        Ok(OwnKeys::are_in(&DirDisk::open(&self.home)?)?)
    }

    fn read(
        &self,
        read: impl FnOnce(&dyn Disk) -> syft_sync::Result<Option<NodeConfig>>,
    ) -> Result<Option<NodeConfig>, CliError> {
        if !self.home.is_dir() {
            return Ok(None);
        }
        read(&DirDisk::open(&self.home)?).map_err(|error| match error {
            syft_sync::Error::Core(core::Error::Invalid { reason, .. }) => {
                let path = self.home.join(NodePaths::config().as_str());
                let message = format!(
                    "{} is damaged: {reason}; move it away and log in again",
                    path.display()
                );
                CliError::new(Exit::Integrity, "damaged", message)
            }
            other => other.into(),
        })
    }

    /// How this home reaches its store. There may be no home yet.
    pub(crate) fn stores(&self, email: &Email) -> Result<Stores, CliError> {
        if let Some(stores) = self.stores.get() {
            return Ok(stores.clone());
        }
        let stores = Stores::of(email.clone());
        let stores = self.kinds.iter().cloned().fold(stores, Stores::with_kind);
        #[cfg(feature = "drive")]
        let stores = match &self.google.endpoint {
            Some(root) => stores.with_google_at(root).map_err(|error| {
                CliError::from(error).about(&format!("SYFT_DRIVE_ENDPOINT is {root:?}"))
            })?,
            None => stores,
        };
        #[cfg(feature = "opendal")]
        let stores = stores.with_logins(Arc::new(self.logins.clone()));
        if !self.home.is_dir() {
            return Ok(stores);
        }
        let stores = stores.in_home(Arc::new(DirDisk::open(&self.home)?));
        Ok(self.stores.get_or_init(|| stores).clone())
    }

    /// Whether an address is of a kind of store that this program brings itself.
    pub(crate) fn brings(&self, address: &str) -> bool {
        let scheme = address.split_once(':').map(|(scheme, _)| scheme);
        self.kinds.iter().any(|kind| Some(kind.scheme()) == scheme)
    }

    /// Whose stores these are: of the home, or of who was named; of nobody where none is.
    pub(crate) fn somebody(&self) -> Result<Email, CliError> {
        let known = self.known()?.map(|known| known.email);
        match known.or_else(|| self.identity.clone()) {
            Some(email) => Ok(email),
            // A domain that belongs to nobody (RFC 2606).
            None => Ok(Email::parse("nobody@syft.invalid").map_err(syft_sync::Error::from)?),
        }
    }

    /// What the environment says about Google.
    #[cfg(feature = "drive")]
    pub(crate) fn google(&self) -> &GoogleVariables {
        &self.google
    }

    /// The store of an address; one that is away is no error.
    pub(crate) fn store(&self, url: &str, email: &Email) -> Result<Arc<dyn Transport>, CliError> {
        let store = self.stores(email)?.open(url)?;
        if !self.offline {
            return Ok(self.recorded(store));
        }
        let (name, must_seal) = (store.info().name.clone(), store.info().must_seal);
        let left_alone = OfflineTransport::new(name, email.clone(), "it is left alone: --offline");
        Ok(Arc::new(left_alone.sealed(must_seal)))
    }

    /// How the stores are opened over which single peers are reached.
    pub(crate) fn opener(
        &self,
        email: &Email,
        own: [Option<&str>; 2],
    ) -> Result<Arc<dyn StoreOpener>, CliError> {
        let stores = self.stores(email)?;
        #[cfg(feature = "opendal")]
        let stores =
            stores.with_logins(Arc::new(self.logins.clone().beside(own.into_iter().flatten())));
        #[cfg(not(feature = "opendal"))]
        let _ = own;
        Ok(Arc::new(Opener {
            stores,
            identity: email.clone(),
            is_offline: self.offline,
            recording: self.recording(),
        }))
    }

    /// The same store, where what goes over the wire is to be written down.
    pub(crate) fn recorded(&self, store: Arc<dyn Transport>) -> Arc<dyn Transport> {
        self.recording()(store)
    }

    fn recording(&self) -> Box<Recording> {
        #[cfg(feature = "record")]
        if let Some(file) = &self.record {
            let (file, home, screen) = (file.clone(), self.home.clone(), self.screen.clone());
            return Box::new(move |store| {
                crate::record::recorded(store, file.clone(), home.clone(), screen.clone())
            });
        }
        Box::new(|store| store)
    }

    /// Opens the home without asking the store for anything.
    pub(crate) fn open(&self) -> Result<SyftboxManager, CliError> {
        let known = self.config()?;
        let store = self.store(&known.transport, &known.email)?;
        let stores = self.opener(&known.email, [Some(&known.transport), known.data.as_deref()])?;
        let mut config = Config::new(known.email, &self.home, store, known.transport);
        config.stores = stores;
        config.event_cache = known.event_cache;
        Ok(SyftboxManager::open(self.with_options(config.role(known.role)))?)
    }

    /// What was said on the command line and in the environment.
    pub(crate) fn with_options(&self, mut config: Config) -> Config {
        config.notices = Arc::new(self.screen.progress(self.away.clone()));
        config.pre_sync = self.sync;
        config.uv = self.uv.clone();
        config.package_index = self.package_index.clone();
        if let Some(timeout) = self.job_timeout {
            config.job_timeout = timeout;
        }
        config
    }

    /// Opens the home and syncs, as all commands do that show something: unless
    /// told not to. A store that is away is told, and what is here is shown.
    pub(crate) async fn open_synced(&self) -> Result<SyftboxManager, CliError> {
        let manager = self.open()?;
        manager.pre_sync().await?;
        self.tell_if_away();
        Ok(manager)
    }

    /// Tells that the store turned out to be away, where something is shown.
    pub(crate) fn tell_if_away(&self) {
        if let Some(problem) = self.away.get().filter(|_| !self.offline) {
            self.note(&format!("{problem}; showing what is known here"));
        }
    }

    /// Tells what turned out about the login at Google while a command used it.
    pub(crate) fn tell_of_login(&self) {
        #[cfg(feature = "drive")]
        if let Some(tokens) = self.stores.get().and_then(Stores::used_google_tokens) {
            if tokens.refused.is_some() {
                let next = self.screen.my_command(GOOGLE_LOGIN);
                self.note(&format!("Google does not take the login of this home: {next}"));
            }
            if let Some(problem) = tokens.unsaved {
                self.note(&format!("the renewed login at Google could not be kept: {problem}"));
            }
        }
    }

    /// Sends what a command has just changed, unless told not to. The change
    /// stands: what cannot be sent now waits for the next sync.
    pub(crate) async fn deliver(&self, manager: &SyftboxManager) -> Delivery {
        if !self.sync {
            return Delivery::Waiting;
        }
        let problem = match manager.deliver().await {
            Ok(report) => match report.store {
                None => return Delivery::Sent,
                Some(problem) => problem,
            },
            Err(error) => CliError::from(error).message().to_owned(),
        };
        self.note(&format!("{problem}; what is due is sent by the next sync"));
        Delivery::Waiting
    }

    /// Tells something beside the result.
    pub(crate) fn note(&self, message: &str) {
        self.screen.note(message);
    }
}

/// What became of a change that others are to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    /// It is in the store.
    Sent,
    /// The next sync sends it.
    Waiting,
}

fn home(global: &Global, environment: &Environment, here: &Path) -> Result<PathBuf, CliError> {
    let default = || environment.user_home.as_ref().map(|home| home.join("syftbox"));
    let home = global.home.clone().or_else(|| environment.folder.clone()).or_else(default);
    home.map(|home| here.join(home)).ok_or_else(|| {
        CliError::usage("there is no home folder to put a syftbox in: say where, with --home DIR")
    })
}

fn identity(global: &Global, environment: &Environment) -> Result<Option<Email>, CliError> {
    if global.identity.is_some() {
        return Ok(global.identity.clone());
    }
    let email = environment.email.as_deref().map(Email::parse).transpose();
    email.map_err(|error| CliError::usage(format!("SYFTBOX_EMAIL: {error}")))
}

fn pre_sync(environment: &Environment) -> Result<bool, CliError> {
    match environment.pre_sync.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("true" | "1" | "yes" | "on") => Ok(true),
        Some("false" | "0" | "no" | "off") => Ok(false),
        Some(other) => Err(CliError::usage(format!("PRE_SYNC is {other:?}: it is true or false"))),
    }
}

fn job_timeout(environment: &Environment) -> Result<Option<Duration>, CliError> {
    const NAME: &str = "SYFT_DEFAULT_JOB_TIMEOUT_SECONDS";
    let Some(text) = environment.job_timeout.as_deref() else {
        return Ok(None);
    };
    match seconds(text) {
        Ok(timeout) => Ok(Some(timeout)),
        Err(problem) => Err(CliError::usage(format!("{NAME} is {text:?}: {problem}"))),
    }
}

/// The one that is named, or the one that stands where uv is usually installed.
fn uv(environment: &Environment) -> Result<Option<PathBuf>, CliError> {
    // Where it leads to is what a box must be able to start.
    let Some(path) = &environment.uv else {
        let own = environment.user_home.iter().map(|home| home.join(".local/bin/uv"));
        let usual = own.chain(["/usr/local/bin/uv", "/usr/bin/uv"].map(PathBuf::from));
        return Ok(usual.filter_map(|path| path.canonicalize().ok()).find(|path| path.is_file()));
    };
    match path.canonicalize() {
        Ok(program) if path.is_absolute() && program.is_file() => Ok(Some(program)),
        _ => {
            let shown = path.display();
            Err(CliError::usage(format!("SYFT_UV is {shown}: it is the absolute path of uv")))
        }
    }
}

fn package_index(environment: &Environment) -> Result<Option<Url>, CliError> {
    let Some(text) = environment.package_index.as_deref() else { return Ok(None) };
    match text.parse::<Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
        _ => Err(CliError::usage(format!("SYFT_PACKAGE_INDEX is {text:?}: it is a web address"))),
    }
}
