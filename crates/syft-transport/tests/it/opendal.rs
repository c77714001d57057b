//! The stores that OpenDAL reaches: the suite, and what their probes find out, over real
//! servers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use syft_core::Email;
use syft_dropbox_emulator::{AccountHandle, DropboxEmulator, Fault, Rule};
use syft_test_stores::{Azblob, Gs, S3, Sftp, WebDav, if_there_or_noted, required_or_noted};
use syft_transport::conformance::{self, Cast, Outcome, Setup};
use syft_transport::{
    Capabilities, Error, Kept, OpendalTransport, Probe, Result, Retry, Space, SpaceKind,
    StoreLogin, StoreUrl, Transport, TransportExt as _, probe,
};

const PEOPLE: [&str; 3] = ["alice@example.org", "bob@example.org", "eve@example.org"];

/// A store of which each test has a folder of its own.
struct Store {
    /// The address, with `{}` in the place of the folder.
    url: String,
    login: StoreLogin,
    /// What was found out about it.
    found: Capabilities,
    count: AtomicUsize,
}

impl Store {
    fn new(url: String, login: StoreLogin) -> Self {
        Store { url, login, found: Capabilities::none(), count: AtomicUsize::new(0) }
    }

    /// As a login does it: what it keeps is found out first, and then relied on.
    async fn tried(url: String, login: StoreLogin) -> (Self, Probe) {
        let store = Store::new(url, login);
        let me = Email::parse(PEOPLE[0]).unwrap();
        let claimed = OpendalTransport::as_claimed(&store.fresh(), me, &store.login).unwrap();
        let tried = probe(&Retry::new(Arc::new(claimed))).await.unwrap();
        (Store { found: tried.found, ..store }, tried)
    }

    fn fresh(&self) -> StoreUrl {
        let folder = self.count.fetch_add(1, Ordering::Relaxed).to_string();
        StoreUrl::parse(&self.url.replace("{}", &folder)).unwrap()
    }

    fn open(&self, url: &StoreUrl, email: &str) -> Arc<dyn Transport> {
        let email = Email::parse(email).unwrap();
        let store = OpendalTransport::new(url, email, &self.login, self.found).unwrap();
        Arc::new(Retry::new(Arc::new(store)))
    }

    /// Runs the suite; the promises that the store does not claim.
    async fn conforms(&self) -> Vec<&'static str> {
        let report = conformance::run(self).await;
        let report = report.into_result().unwrap_or_else(|report| panic!("{report}"));
        let open = report.outcomes.iter().filter(|(_, o)| matches!(o, Outcome::NotClaimed(_)));
        open.map(|(name, _)| *name).collect()
    }
}

#[async_trait]
impl Setup for Store {
    async fn cast(&self) -> Result<Cast> {
        let url = self.fresh();
        Ok(Cast::new(PEOPLE.map(|email| self.open(&url, email))))
    }
}

/// What none of them has.
const LACKING: [&str; 8] = [
    "taking_a_place_again_changes_nothing",
    "what_takes_the_place_of_nothing_is_created",
    "the_place_of_a_third_object_is_not_taken",
    "the_place_of_what_is_not_mine_is_not_taken",
    "the_feed_shows_what_took_a_place",
    "reading_what_is_not_shared_is_denied",
    "the_provider_states_who_put_an_object",
    "changes_name_what_happened_since_the_cursor",
];
const EXCLUSIVE: &str = "one_of_many_creators_wins";

fn kept(tried: &Probe, promise: &str) -> Kept {
    assert!(tried.broken().is_none(), "{tried:?}");
    tried.promises.iter().find(|it| it.promise == promise).unwrap().kept
}

/// Both, and whether one of many writers of a name wins there.
async fn judge((store, tried): (Store, Probe), one_wins: Kept) {
    assert_eq!(kept(&tried, "one_of_many_writers_wins"), one_wins, "{tried:?}");
    let lacking = store.conforms().await;
    let exclusive = [EXCLUSIVE];
    let more: &[&str] = if one_wins == Kept::Yes { &[] } else { &exclusive };
    assert_eq!(lacking, [&LACKING, more].concat());
}

static MOTO: LazyLock<Option<S3>> = LazyLock::new(|| started(S3::moto()));
static RCLONE: LazyLock<Option<S3>> = LazyLock::new(|| started(S3::rclone()));

fn started(server: syft_test_stores::Result<S3>) -> Option<S3> {
    let server = required_or_noted(server)?;
    server.create_bucket("bucket");
    Some(server)
}

fn s3(server: &S3, folder: &str) -> (String, StoreLogin) {
    let login = StoreLogin::none()
        .with_user(server.access_key())
        .with_password(server.secret_key().to_owned());
    (format!("s3://bucket/{folder}{{}}?endpoint={}", server.endpoint()), login)
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_with_conditions_keeps_every_promise_it_can_make() {
    let Some(server) = &*MOTO else { return };
    let (url, login) = s3(server, "suite");
    let (store, tried) = Store::tried(url, login).await;
    assert_eq!(kept(&tried, "a_version_is_replaced_once"), Kept::Yes);
    judge((store, tried), Kept::Yes).await;
}

/// Conditions that are taken and ignored are found out, and done without.
#[tokio::test(flavor = "multi_thread")]
async fn s3_that_ignores_conditions_keeps_the_rest() {
    let Some(server) = &*RCLONE else { return };
    let (url, login) = s3(server, "suite");
    let (store, tried) = Store::tried(url, login).await;
    assert_eq!(kept(&tried, "a_version_is_replaced_once"), Kept::No);
    judge((store, tried), Kept::No).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gs_keeps_every_promise_it_can_make() {
    let Some(server) = required_or_noted(Gs::start()) else { return };
    server.create_bucket("bucket");
    let login = StoreLogin::none().with_token("of-tests".to_owned());
    let url = format!("gs://bucket/a b/{{}}?endpoint={}", server.endpoint());
    judge(Store::tried(url, login).await, Kept::No).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azblob_keeps_every_promise_it_can_make() {
    let Some(server) = if_there_or_noted(Azblob::start("bucket")) else { return };
    let login = StoreLogin::none().with_password(server.key().to_owned());
    let (account, endpoint) = (server.account(), server.endpoint());
    let url = format!("azblob://bucket/a b/{{}}?account={account}&endpoint={endpoint}");
    let (store, tried) = Store::tried(url, login).await;
    assert_eq!(kept(&tried, "a_version_is_replaced_once"), Kept::Yes);
    judge((store, tried), Kept::Yes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webdav_keeps_every_promise_it_can_make() {
    let Some(server) = required_or_noted(WebDav::start()) else { return };
    let host = server.url().strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let login =
        StoreLogin::none().with_user(server.user()).with_password(server.password().to_owned());
    judge(Store::tried(format!("webdav://{host}/a b/{{}}?tls=no"), login).await, Kept::NotClaimed)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sftp_keeps_every_promise_it_can_make() {
    let Some(server) = required_or_noted(Sftp::start()) else { return };
    let (user, port, key) = (server.user().to_owned(), server.port(), server.key());
    let (folder, key) = (server.folder().display().to_string(), key.display().to_string());
    let at = |port: u16, more: &str| {
        let url = format!("sftp://{user}@127.0.0.1:{port}{folder}/x?key={key}{more}");
        let (url, me) = (StoreUrl::parse(&url).unwrap(), Email::parse(PEOPLE[0]).unwrap());
        OpendalTransport::as_claimed(&url, me, &StoreLogin::none()).unwrap()
    };
    let away = at(1, "&host_key=accept").discover(SpaceKind::Inbox).await;
    assert!(matches!(away, Err(Error::Temporary { .. })), "{away:?}");
    // A machine that ssh does not know is told nothing.
    let unknown = at(port, "").discover(SpaceKind::Inbox).await;
    assert!(matches!(unknown, Err(Error::Denied { .. })), "{unknown:?}");
    let url = format!("sftp://{user}@127.0.0.1:{port}{folder}/{{}}?key={key}&host_key=accept");
    judge(Store::tried(url, StoreLogin::none()).await, Kept::NotClaimed).await;
}

fn dropbox(emulator: &DropboxEmulator, account: &AccountHandle) -> StoreLogin {
    StoreLogin::none()
        .with_user(account.app_key())
        .with_refresh_token(account.refresh_token().to_owned())
        .with_service_at(emulator.url())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn dropbox_keeps_every_promise_it_can_make() {
    let emulator = DropboxEmulator::start().unwrap();
    let login = dropbox(&emulator, &emulator.add_account("team@example.org"));
    judge(Store::tried("dropbox:///Apps/syft/{}".to_owned(), login).await, Kept::Yes).await;
}

/// What goes wrong with one call, and what a caller is told to do about it.
#[tokio::test(flavor = "multi_thread")]
async fn what_dropbox_says_is_understood() {
    let emulator = DropboxEmulator::start().unwrap();
    let account = emulator.add_account("team@example.org");
    let login = dropbox(&emulator, &account);
    let (url, me) = (StoreUrl::parse("dropbox:///x").unwrap(), Email::parse(PEOPLE[0]).unwrap());
    let store = OpendalTransport::as_claimed(&url, me.clone(), &login).unwrap();
    let log = Space::Log { owner: me };
    store.open(&log).await.unwrap();
    let put = async |name: &str| store.put_bytes(&log, &name.parse().unwrap(), vec![7; 99]).await;

    // It was done, and what is asked again finds its own bytes.
    emulator.add_fault(Rule::new(Fault::AnswerLost).path("/files/upload").times(1));
    put("lost").await.unwrap();
    assert_eq!(store.list_all(&log).await.unwrap().len(), 1);
    // A token that has ended is made anew.
    account.expire_tokens();
    put("renewed").await.unwrap();
    let wait = Duration::from_secs(7);
    emulator.add_fault(Rule::new(Fault::TooManyRequests(Some(wait))).path("/files/").times(1));
    let busy = put("busy").await;
    assert!(
        matches!(busy, Err(Error::Throttled { after: Some(it), .. }) if it == wait),
        "{busy:?}"
    );
    emulator.add_fault(Rule::new(Fault::Status(503)).path("/files/upload").times(9));
    let away = put("away").await;
    assert!(matches!(away, Err(Error::Temporary { .. })), "{away:?}");
    emulator.set_faults(Default::default());
    account.set_space(0);
    let full = put("full").await;
    assert!(matches!(full, Err(Error::Quota { .. })), "{full:?}");
    account.withdraw_consent();
    let shut = put("shut").await;
    assert!(matches!(shut, Err(Error::Denied { .. })), "{shut:?}");
    let secret = account.refresh_token();
    assert!(!format!("{shut:?}{full:?}{away:?}").contains(secret), "a token is in an error");
}

/// It is known how they are reached, and that one who is away is one to try again.
#[tokio::test(flavor = "multi_thread")]
async fn stores_of_tokens_and_keys_that_do_not_answer_are_away() {
    let key = "c3lmdC10ZXN0cw==".to_owned();
    for (url, login) in [
        ("gs://bucket/x?endpoint=http://127.0.0.1:1", StoreLogin::none().with_token(key.clone())),
        (
            "azblob://c/x?account=acme&endpoint=http://127.0.0.1:1",
            StoreLogin::none().with_password(key.clone()),
        ),
    ] {
        let url = StoreUrl::parse(url).unwrap();
        let me = Email::parse(PEOPLE[0]).unwrap();
        let store = OpendalTransport::as_claimed(&url, me, &login).unwrap();
        let away = store.discover(SpaceKind::Inbox).await;
        assert!(matches!(away, Err(Error::Temporary { .. })), "{url}: {away:?}");
        assert!(!format!("{away:?}").contains(&key), "{away:?}");
    }
}
