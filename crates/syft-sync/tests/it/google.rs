//! The logins of a notebook, on an emulator of Google Drive.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use syft_core::{DirDisk, Email, LayoutKind};
use syft_drive_emulator::DriveEmulator;
use syft_sync::{
    Error, GOOGLE_DRIVE, GoogleAccount, GoogleHosts, GoogleLogin, GoogleStatus, Role, Stores,
    SyftboxManager,
};
use tempfile::TempDir;

const ALICE: &str = "alice@hospital.org";

fn alice() -> Email {
    Email::parse(ALICE).unwrap()
}

/// A Drive, a folder, and a machine of Google's that vouches for Alice.
struct World {
    drive: DriveEmulator,
    folder: TempDir,
    hosts: GoogleHosts,
}

impl World {
    fn new() -> World {
        let drive = DriveEmulator::start().unwrap();
        let token = drive.add_user(ALICE).access_token().to_owned();
        let hosts = GoogleHosts {
            drive: Some(drive.url().to_owned()),
            metadata: Some(metadata_server(&token)),
        };
        World { drive, folder: tempfile::tempdir().unwrap(), hosts }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The token file of an account.
    fn token_path(&self, email: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{email}.json"));
        let file = self.drive.add_user(email).token_file_json(false);
        std::fs::write(&path, file).unwrap();
        path
    }

    fn stores(&self) -> Stores {
        let disk = DirDisk::open(&self.home()).unwrap();
        Stores::of(alice()).with_google_at(self.drive.url()).unwrap().in_home(Arc::new(disk))
    }

    fn status(&self) -> GoogleStatus {
        self.stores().google_status().unwrap().unwrap()
    }
}

/// Gives out a token to whoever asks as Google's libraries do; where it is.
fn metadata_server(token: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let body =
        format!(r#"{{"access_token": "{token}", "expires_in": 3599, "token_type": "Bearer"}}"#);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = BufReader::new(stream.try_clone().unwrap());
            let head: Vec<String> =
                asked.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let head = head.join("\n").to_lowercase();
            assert!(head.contains("metadata-flavor: google"), "{head}");
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    host
}

#[tokio::test]
async fn for_colab_logs_in_as_the_machine_vouches() {
    let world = World::new();
    let client = SyftboxManager::for_colab(alice(), Role::Scientist, world.home(), &world.hosts);
    let client = client.await.unwrap();
    assert_eq!((client.email(), client.is_do()), (&alice(), false));
    assert_eq!(client.layout(), LayoutKind::Pysyft);
    client.sync(&Default::default()).await.unwrap();
    assert_eq!(world.status().account, GoogleAccount::Machine);
    drop(client);
    // The home is logged in from then on.
    world.stores().check_google_account().await.unwrap();

    let bob = Email::parse("bob@uni.org").unwrap();
    let other = world.folder.path().join("other");
    let refused = SyftboxManager::for_colab(bob, Role::Both, &other, &world.hosts).await;
    assert!(matches!(refused.unwrap_err(), Error::Transport(_)));
    assert!(!other.exists(), "a login that fails leaves nothing");
}

#[tokio::test]
async fn for_jupyter_logs_in_with_a_token_path() {
    let world = World::new();
    let token_path = world.token_path(ALICE);
    let login = |role, token_path: Option<&Path>| {
        let token_path = token_path.map(Path::to_owned);
        let (home, hosts) = (world.home(), world.hosts.clone());
        async move {
            SyftboxManager::for_jupyter(alice(), role, home, token_path.as_deref(), &hosts).await
        }
    };
    let none = login(Role::Owner, None).await;
    assert!(matches!(none.unwrap_err(), Error::NoGoogleLogin));
    assert!(!world.home().exists());
    let client = login(Role::Owner, Some(&token_path)).await.unwrap();
    assert!(client.is_do());
    drop(client);
    std::fs::remove_file(&token_path).unwrap();
    let client = login(Role::Scientist, None).await.unwrap();
    assert!(!client.is_do(), "what the home has kept is enough, and the role is the new one");
    drop(client);
    let of_bob = world.token_path("bob@uni.org");
    login(Role::Owner, Some(&of_bob)).await.unwrap_err();
    let program = world.folder.path().join("credentials.json");
    std::fs::write(&program, world.drive.add_user(ALICE).client_file_json()).unwrap();
    let wrong = login(Role::Owner, Some(&program)).await.unwrap_err();
    assert!(matches!(&wrong, Error::Config(told) if told.contains("client secrets")), "{wrong}");
    world.stores().check_google_account().await.unwrap();
}

#[tokio::test]
async fn a_login_that_was_put_there_meanwhile_is_not_overwritten() {
    let world = World::new();
    let user = world.drive.add_user(ALICE);
    let kept = || std::fs::read_to_string(world.home().join(".syft/keys/google.json")).unwrap();
    let file = world.token_path(ALICE);
    let log_in = || async {
        SyftboxManager::for_jupyter(alice(), Role::Both, world.home(), Some(&file), &world.hosts)
            .await
            .unwrap()
    };
    drop(log_in().await);
    let (stores, before) = (world.stores(), kept());
    let store = stores.create(GOOGLE_DRIVE).unwrap();
    user.expire_tokens();
    store.discover(syft_transport::SpaceKind::Inbox).await.unwrap();
    let renewed = kept();
    assert_ne!(renewed, before, "what was renewed is kept");
    world.token_path(ALICE);
    drop(log_in().await);
    let newer = kept();
    user.expire_tokens();
    store.discover(syft_transport::SpaceKind::Mine).await.unwrap();
    assert_eq!(kept(), newer, "by a process that began with the old one");
    assert_eq!(stores.used_google_tokens().unwrap().unsaved, None);
}

#[tokio::test]
async fn f18_a_login_shows_nothing_of_itself() {
    let world = World::new();
    let user = world.drive.add_user(ALICE);
    let login = GoogleLogin::read(user.token_file_json(false).as_bytes(), &alice()).unwrap();
    let stores = world_stores(&world).with_google_login(login.clone());
    stores.check_google_account().await.unwrap();
    let shown = format!("{login:?} {stores:?} {:?}", stores.google_status().unwrap());
    assert!(shown.contains("Person"), "{shown}");
    for secret in [user.refresh_token(), user.client_secret(), "ya29."] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Without a home.
fn world_stores(world: &World) -> Stores {
    Stores::of(alice()).with_google_at(world.drive.url()).unwrap()
}
