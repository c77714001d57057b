//! Several processes over one folder: this test program starts itself again.
#![allow(clippy::disallowed_methods, reason = "it reads what it told itself")]

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use syft_core::Email;
use syft_transport::{
    Error, FolderTransport, ObjectName, PutBody, PutMode, Space, Transport, TransportExt,
};

const ROOT: &str = "SYFT_TEST_FOLDER";
const BODY: &str = "SYFT_TEST_BODY";
const PROCESSES: usize = 4;
const ROUNDS: usize = 25;

fn alice() -> Email {
    Email::parse("alice@example.org").unwrap()
}

fn log() -> Space {
    Space::Log { owner: alice() }
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

/// This program again, running the one test `test` of this file in the role of a child.
fn start(test: &str, root: &Path, body: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([&format!("folder_processes::{test}"), "--exact", "--quiet"])
        .env(ROOT, root)
        .env(BODY, body)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// In a child: the folder that the parent shares.
fn child_transport() -> Option<FolderTransport> {
    let root = std::env::var_os(ROOT)?;
    Some(FolderTransport::open(Path::new(&root), alice()).unwrap())
}

#[tokio::test]
async fn one_of_many_processes_creates_a_name() {
    if let Some(transport) = child_transport() {
        return create_in_rounds(&transport, &std::env::var(BODY).unwrap()).await;
    }
    let root = tempfile::tempdir().unwrap();
    let transport = FolderTransport::create(root.path(), alice()).unwrap();
    transport.open(&log()).await.unwrap();
    let mut children: Vec<Child> = (0..PROCESSES)
        .map(|i| start("one_of_many_processes_creates_a_name", root.path(), &format!("body {i}")))
        .collect();
    for child in &mut children {
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for round in 0..ROUNDS {
        let raced = transport.find(&log(), &name(&format!("raced_{round}"))).await.unwrap();
        let kept = transport.get_bytes(&raced.unwrap(), 100).await.unwrap();
        let mut winners = Vec::new();
        for i in 0..PROCESSES {
            let body = format!("body {i}");
            let claim = name(&format!("won_{round} {body}"));
            winners.extend(transport.find(&log(), &claim).await.unwrap().map(|_| body));
        }
        assert_eq!(winners, [String::from_utf8(kept).unwrap()], "round {round}");
    }
}

async fn create_in_rounds(transport: &FolderTransport, body: &str) {
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
    for round in 0..ROUNDS {
        let raced = name(&format!("raced_{round}"));
        match transport.put_bytes(&log(), &raced, body.as_bytes().to_vec()).await {
            Ok(_) => {
                let claim = name(&format!("won_{round} {body}"));
                transport.put_bytes(&log(), &claim, Vec::new()).await.unwrap();
            }
            Err(Error::AlreadyExists { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_in_a_put_leaves_no_object() {
    if let Some(transport) = child_transport() {
        let body = PutBody::from_stream(8, || {
            let die = stream::once(async { std::process::abort() });
            stream::iter([Ok(Bytes::from_static(b"half"))]).chain(die).boxed()
        });
        let put = transport.put(&log(), &name("cut"), body, PutMode::Create).await;
        panic!("it lives: {put:?}");
    }
    let root = tempfile::tempdir().unwrap();
    let transport = FolderTransport::create(root.path(), alice()).unwrap();
    transport.open(&log()).await.unwrap();
    let mut child = start("a_process_that_dies_in_a_put_leaves_no_object", root.path(), "");
    assert_eq!(child.wait().unwrap().code(), None, "it ends by a signal");

    assert!(transport.list_all(&log()).await.unwrap().is_empty());
    let again = transport.put_bytes(&log(), &name("cut"), b"whole".to_vec()).await.unwrap();
    assert_eq!(transport.get_bytes(&again, 100).await.unwrap(), b"whole");
    assert_eq!(transport.list_all(&log()).await.unwrap().len(), 1);
}
