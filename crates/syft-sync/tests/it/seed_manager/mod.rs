//! The manager as its reference describes it: one test for each example, in the
//! order of that document.

mod backup;
mod cleanup;
mod datasets;
mod jobs;
mod login;
mod peers;
mod properties;
mod removal;
mod roles;
mod running;
mod sync;

use std::fmt::Write as _;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use syft_core::{Advert, COMPAT_VERSION, ContentHash, DatasetName, Email, LayoutKind, Timestamp};
use syft_crypto::KeySource;
use syft_dataset::{Audience, NewDataset};
use syft_sync::{
    Config, Encrypt, FirstKeys, Hello, Notice, NoticeSink, OfflineTransport, ProtocolRange, Role,
    SyftboxManager,
};
use syft_transport::{MemoryStore, Space, Transport};
use tempfile::TempDir;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn alice() -> Email {
    email("alice@hospital.org")
}

fn bob() -> Email {
    email("bob@university.org")
}

fn carol() -> Email {
    email("carol@institute.net")
}

fn named(text: &str) -> DatasetName {
    DatasetName::parse(text).unwrap()
}

fn users(words: &[&Email]) -> Audience {
    Audience::parse(words.iter().map(|who| who.as_str())).unwrap()
}

/// What a client says while it works.
#[derive(Debug, Default)]
struct Ears(Mutex<Vec<Notice>>);

impl NoticeSink for Ears {
    fn notice(&self, notice: &Notice) {
        self.0.lock().unwrap().push(notice.clone());
    }
}

/// A client that is logged in, with its home and what it said.
struct Client {
    manager: SyftboxManager,
    ears: Arc<Ears>,
    home: TempDir,
    role: Role,
}

impl Deref for Client {
    type Target = SyftboxManager;
    fn deref(&self) -> &SyftboxManager {
        &self.manager
    }
}

impl Client {
    async fn login(who: Email, role: Role, store: Arc<dyn Transport>) -> Client {
        Client::login_with(who, role, store, None).await
    }

    async fn login_with(
        who: Email,
        role: Role,
        store: Arc<dyn Transport>,
        encrypt: Option<Encrypt>,
    ) -> Client {
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let ears = Arc::new(Ears::default());
        let mut config = config(&who, role, &home, &ears, store);
        config.encrypt = encrypt;
        let manager = SyftboxManager::login(config).await.unwrap();
        Client { manager, ears, home, role }
    }

    /// The same home with another setting or store.
    fn reopen(&mut self, store: Arc<dyn Transport>, change: impl FnOnce(&mut Config)) {
        let mut config = config(self.email(), self.role, &self.home, &self.ears, store);
        change(&mut config);
        self.manager = SyftboxManager::open(config).unwrap();
    }

    /// The same home while the store is away.
    fn unplug(&mut self) {
        let store = OfflineTransport::new("memory", self.email().clone(), "no network");
        self.reopen(Arc::new(store), |_| {});
    }

    fn plug_in(&mut self, store: &MemoryStore) {
        let store = store.user(self.email().clone());
        self.reopen(Arc::new(store), |_| {});
    }

    /// What was said since the last time.
    fn heard(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.ears.0.lock().unwrap())
    }

    /// The steps that were told since the last time, one a line.
    fn steps(&self) -> String {
        self.heard().into_iter().fold(String::new(), |mut all, notice| {
            if let Notice::Done(line) = notice {
                writeln!(all, "{line}").unwrap();
            }
            all
        })
    }

    fn file(&self, below: &str) -> Option<String> {
        std::fs::read_to_string(self.home.path().join(below)).ok()
    }

    fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A file beside the home, as a person has it.
    fn source(&self, name: &str, text: &str) -> PathBuf {
        self.write(&format!(".sources/{name}"), text)
    }

    /// A mock and real data, not shared with anybody.
    fn data(&self, name: &str) -> NewDataset {
        NewDataset {
            mock: Some(self.source("mock.csv", "name,age\nmade up,1\n")),
            private: Some(self.source("private.csv", "name,age\nREAL PERSON,42\n")),
            ..NewDataset::named(named(name))
        }
    }

    fn audited(&self, action: &str) -> usize {
        let entries = self.audit_entries().unwrap();
        entries.iter().filter(|entry| entry.action == action).count()
    }
}

fn config(
    who: &Email,
    role: Role,
    home: &TempDir,
    ears: &Arc<Ears>,
    store: Arc<dyn Transport>,
) -> Config {
    let mut config = Config::new(who.clone(), home.path(), store, "memory:").role(role);
    config.notices = ears.clone();
    let digits = ContentHash::of(who.as_str().as_bytes()).to_string();
    config.keys = FirstKeys::Of(KeySource::parse(&digits, who).unwrap());
    config.lock_wait = Duration::from_millis(50);
    config
}

/// Alice owns data, Bob is a scientist.
struct Cast {
    store: MemoryStore,
    do_client: Client,
    ds_client: Client,
}

impl Cast {
    async fn strangers() -> Cast {
        Cast::strangers_with(None).await
    }

    async fn strangers_with(encrypt: Option<Encrypt>) -> Cast {
        let store = MemoryStore::new();
        let login = |who: Email, role| {
            let store = Arc::new(store.user(who.clone()));
            Client::login_with(who, role, store, encrypt)
        };
        let do_client = login(alice(), Role::Owner).await;
        let ds_client = login(bob(), Role::Scientist).await;
        Cast { store, do_client, ds_client }
    }

    async fn connected() -> Cast {
        Cast::strangers().await.connect().await
    }

    /// Two who seal nothing, so that each may turn out to run another program.
    async fn in_the_open() -> Cast {
        Cast::strangers_with(Some(Encrypt::Off)).await.connect().await
    }

    async fn connect(self) -> Cast {
        let cast = self;
        cast.ds_client.add_peer(&alice(), false).await.unwrap();
        cast.do_client.approve_peer_request(&bob(), true).await.unwrap();
        cast.ds_client.pre_sync().await.unwrap();
        cast.do_client.heard();
        cast.ds_client.heard();
        cast
    }

    /// Another scientist who asked Alice.
    async fn carol(&self) -> Client {
        let store = Arc::new(self.store.user(carol()));
        let client = Client::login(carol(), Role::Scientist, store).await;
        client.add_peer(&alice(), false).await.unwrap();
        client
    }

    /// What lies in the store, each object by its key.
    fn lies(&self, part: &str) -> Vec<String> {
        let all = self.store.objects().into_iter().map(|object| object.to_string());
        all.filter(|key| key.contains(part)).collect()
    }

    /// From now on `from` says this of itself to `to`, as if it had never shown a key: it
    /// may have run anything from the beginning.
    fn say(&self, to: Email, from: Email, hello: impl Into<Vec<u8>>) {
        let client = if to == alice() { &self.do_client } else { &self.ds_client };
        let peers = client.file(".syft/decisions/peers.yaml").unwrap();
        let is_key = |line: &&str| {
            let words = ["key:", "fingerprint:", "seals:"];
            words.iter().any(|word| line.trim().starts_with(word))
        };
        let kept: Vec<&str> = peers.lines().filter(|line| !is_key(line)).collect();
        client.write(".syft/decisions/peers.yaml", &kept.join("\n"));
        let inbox = Space::Inbox { owner: to, sender: from };
        let all = self.store.objects();
        let is_hello = |object: &&syft_transport::Object| object.name.as_str() == "hello";
        let found = all.iter().filter(is_hello).find(|object| object.space == inbox).unwrap();
        assert!(self.store.tamper(&found.id, hello.into()));
    }
}

/// The hello of a node that speaks this version of the protocol.
fn hello(who: &Email, version: u32) -> Vec<u8> {
    let mut hello = Hello::of(who, LayoutKind::Native, COMPAT_VERSION, Timestamp::EPOCH);
    hello.native.as_mut().unwrap().protocol = ProtocolRange { min: version, max: version };
    serde_json::to_vec(&hello).unwrap()
}

/// The hello of a Python client of this version.
fn python_hello(version: &str) -> Vec<u8> {
    Advert::of(version, Timestamp::EPOCH).to_json().unwrap()
}
