//! One identity's node, as the seeds know it: peers, datasets, jobs and sync.

mod attempts;
mod audit;
mod checkpoints;
mod closing;
mod data;
mod datasets;
#[cfg(feature = "drive")]
mod google;
mod health;
mod held_back;
mod jobs;
mod keys;
mod layout;
mod moving;
mod peers;
mod permissions;
mod policy;
mod process;
mod properties;
mod receipts;
mod rehearse;
mod reset;
mod setup;
mod status;
mod submit;
mod sync;
mod watch;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use syft_core::{
    Clock, DirDisk, Disk, Email, Entropy, FileChangeEventsMessage, LayoutKind, Layouts,
    SystemClock, SystemEntropy,
};
use syft_dataset::DatasetStore;
use syft_job::{JobStore, PackageOptions, PackageSource};
use syft_perm::Permissions;
use syft_transport::{Info, Routes, Transport};
use url::Url;

pub use attempts::Sent;
pub use audit::AuditExport;
pub use datasets::CreateOptions;
#[cfg(feature = "drive")]
pub use google::GoogleHosts;
pub use held_back::HeldBack;
pub use keys::FirstKeys;
pub(crate) use layout::owner_of_python_box;
pub use peers::Removal;
pub use permissions::{AccessChange, PathAccess};
pub(crate) use policy::standing;
pub use process::{ProcessOptions, Processed};
pub use properties::Datasets;
pub use receipts::{ReceiptCheck, ReceiptKey, ReceiptProblem};
pub use rehearse::{Preview, RehearsalBudget};
pub(crate) use setup::{is_as_prepared, open_job_inbox, prepared};
pub use status::{Elsewhere, PeerCounts, Status, Waiting, WaitingFor};
pub use submit::SubmitOptions;
pub use sync::SyncOptions;
pub use watch::WatchOptions;

#[cfg(feature = "drive")]
use crate::GoogleLogin;
use crate::arriving::Arriving;
use crate::checkpoints::Home;
use crate::connect::{GOOGLE_DRIVE, NO_STORE, one_form};
use crate::node::Node;
use crate::owner::DatasiteOwnerSyncer;
use crate::rules::CompiledRules;
use crate::shared_audit::SharedAudit;
use crate::touched::{NotingDisk, Touched};
use crate::traffic::Recorded;
use crate::watcher::DatasiteWatcherSyncer;
use crate::{
    Encrypt, Error, NodeConfig, NoticeSink, Restored, Result, Role, StoreOpener, Stores, own_keys,
};

/// How long a job may run if nothing else is said (seed: 300 seconds).
pub const DEFAULT_JOB_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a call waits for another process that holds the home.
const DEFAULT_LOCK_WAIT: Duration = Duration::from_secs(10);

/// Everything that a node needs to know; nothing is read from the environment.
#[derive(Clone)]
pub struct Config {
    /// Whose node it is.
    pub email: Email,
    /// The folder that holds all datasites; one home is one identity.
    pub home: PathBuf,
    /// What this identity does.
    pub role: Role,
    /// The store.
    pub transport: Arc<dyn Transport>,
    /// The store's address, as it is kept in the home's configuration.
    pub transport_url: String,
    /// Where a login keeps my datasets, if that is to be another store, by its address, or
    /// [`NO_STORE`] for none of their own; by default where they are already.
    pub data: Option<String>,
    /// How other stores are opened than that: those over which single peers are reached, and
    /// that of my datasets.
    pub stores: Arc<dyn StoreOpener>,
    /// The wall-clock limit that an approval binds if it names none: from one second
    /// to [`LONGEST_WALL`](syft_job::sandbox::Limits::LONGEST_WALL).
    pub job_timeout: Duration,
    /// Whether lists of peers, jobs and datasets sync first, and running jobs syncs
    /// afterwards (seed: `PRE_SYNC`, on).
    pub pre_sync: bool,
    /// Whether copies of my event log are kept in `.syft/cache/events/`.
    pub event_cache: bool,
    /// The layout that a login gives the datasite; by default the one that it has. If
    /// there is none yet, it is that of PySyft over Google Drive, where its users are,
    /// and the native one elsewhere.
    pub layout: Option<LayoutKind>,
    /// The keys that a login gives a home that has none; by default new ones.
    pub keys: FirstKeys,
    /// What a login makes of sealing; by default what holds already, and
    /// [`Encrypt::Auto`] in a new home.
    pub encrypt: Option<Encrypt>,
    /// Where a login has the packages of jobs come from; by default what holds already,
    /// and an index in a new home.
    pub packages: Option<PackageSource>,
    /// What a login makes of the login at Google: it is kept in the home; by default the
    /// home keeps the one that it has.
    #[cfg(feature = "drive")]
    pub google: Option<GoogleLogin>,
    /// Another package index than the usual one of the installer.
    pub package_index: Option<Url>,
    /// Where `uv` is, if it is to install the packages of jobs: an absolute path that
    /// nobody else can write. Without it, pip does.
    pub uv: Option<PathBuf>,
    /// Who is told what is going on; by default nobody.
    pub notices: Arc<dyn NoticeSink>,
    /// How long a call waits for another process that holds the home.
    pub lock_wait: Duration,
    /// The disk; by default the home's folder.
    pub disk: Option<Arc<dyn Disk>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Config {
    /// The configuration of a node with all defaults.
    #[must_use]
    pub fn new(
        email: Email,
        home: impl Into<PathBuf>,
        transport: Arc<dyn Transport>,
        transport_url: impl Into<String>,
    ) -> Self {
        let stores = Arc::new(Stores::of(email.clone()));
        Config {
            email,
            stores,
            home: home.into(),
            role: Role::default(),
            transport,
            transport_url: transport_url.into(),
            data: None,
            job_timeout: DEFAULT_JOB_TIMEOUT,
            pre_sync: true,
            event_cache: false,
            layout: None,
            keys: FirstKeys::New,
            encrypt: None,
            packages: None,
            #[cfg(feature = "drive")]
            google: None,
            package_index: None,
            uv: None,
            notices: Arc::new(()),
            lock_wait: DEFAULT_LOCK_WAIT,
            disk: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }

    /// The same with another role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("email", &self.email)
            .field("home", &self.home)
            .field("role", &self.role)
            .field("transport", &self.transport_url)
            .finish_non_exhaustive()
    }
}

/// The node of one identity on one machine.
#[derive(Debug)]
pub struct SyftboxManager {
    node: Node,
    role: Role,
    job_timeout: Duration,
    pre_sync: bool,
    /// Whether the home is of somebody who has logged in to a store.
    has_store: bool,
    datasets: DatasetStore,
    jobs: JobStore,
    restored: Option<Restored>,
    /// Whether this login took away one at Google.
    #[cfg(feature = "drive")]
    forgot_google_login: bool,
}

/// Logs in as a data owner.
///
/// # Errors
/// As [`SyftboxManager::login`].
pub async fn login_do(config: Config) -> Result<SyftboxManager> {
    SyftboxManager::login(config.role(Role::Owner)).await
}

/// Logs in as a data scientist.
///
/// # Errors
/// As [`SyftboxManager::login`].
pub async fn login_ds(config: Config) -> Result<SyftboxManager> {
    SyftboxManager::login(config.role(Role::Scientist)).await
}

impl SyftboxManager {
    /// Makes the home and the datasite if need be, and remembers who it belongs
    /// to. Logging in again changes role, store, event cache and, if one is named, the
    /// layout: then all jobs and datasets are moved to where that one has them. Where another
    /// store is named for my datasets, the next sync puts them there and then takes them away
    /// where they were. A login at Google is taken away that the store has no use for.
    ///
    /// # Errors
    /// [`Error::OtherIdentity`] if the home belongs to somebody else;
    /// [`Error::MustSeal`] if nothing is to be sealed, and one of the stores takes nothing in
    /// the open; [`Error::Config`] or [`Error::Transport`] for a store of my datasets that
    /// cannot be opened;
    /// [`Error::OtherKeys`] if it has others than those that are given;
    /// [`RunnerBusy`](syft_job::Error::RunnerBusy) if the layout changes and a job runs
    /// or is rehearsed; the disk.
    pub async fn login(config: Config) -> Result<Self> {
        // Before anything is made.
        config.encrypt.unwrap_or_default().with(config.transport.info())?;
        std::fs::create_dir_all(&config.home).map_err(|source| syft_core::Error::Io {
            action: "create",
            path: config.home.display().to_string(),
            source,
        })?;
        let disk = Self::disk(&config)?;
        let mut known = NodeConfig::load(&*disk)?;
        if let Some(known) = &known
            && known.email != config.email
        {
            let (owner, asked) = (known.email.clone(), config.email);
            return Err(Error::OtherIdentity { owner, asked });
        }
        if known.as_ref().is_some_and(|known| known.converting_from.is_some()) {
            // What was begun is finished first, whatever is asked for now.
            drop(Self::open(config.clone())?);
            known = NodeConfig::load(&*disk)?;
        }
        let is_first = known.is_none();
        let data = data::asked(&config, known.as_ref())?;
        let had = match &known {
            Some(known) => known.layout,
            None => layout::found(&*disk, &config.email)?,
        };
        let stands = LayoutKind::found(&*disk, &config.email)?;
        let layout = config.layout.unwrap_or(match config.transport_url.as_str() {
            GOOGLE_DRIVE if is_first && stands.is_none() => LayoutKind::Pysyft,
            _ => had,
        });
        let is_new = stands.is_none() && had == LayoutKind::Native;
        let mut manager = Self::assemble(&config, disk, layout)?;
        let keys = manager.first_keys(&manager.node.first_pass()?, &config)?;
        manager.node.keep_datasets(data.as_deref(), &[]);
        let had_encrypt = known.as_ref().map(|known| known.encrypt);
        let encrypt = config.encrypt.or(had_encrypt).unwrap_or_default();
        manager.go_by(keys, encrypt)?;
        let had_packages = known.as_ref().map(|known| known.packages.clone());
        let packages = config.packages.clone().or(had_packages.clone()).unwrap_or_default();
        manager.take_packages(&config, packages.clone());
        let mut pass = manager.node.first_pass()?;
        pass.finish_local()?;
        let asked = |layout| NodeConfig {
            email: config.email.clone(),
            role: config.role,
            transport: config.transport_url.clone(),
            data: data.clone(),
            data_left: Vec::new(),
            layout,
            event_cache: config.event_cache,
            encrypt,
            packages: packages.clone(),
            converting_from: None,
        };
        let known = known.unwrap_or_else(|| asked(had));
        if is_first {
            // What ended in PySyft is known, and cannot be changed, before a message is taken.
            let as_it_was = Layouts::new(config.email.clone(), had);
            manager.jobs.clone().with_layouts(as_it_was).take_over()?;
        }
        manager.take_layout(&pass, known.clone())?;
        let restored = manager.restore(&mut pass).await?;
        if let Home::OtherLayout(layout) = restored {
            drop(pass);
            return Self::login_as_backed_up(config, layout).await;
        }
        setup::prepare(&pass, is_new)?;
        if is_first {
            // The same of what a restore brought.
            manager.jobs.take_over()?;
        }
        let data_left = manager.leave_datasets(&mut pass, &known, data.as_deref(), is_first)?;
        let saved = NodeConfig { data_left, ..asked(manager.node.layouts.own().kind()) };
        #[cfg(feature = "drive")]
        if let Some(google) = &config.google {
            google.keep(&manager.node.disk)?;
        }
        saved.save(&*manager.node.disk)?;
        manager.node.keep_datasets(saved.data.as_deref(), &saved.data_left);
        pass.note("login", config.email.to_string())?;
        #[cfg(feature = "drive")]
        if config.transport_url != GOOGLE_DRIVE && GoogleLogin::forget(&*manager.node.disk)? {
            pass.note("google.forgotten", config.email.to_string())?;
            manager.forgot_google_login = true;
        }
        if had_encrypt.is_some_and(|had| had != encrypt) || is_first && !encrypt.seals() {
            pass.note("encrypt", encrypt.to_string())?;
        }
        if had_packages.is_some_and(|had| had != packages) {
            pass.note("packages", packages.to_string())?;
        }
        drop(pass);
        manager.restored = restored.told();
        Ok(manager)
    }

    /// A home becomes what its backup tells in the layout of that; then it takes the
    /// one that was asked for.
    async fn login_as_backed_up(config: Config, layout: LayoutKind) -> Result<Self> {
        let as_it_was = Config { layout: Some(layout), ..config.clone() };
        let restored = Box::pin(Self::login(as_it_was)).await?;
        match config.layout {
            Some(asked) if asked != layout => Box::pin(Self::login(config)).await,
            _ => Ok(restored),
        }
    }

    /// Opens the home of an identity that has logged in before.
    ///
    /// # Errors
    /// [`Error::NotLoggedIn`]; [`Error::OtherIdentity`]; [`Error::KeysExposed`]; the disk.
    pub fn open(config: Config) -> Result<Self> {
        let home = config.home.display().to_string();
        if !config.home.is_dir() {
            return Err(Error::NotLoggedIn { home });
        }
        let disk = Self::disk(&config)?;
        let Some(known) = NodeConfig::find(&*disk)? else {
            return Err(Error::NotLoggedIn { home });
        };
        if known.email != config.email {
            return Err(Error::OtherIdentity { owner: known.email, asked: config.email });
        }
        let mut manager = Self::assemble(&config, disk, known.layout)?;
        manager.node.keep_datasets(known.data.as_deref(), &known.data_left);
        let keys = own_keys::load(&*manager.node.disk, &config.email)?.map(|own| own.keys);
        manager.go_by(keys, known.encrypt)?;
        manager.take_packages(&config, known.packages.clone());
        manager.finish_layout(&known)?;
        Ok(manager)
    }

    fn disk(config: &Config) -> Result<Arc<dyn Disk>> {
        Ok(match &config.disk {
            Some(disk) => disk.clone(),
            None => Arc::new(DirDisk::open(&config.home)?),
        })
    }

    fn assemble(config: &Config, disk: Arc<dyn Disk>, layout: LayoutKind) -> Result<Self> {
        let touched = Touched::default();
        let disk: Arc<dyn Disk> = Arc::new(NotingDisk::new(disk, touched.clone()));
        let (clock, entropy) = (config.clock.clone(), config.entropy.clone());
        let me = config.email.clone();
        let layouts = Layouts::new(me.clone(), layout);
        layout::remember(&*disk, &layouts);
        let audit = SharedAudit::new(disk.clone());
        let datasets = DatasetStore::new(disk.clone(), layouts.clone(), me.clone())
            .with_clock(clock.clone())
            .with_entropy(entropy.clone());
        let jobs = JobStore::new(
            disk.clone(),
            clock.clone(),
            entropy.clone(),
            layouts.clone(),
            me.clone(),
        )
        .with_audit(Arc::new(audit.clone()));
        let routes = Routes::new(one_form(&config.transport_url), config.transport.clone());
        let routes = Arc::new(routes);
        let store = Recorded::new(routes.clone(), clock.clone(), audit.clone(), me.clone());
        let store: Arc<dyn Transport> = Arc::new(store);
        let arriving = Arriving::new(disk.clone(), clock.clone(), routes.clone());
        let node = Node {
            email: me,
            keys: None,
            home: config.home.clone(),
            disk,
            layouts,
            clock,
            entropy,
            transport: store.clone(),
            routes,
            stores: config.stores.clone(),
            store,
            arriving: Arc::new(arriving),
            ring: None,
            audit,
            jobs: jobs.clone(),
            touched,
            permissions: CompiledRules::default(),
            ledger: Arc::default(),
            event_cache: config.event_cache,
            notices: config.notices.clone(),
            lock_wait: config.lock_wait,
            looked: Arc::default(),
        };
        Ok(SyftboxManager {
            node,
            role: config.role,
            job_timeout: config.job_timeout,
            pre_sync: config.pre_sync,
            has_store: config.transport_url != NO_STORE,
            datasets,
            jobs,
            restored: None,
            #[cfg(feature = "drive")]
            forgot_google_login: false,
        })
    }

    fn take_packages(&mut self, config: &Config, source: PackageSource) {
        let (index, uv) = (config.package_index.clone(), config.uv.clone());
        let options = PackageOptions { source, index, uv };
        self.jobs = self.jobs.clone().with_packages(options);
    }

    /// Whose node this is.
    #[must_use]
    pub fn email(&self) -> &Email {
        &self.node.email
    }

    /// The folder that holds all datasites.
    #[must_use]
    pub fn syftbox_folder(&self) -> &Path {
        &self.node.home
    }

    /// The layout of my datasite.
    #[must_use]
    pub fn layout(&self) -> LayoutKind {
        self.node.layouts.own().kind()
    }

    /// What this identity does.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// What is sealed of that which I send.
    #[must_use]
    pub fn encrypt(&self) -> Encrypt {
        self.node.ring.as_ref().map_or(Encrypt::Off, |ring| ring.encrypt())
    }

    /// Where the packages of jobs come from.
    #[must_use]
    pub fn packages(&self) -> &PackageSource {
        &self.jobs.package_options().source
    }

    /// Whether this identity acts as a data owner.
    #[must_use]
    pub fn is_do(&self) -> bool {
        self.role.is_owner()
    }

    /// What the store says about itself.
    #[must_use]
    pub fn store_info(&self) -> &Info {
        self.node.transport.info()
    }

    /// The copies of my event log on this machine, in the order in which the events
    /// happened; empty unless [`Config::event_cache`] is on. Replayed, they give
    /// what changed since it was switched on.
    ///
    /// # Errors
    /// The disk.
    pub fn cached_events(&self) -> Result<Vec<FileChangeEventsMessage>> {
        self.node.cached_events()
    }

    /// The permission files of my datasite as they stand on disk.
    ///
    /// # Errors
    /// The disk.
    pub fn permissions(&self) -> Result<Permissions> {
        Ok(Arc::unwrap_or_clone(self.owner_syncer().permissions()?))
    }

    /// The owner's side of sync, for its permission checks.
    #[must_use]
    pub fn owner_syncer(&self) -> DatasiteOwnerSyncer<'_> {
        DatasiteOwnerSyncer::new(self, &self.node, &self.jobs)
    }

    /// The scientist's side of sync, for changes that a program announces itself.
    #[must_use]
    pub fn watcher_syncer(&self) -> DatasiteWatcherSyncer<'_> {
        DatasiteWatcherSyncer::new(self, &self.node)
    }

    fn need_owner(&self) -> Result<()> {
        if self.role.is_owner() {
            return Ok(());
        }
        Err(Error::Role { needed: "data owner", role: self.role })
    }

    fn need_scientist(&self) -> Result<()> {
        if self.role.is_scientist() {
            return Ok(());
        }
        Err(Error::Role { needed: "data scientist", role: self.role })
    }
}
