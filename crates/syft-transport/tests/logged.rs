//! What the libraries below write to the log of a program that listens to everything
//! (`threats.md` F18). One test, since a process has one log.
#![cfg(feature = "drive")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;

use serde_json::Value;
use syft_core::Email;
use syft_drive_emulator::{DriveEmulator, UserHandle};
use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};
use syft_transport::{
    CollectionHash, CollectionKind, ObjectName, Space, Transport, TransportExt, grants,
};

/// All that was logged.
static LOGGED: Mutex<String> = Mutex::new(String::new());

fn logged(line: std::fmt::Arguments<'_>) {
    writeln!(LOGGED.lock().unwrap(), "{line}").unwrap();
}

struct Listener;

impl log::Log for Listener {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        logged(format_args!("log {} {}: {}", record.level(), record.target(), record.args()));
    }
    fn flush(&self) {}
}

struct Fields(String);

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl tracing::Subscriber for Listener {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut fields = Fields(String::new());
        span.record(&mut fields);
        logged(format_args!("span {}:{}", span.metadata().target(), fields.0));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        logged(format_args!("span:{}", fields.0));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        logged(format_args!("event {}:{}", event.metadata().target(), fields.0));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// Makes, shares and reads something, with a token that has to be asked for first.
async fn works(drive: &DriveEmulator, who: &str, credentials: Credentials) {
    let (endpoints, client) = (Endpoints::at(drive.url()).unwrap(), http_client().unwrap());
    let tokens = Tokens::new(credentials, &endpoints, client.clone());
    let owner = Email::parse(who).unwrap();
    let store =
        DriveTransport::new(owner.clone(), client, tokens.clone(), &endpoints, None).unwrap();
    let space = Space::Collection {
        owner,
        kind: CollectionKind::Mock,
        tag: "census".parse().unwrap(),
        hash: CollectionHash::parse("0a1b2c").unwrap(),
    };
    store.check_account().await.unwrap();
    store.open(&space).await.unwrap();
    let name = ObjectName::parse("mock.csv").unwrap();
    let object = store.put_bytes(&space, &name, b"age\n".to_vec()).await.unwrap();
    grants::grant(&store, &space, Email::parse("bob@example.org").unwrap()).await.unwrap();
    assert_eq!(store.get_bytes(&object, 64).await.unwrap(), b"age\n");
    let bearer = tokens.bearer().await.unwrap();
    // What was said is looked for below, so it must be worth looking.
    assert!(bearer.expose().len() > 10);
    assert!(!LOGGED.lock().unwrap().contains(bearer.expose()), "the token of {who}");
}

fn secrets(of: &UserHandle) -> Vec<String> {
    let file: Value = serde_json::from_str(&of.token_file_json(true)).unwrap();
    let fields = ["token", "refresh_token", "client_secret"];
    fields.iter().map(|field| file[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn f18_nothing_secret_is_logged_at_any_level() {
    log::set_logger(&Listener).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(Listener).unwrap();
    log::trace!("to the one");
    tracing::trace!("to the other");

    let drive = DriveEmulator::start().unwrap();
    let (alice, _) = (drive.add_user("alice@example.org"), drive.add_user("bob@example.org"));
    let file = alice.token_file_json(true);
    works(&drive, alice.email(), Credentials::from_token_file(file.as_bytes()).unwrap()).await;
    let robot = drive.service_account("robot@hospital.example", &[alice.email()]);
    let subject = Some(Email::parse(alice.email()).unwrap());
    let credentials = Credentials::from_service_account(robot.as_bytes(), subject).unwrap();
    works(&drive, alice.email(), credentials).await;

    let logged = LOGGED.lock().unwrap();
    assert!(logged.contains("to the one") && logged.contains("to the other"), "both are heard");
    let key: Value = serde_json::from_str(&robot).unwrap();
    let key = key["private_key"].as_str().unwrap();
    let body = key.lines().nth(1).unwrap().to_owned();
    for secret in secrets(&alice).into_iter().chain([body]) {
        assert!(!logged.contains(&secret), "{secret} in {logged}");
    }
    // An assertion, and a token that nobody here has seen.
    for start in ["eyJhbGciOi", "ya29.", "assertion="] {
        assert!(!logged.contains(start), "{start} in {logged}");
    }
}
