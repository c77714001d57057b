//! Two participants over one store, with clocks and disks that tests can break.

pub(crate) mod backup;
pub(crate) mod crowd;
pub(crate) mod drive;
pub(crate) mod forge;
pub(crate) mod gate;
pub(crate) mod hostile;
pub(crate) mod interloper;
pub(crate) mod python;
pub(crate) mod raw_drive;
pub(crate) mod stores;
pub(crate) mod synced;
pub(crate) mod torn;

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use syft_core::codec::{Limits, decode_events};
use syft_core::testing::{FaultyDisk, ManualClock, SeededEntropy};
use syft_core::{
    AuditEntry, Change, DatasetName, DirDisk, Email, FileChangeEventsMessage, JobName, Timestamp,
};
use syft_crypto::{KeySource, Limits as EnvelopeLimits, Party, Sealer, is_envelope};
use syft_dataset::{Audience, NewDataset};
use syft_job::sandbox::{LogSink, LogStream};
use syft_job::{ApproveOptions, JobId, Script, Submission, Submitted};
use syft_sync::{
    Config, CreateOptions, Encrypt, FirstKeys, SyftboxManager, SyncOptions, SyncReport,
};
use syft_transport::{MemoryStore, Object, Space, Transport};
use tempfile::TempDir;

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn alice() -> Email {
    email("alice@hospital.org")
}

pub(crate) fn bob() -> Email {
    email("bob@university.org")
}

pub(crate) fn carol() -> Email {
    email("carol@institute.net")
}

/// A folder in memory where there is one: these tests are about order, not about
/// the speed of a disk's flush.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A home without a manager.
pub(crate) struct Machine {
    pub(crate) email: Email,
    pub(crate) home: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) disk: Arc<FaultyDisk>,
    entropy: Arc<SeededEntropy>,
}

impl Machine {
    pub(crate) fn config(&self, transport: Arc<dyn Transport>) -> Config {
        let (clock, disk, entropy) = (&self.clock, &self.disk, &self.entropy);
        config(&self.email, self.home.path(), transport, clock, disk, entropy)
    }
}

/// The keys that this person has on all machines.
pub(crate) fn keys_of(email: &Email) -> KeySource {
    let digits = syft_core::ContentHash::of(email.as_str().as_bytes()).to_string();
    KeySource::parse(&digits, email).unwrap()
}

/// A home that outlives the manager, so that a test can restart it.
pub(crate) struct Member {
    pub(crate) email: Email,
    pub(crate) home: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) disk: Arc<FaultyDisk>,
    entropy: Arc<SeededEntropy>,
    secrecy: Secrecy,
    pub(crate) manager: SyftboxManager,
}

impl Member {
    pub(crate) async fn join(email: Email, transport: Arc<dyn Transport>, seed: u64) -> Member {
        Member::join_as(email, transport, seed, Secrecy::Open).await
    }

    pub(crate) async fn join_as(
        email: Email,
        transport: Arc<dyn Transport>,
        seed: u64,
        secrecy: Secrecy,
    ) -> Member {
        let home = scratch();
        let clock = Arc::new(ManualClock::at(Timestamp::new(1_790_000_000.0).unwrap()));
        let disk = Arc::new(FaultyDisk::new(Arc::new(DirDisk::open(home.path()).unwrap())));
        let entropy = Arc::new(SeededEntropy::new(seed));
        let mut config = config(&email, home.path(), transport, &clock, &disk, &entropy);
        secrecy.apply(&mut config);
        let manager = SyftboxManager::login(config).await.unwrap();
        Member { email, home, clock, disk, entropy, secrecy, manager }
    }

    /// The same home, opened by a new process.
    pub(crate) fn restart(&mut self, transport: Arc<dyn Transport>) {
        self.restart_with(transport, |_| ());
    }

    /// The same with other settings.
    pub(crate) fn restart_with(
        &mut self,
        transport: Arc<dyn Transport>,
        change: impl FnOnce(&mut Config),
    ) {
        let (clock, disk, entropy) = (&self.clock, &self.disk, &self.entropy);
        let mut config = config(&self.email, self.home.path(), transport, clock, disk, entropy);
        self.secrecy.apply(&mut config);
        change(&mut config);
        self.manager = SyftboxManager::open(config).unwrap();
    }

    /// A machine of the same person on which nobody has logged in.
    pub(crate) fn another_home(&self, seed: u64) -> Machine {
        let home = scratch();
        let clock = Arc::new(ManualClock::at(Timestamp::new(1_790_000_000.0).unwrap()));
        let disk = Arc::new(FaultyDisk::new(Arc::new(DirDisk::open(home.path()).unwrap())));
        let entropy = Arc::new(SeededEntropy::new(seed));
        Machine { email: self.email.clone(), home, clock, disk, entropy }
    }

    /// The configuration of the same home.
    pub(crate) fn config(&self, transport: Arc<dyn Transport>) -> Config {
        let (clock, disk, entropy) = (&self.clock, &self.disk, &self.entropy);
        let mut config = config(&self.email, self.home.path(), transport, clock, disk, entropy);
        self.secrecy.apply(&mut config);
        config
    }

    pub(crate) async fn sync(&self) -> SyncReport {
        self.clock.step(1.0);
        self.manager.sync(&SyncOptions::default()).await.unwrap()
    }

    /// What happened here, by the name of the action.
    pub(crate) fn audit(&self, action: &str) -> Vec<AuditEntry> {
        let entries = self.manager.audit_entries().unwrap();
        entries.into_iter().filter(|entry| entry.action == action).collect()
    }

    /// Every file below a folder of the home, with its bytes.
    pub(crate) fn tree(&self, below: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        walk(&self.path(below), "", &mut files);
        files
    }

    pub(crate) fn remove(&self, below: &str) {
        std::fs::remove_file(self.path(below)).unwrap();
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    pub(crate) fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, below: &str) -> Option<String> {
        std::fs::read_to_string(self.path(below)).ok()
    }
}

/// Every file below a folder, with its bytes.
pub(crate) fn tree_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    walk(folder, "", &mut files);
    files
}

fn walk(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let full = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &full, files);
        } else {
            files.insert(full, std::fs::read(entry.path()).unwrap());
        }
    }
}

fn config(
    email: &Email,
    home: &Path,
    transport: Arc<dyn Transport>,
    clock: &Arc<ManualClock>,
    disk: &Arc<FaultyDisk>,
    entropy: &Arc<SeededEntropy>,
) -> Config {
    let mut config = Config::new(email.clone(), home, transport, "memory:");
    config.clock = clock.clone();
    config.lock_wait = Duration::from_millis(50);
    config.disk = Some(disk.clone());
    config.entropy = entropy.clone();
    config.keys = FirstKeys::Of(keys_of(email));
    // Most tests look at what lies in messages, or put some there.
    config.encrypt = Some(Encrypt::Off);
    config
}

/// Hears of a job nothing that it says.
#[derive(Debug)]
pub(crate) struct Silent;

impl LogSink for Silent {
    fn chunk(&mut self, _: LogStream, _: &[u8]) {}
}

/// What somebody's program does to keep others from reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// It has no keys, as if it were the Python client.
    Keyless,
    /// It signs its hellos, and all else goes in the open.
    Open,
    /// It seals what it sends.
    Sealed,
}

impl Secrecy {
    fn apply(self, config: &mut Config) {
        match self {
            Secrecy::Keyless => config.keys = FirstKeys::None,
            Secrecy::Open => {}
            Secrecy::Sealed => config.encrypt = Some(Encrypt::Auto),
        }
    }
}

/// Alice owns data, Bob asks, both are connected.
pub(crate) struct Pair {
    pub(crate) store: MemoryStore,
    pub(crate) alice: Member,
    pub(crate) bob: Member,
}

impl Pair {
    pub(crate) async fn strangers() -> Pair {
        Pair::joined(Secrecy::Open).await
    }

    pub(crate) async fn joined(secrecy: Secrecy) -> Pair {
        let store = MemoryStore::new();
        let join = |email: Email, seed| {
            let transport = Arc::new(store.user(email.clone()));
            Member::join_as(email, transport, seed, secrecy)
        };
        let (alice, bob) = (join(alice(), 1).await, join(bob(), 2).await);
        Pair { store, alice, bob }
    }

    pub(crate) async fn connected() -> Pair {
        Pair::strangers().await.connect().await
    }

    /// Two who have shown no keys, so that each may turn out to run the Python client.
    pub(crate) async fn keyless() -> Pair {
        Pair::joined(Secrecy::Keyless).await.connect().await
    }

    /// Two who seal what they send.
    pub(crate) async fn sealed() -> Pair {
        Pair::joined(Secrecy::Sealed).await.connect().await
    }

    async fn connect(self) -> Pair {
        let pair = self;
        pair.bob.manager.add_peer(&alice(), false).await.unwrap();
        pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
        pair.alice.sync().await;
        pair.bob.sync().await;
        pair
    }

    /// Bob's job, sent and taken in by Alice.
    pub(crate) async fn with_job(script: &str) -> (Pair, Submitted) {
        let pair = Pair::connected().await;
        let submitted = pair.submit(script, "census").await;
        pair.bob.sync().await;
        pair.alice.sync().await;
        (pair, submitted)
    }

    pub(crate) async fn submit(&self, script: &str, name: &str) -> Submitted {
        self.bob.submit(script, name).await
    }

    pub(crate) fn approve(&self, id: &JobId) {
        self.alice.manager.approve_job(id, &ApproveOptions::default()).unwrap();
    }

    pub(crate) fn create_dataset(&self, name: &str, users: Audience) {
        self.try_create_dataset(name, users).unwrap();
    }

    pub(crate) fn try_create_dataset(
        &self,
        name: &str,
        users: Audience,
    ) -> Result<(), syft_sync::Error> {
        let files = tempfile::tempdir().unwrap();
        let mock = files.path().join("mock.csv");
        let private = files.path().join("real.csv");
        std::fs::write(&mock, "name,age\nmade up,1\n").unwrap();
        std::fs::write(&private, "name,age\nREAL PERSON,42\n").unwrap();
        let mut new = NewDataset::named(DatasetName::parse(name).unwrap());
        new.mock = Some(mock);
        new.private = Some(private);
        new.users = users;
        created(self.alice.manager.create_dataset(new, unsent()))
    }

    /// Everything that lies in the store, by key.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let bytes = |id: &str| self.store.bytes(id).unwrap().to_vec();
        let all = self.store.objects();
        all.into_iter().map(|object| (object.to_string(), bytes(&object.id))).collect()
    }
}

/// A dataset that the next sync brings to its readers.
pub(crate) fn unsent() -> CreateOptions {
    CreateOptions { sync: false, ..CreateOptions::default() }
}

/// Without a sync nothing is waited for.
fn created<T>(creation: impl Future<Output = syft_sync::Result<T>>) -> syft_sync::Result<()> {
    creation.now_or_never().unwrap().map(drop)
}

/// What was put into a space of the store, in the order of its listing.
pub(crate) fn in_space(store: &MemoryStore, space: &Space) -> Vec<Object> {
    store.objects().into_iter().filter(|object| object.space == *space).collect()
}

/// The events messages of a log or an outbox, in the order of their places.
pub(crate) fn events_in(store: &MemoryStore, space: &Space) -> Vec<FileChangeEventsMessage> {
    let mut messages: Vec<FileChangeEventsMessage> = in_space(store, space)
        .iter()
        .filter(|object| object.name.as_str().starts_with("syfteventsmessagev3_"))
        .map(|object| decode_events(&held(store, object), &Limits::EVENTS).unwrap())
        .collect();
    messages.sort_by_key(|message| message.position.unwrap().seq);
    messages
}

/// What an object holds, as the one who wrote it can read it.
pub(crate) fn held(store: &MemoryStore, object: &Object) -> Vec<u8> {
    opened(&object.space, store.bytes(&object.id).unwrap().to_vec())
}

/// Bytes of an object in a space, as the one who wrote it can read them.
pub(crate) fn opened(space: &Space, bytes: Vec<u8>) -> Vec<u8> {
    if !is_envelope(&bytes) {
        return bytes;
    }
    let writer = space.writer();
    let keys = keys_of(writer).keys(writer).unwrap();
    let party = Party { email: writer, bundle: keys.bundle() };
    let mut plain = Vec::new();
    keys.open(party, &EnvelopeLimits::default(), &mut bytes.as_slice(), &mut plain).unwrap();
    plain
}

/// What the messages of a channel amount to.
pub(crate) fn fold(messages: &[FileChangeEventsMessage]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for event in messages.iter().flat_map(|message| &message.events) {
        match &event.change {
            Change::Write(content) => {
                files.insert(event.path.to_string(), content.as_bytes().to_vec());
            }
            Change::Delete => {
                files.remove(event.path.as_str());
            }
        }
    }
    files
}

pub(crate) fn log_of(owner: Email) -> Space {
    Space::Log { owner }
}

pub(crate) fn outbox(owner: Email, recipient: Email) -> Space {
    Space::Outbox { owner, recipient }
}

pub(crate) fn inbox(owner: Email, sender: Email) -> Space {
    Space::Inbox { owner, sender }
}

/// Alice owns data, Bob and Carol ask, both are connected with her.
pub(crate) struct Trio {
    pub(crate) pair: Pair,
    pub(crate) carol: Member,
}

impl Deref for Trio {
    type Target = Pair;
    fn deref(&self) -> &Pair {
        &self.pair
    }
}

impl Trio {
    pub(crate) async fn connected() -> Trio {
        Trio::with(Pair::connected().await).await
    }

    pub(crate) async fn keyless() -> Trio {
        Trio::with(Pair::keyless().await).await
    }

    pub(crate) async fn sealed() -> Trio {
        Trio::with(Pair::sealed().await).await
    }

    async fn with(pair: Pair) -> Trio {
        let transport = Arc::new(pair.store.user(carol()));
        let carol = Member::join_as(carol(), transport, 3, pair.bob.secrecy).await;
        let trio = Trio { pair, carol };
        trio.carol.manager.add_peer(&alice(), false).await.unwrap();
        trio.alice.manager.approve_peer_request(&self::carol(), true).await.unwrap();
        trio.settle().await;
        trio
    }

    /// Syncs all until nothing is left to do.
    pub(crate) async fn settle(&self) {
        for _ in 0..2 {
            self.bob.sync().await;
            self.carol.sync().await;
            self.alice.sync().await;
        }
        self.bob.sync().await;
        self.carol.sync().await;
    }

    pub(crate) fn restart_alice(&mut self) {
        let transport = Arc::new(self.store.user(alice()));
        self.pair.alice.restart(transport);
    }

    pub(crate) fn restart_bob(&mut self) {
        let transport = Arc::new(self.store.user(bob()));
        self.pair.bob.restart(transport);
    }
}

impl Member {
    /// A job for Alice of this name.
    pub(crate) async fn submit(&self, script: &str, name: &str) -> Submitted {
        let mut submission = Submission::new(alice(), Script::Text(script.to_owned()));
        submission.name = Some(JobName::parse(name).unwrap());
        self.manager.submit_job(&submission, false).await.unwrap()
    }
}

/// A home that was copied file by file is its owner's alone again.
pub(crate) fn only_for_the_owner(home: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let keys = home.join(".syft/keys");
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&keys, 0o700);
    for entry in std::fs::read_dir(&keys).unwrap() {
        set(&entry.unwrap().path(), 0o600);
    }
}
