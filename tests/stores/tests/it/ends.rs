//! Nothing stays behind of a server: no process, no connection, no folder.
#![allow(clippy::disallowed_methods, reason = "it reads what it told itself")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use syft_test_stores::{Gs, Result, S3, Sftp, WebDav, required_or_noted};

use crate::sftp::client;

/// A server that is dropped while somebody is connected to it.
fn drops<S>(started: Result<S>, address: impl Fn(&S) -> String) {
    let Some(store) = required_or_noted(started) else { return };
    let mut connection = TcpStream::connect(address(&store)).unwrap();
    drop(store);
    // `sshd` has said hello: all there is, up to the end.
    let _ = connection.read_to_end(&mut Vec::new());
}

#[test]
fn a_connection_ends_with_the_server_that_is_dropped() {
    let behind = |url: &str| url.replace("http://", "");
    drops(S3::moto(), |store| behind(store.endpoint()));
    drops(S3::rclone(), |store| behind(store.endpoint()));
    drops(Gs::start(), |store| behind(store.endpoint()));
    drops(WebDav::start(), |store| behind(store.url()));
    drops(Sftp::start(), |store| format!("127.0.0.1:{}", store.port()));
}

/// The command lines of all processes that name a folder.
fn running(folder: &Path) -> Vec<String> {
    let lines = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let command = fs::read_to_string(entry.ok()?.path().join("cmdline")).ok()?;
        command.contains(folder.to_str().unwrap()).then_some(command)
    });
    lines.collect()
}

#[test]
fn a_session_ends_with_the_server_that_is_dropped() {
    let Some(store) = required_or_noted(Sftp::start()) else { return };
    let folder = store.folder().parent().unwrap().to_owned();
    let mut client = client(&store).spawn().unwrap();
    let mut input = client.stdin.take().unwrap();
    writeln!(input, "pwd").unwrap();
    let mut answers = BufReader::new(client.stdout.take().unwrap());
    let mut answer = String::new();
    while !answer.contains("Remote working directory") {
        assert!(answers.read_line(&mut answer).unwrap() > 0, "{answer}: {}", store.said());
    }
    drop(store);
    assert!(!folder.exists());
    // The client still waits for what to do, and its connection has gone.
    writeln!(input, "pwd\nls").unwrap();
    drop(input);
    let said = client.wait_with_output().unwrap();
    assert!(!said.status.success(), "{said:?}");
    assert_eq!(running(&folder), Vec::<String>::new());
}

/// For so long what was killed may take to be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a child of this test is told: to hold a server until it is killed.
const HOLD: &str = "SYFT_TEST_HOLD";

#[test]
fn a_server_ends_with_a_program_that_is_killed() {
    let started = S3::rclone();
    if std::env::var_os(HOLD).is_some() {
        let store = started.unwrap();
        println!("{}", store.endpoint());
        // Nobody writes: it stays until it is killed.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        unreachable!("it was to be killed, with {store:?}");
    }
    if required_or_noted(started).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut holder = hold(folder.path());
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| Some(line.unwrap().split_once("http://")?.1.to_owned()));
    let mut connection = TcpStream::connect(address.unwrap()).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    // It ends when nobody is left at the other end.
    assert_eq!(connection.read(&mut [0]).unwrap_or(0), 0);
    let since = Instant::now();
    // Whoever ends it does so behind the back of all.
    while fs::read_dir(folder.path()).unwrap().next().is_some()
        || !running(folder.path()).is_empty()
    {
        assert!(since.elapsed() < PATIENCE, "it stays: {:?}", running(folder.path()));
        std::thread::yield_now();
    }
}

/// This test program again, running the test above alone, with that folder for what is temporary.
fn hold(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["ends::a_server_ends_with_a_program_that_is_killed", "--exact", "--nocapture"])
        .env(HOLD, "yes")
        .env("TMPDIR", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
