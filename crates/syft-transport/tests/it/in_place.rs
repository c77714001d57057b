//! Objects that take the place of older ones, behind layers and in a Drive that fails.

use std::sync::Arc;

use syft_core::Email;
use syft_transport::{
    Chaos, Fault, MemoryStore, Metered, Mirror, Object, ObjectName, Operation, PutMode, Result,
    Retry, Space, Stale, Transport, TransportExt,
};

fn alice() -> Email {
    Email::parse("alice@example.org").unwrap()
}

fn log() -> Space {
    Space::Log { owner: alice() }
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

async fn create(store: &dyn Transport, text: &str) -> Object {
    store.put_bytes(&log(), &name(text), text.as_bytes().to_vec()).await.unwrap()
}

/// Puts an object whose bytes are its name in place of an older one.
async fn take_place(store: &dyn Transport, older: &Object, text: &str) -> Result<Object> {
    let mode = PutMode::InPlaceOf(older.clone());
    store.put(&log(), &name(text), text.as_bytes().to_vec().into(), mode).await
}

async fn listed(store: &dyn Transport) -> Vec<String> {
    let objects = store.list_all(&log()).await.unwrap();
    objects.iter().map(|object| object.name.to_string()).collect()
}

async fn memory() -> Arc<dyn Transport> {
    let user = MemoryStore::new().user(alice());
    user.open(&log()).await.unwrap();
    Arc::new(user)
}

#[tokio::test]
async fn a_place_that_was_taken_without_an_answer_is_taken_again() {
    let metered = Metered::new(memory().await);
    let older = create(&metered, "a").await;
    let chaos = Chaos::new(Arc::new(metered.clone())).script(Operation::Put, [Some(Fault::After)]);
    let store = Retry::new(Arc::new(chaos));
    take_place(&store, &older, "bb").await.unwrap();
    assert_eq!(listed(&store).await, ["bb"]);
    let usage = metered.snapshot();
    assert_eq!((usage.calls_of(Operation::Put), usage.calls_of(Operation::Delete)), (3, 0));
    assert_eq!(usage.bytes_up, 1 + 2 + 2);
}

#[tokio::test]
async fn f3_a_stale_listing_shows_the_older_one_or_the_new_one() {
    for seed in 0..8 {
        let stale = Stale::new(memory().await, 3).uneven(seed);
        let mut object = create(&stale, "0").await;
        while listed(&stale).await.is_empty() {}
        for turn in 1..4 {
            let (old, new) = ((turn - 1).to_string(), turn.to_string());
            object = take_place(&stale, &object, &new).await.unwrap();
            let mut shown = listed(&stale).await;
            while shown == [old.as_str()] {
                shown = listed(&stale).await;
            }
            assert_eq!(shown, [new]);
        }
    }
}

#[tokio::test]
async fn a_mirror_shows_the_new_one_alone_and_asks_nothing() {
    let metered = Metered::new(memory().await);
    let mirror = Mirror::new(Arc::new(metered.clone()));
    mirror.refresh().await.unwrap();
    assert!(listed(&mirror).await.is_empty());
    let a = create(&mirror, "a").await;
    let b = take_place(&mirror, &a, "b").await.unwrap();
    assert_eq!(listed(&mirror).await, ["b"]);
    mirror.refresh().await.unwrap();
    assert_eq!(mirror.list_all(&log()).await.unwrap(), std::slice::from_ref(&b));
    // It is what it was once.
    take_place(&mirror, &b, "a").await.unwrap();
    for _ in 0..2 {
        assert_eq!(listed(&mirror).await, ["a"]);
        mirror.refresh().await.unwrap();
    }
    // In place of what is gone.
    mirror.delete(&mirror.list_all(&log()).await.unwrap()).await.unwrap();
    take_place(&mirror, &b, "c").await.unwrap();
    for _ in 0..2 {
        assert_eq!(listed(&mirror).await, ["c"]);
        mirror.refresh().await.unwrap();
    }
    assert_eq!(metered.snapshot().calls_of(Operation::List), 1);
}

#[cfg(feature = "drive")]
mod on_drive {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use syft_drive_emulator::{DriveEmulator, Fault, FaultPlan, FileSnapshot, Lag, Rule};
    use syft_transport::drive::DriveTransport;
    use syft_transport::{Error, MemoryCache, collect};

    use super::*;
    use crate::drive::remembering;

    /// More than goes in one request, in more than one piece.
    const LARGE: usize = 9 * 1024 * 1024;

    fn store_of(drive: &DriveEmulator) -> DriveTransport {
        remembering(drive, alice().as_str(), None)
    }

    /// A Drive in whose log an object lies, and a patient store over it.
    async fn with_one() -> (DriveEmulator, Retry, Object) {
        let drive = DriveEmulator::start().unwrap();
        let store = Retry::new(Arc::new(store_of(&drive)));
        store.open(&log()).await.unwrap();
        let object = create(&store, "a").await;
        drive.forget_requests();
        (drive, store, object)
    }

    /// The files in the folder of the log that are not in the bin.
    fn files(drive: &DriveEmulator) -> Vec<FileSnapshot> {
        drive.files().into_iter().filter(|f| f.content.is_some() && !f.trashed).collect()
    }

    /// What Alice does by hand.
    fn by_hand(drive: &DriveEmulator, method: &str, id: &str, body: &str) {
        let host = drive.url().trim_start_matches("http://").to_owned();
        let user = drive.add_user(alice().as_str());
        let request = format!(
            "{method} /drive/v3/files/{id} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            user.access_token(),
            body.len()
        );
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_place_is_taken_in_one_request() {
        let (drive, store, a) = with_one().await;
        let b = take_place(&store, &a, "b").await.unwrap();
        let requests: Vec<String> =
            drive.requests().into_iter().map(|request| request.method).collect();
        assert_eq!(requests, ["PATCH"]);
        assert_eq!((b.id, b.owner), (a.id, Some(alice())));
        let [file] = &files(&drive)[..] else { panic!("{:?}", drive.files()) };
        assert_eq!((file.name.as_str(), file.content.as_deref()), ("b", Some(&b"b"[..])));
        assert_eq!(file.mime, "application/octet-stream");
        assert!(file.app_properties.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn f5_a_place_is_taken_once_whatever_becomes_of_the_answers() {
        for (length, method) in [(1_000, "PATCH"), (LARGE, "PATCH"), (LARGE, "PUT")] {
            let (drive, store, a) = with_one().await;
            let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            drive.set_faults(FaultPlan {
                rules: vec![Rule::new(Fault::AnswerLost).method(method).times(2)],
                lags: vec![(None, Lag::Steps(20))],
                ..FaultPlan::default()
            });
            let mode = PutMode::InPlaceOf(a.clone());
            let b = store.put(&log(), &name("b"), body.clone().into(), mode).await.unwrap();
            assert_eq!(b.id, a.id);
            let [file] = &files(&drive)[..] else { panic!("{:?}", drive.files()) };
            assert!(file.name == "b" && file.content.as_ref() == Some(&body), "{length} {method}");
            drive.set_faults(FaultPlan::default());
            let back = store.get(&b, None).await.unwrap();
            assert!(collect(back, "b", LARGE as u64).await.unwrap() == body);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn another_process_takes_the_same_place_and_changes_nothing() {
        let (drive, store, a) = with_one().await;
        let b = take_place(&store, &a, "b").await.unwrap();
        assert_eq!(take_place(&store_of(&drive), &a, "b").await.unwrap(), b);
        assert_eq!(listed(&store_of(&drive)).await, ["b"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_thrown_away_by_hand_has_no_place() {
        let bin = ("PATCH", r#"{"trashed":true}"#);
        for ((method, body), is_refused) in [(bin, false), (bin, true), (("DELETE", ""), false)] {
            let (drive, store, a) = with_one().await;
            by_hand(&drive, method, &a.id, body);
            if is_refused {
                drive.add_fault(Rule::new(Fault::InsufficientPermissions).method("PATCH"));
            }
            take_place(&store, &a, "b").await.unwrap();
            let [file] = &files(&drive)[..] else { panic!("{:?}", drive.files()) };
            assert_eq!((file.name.as_str(), file.content.as_deref()), ("b", Some(&b"b"[..])));
            assert_eq!(listed(&store).await, ["b"]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_place_that_google_refuses_is_not_taken() {
        let (drive, store, a) = with_one().await;
        drive.add_fault(Rule::new(Fault::InsufficientPermissions).method("PATCH"));
        let refused = take_place(&store, &a, "b").await;
        assert!(matches!(refused, Err(Error::Denied { .. })), "{refused:?}");
        assert_eq!(listed(&store).await, ["a"]);
    }

    /// A feed that lags tells of an object as it was before.
    #[tokio::test(flavor = "multi_thread")]
    async fn f3_a_mirror_does_not_bring_the_older_one_back() {
        let notes = Arc::new(MemoryCache::default());
        let (drive, store, a) = with_one().await;
        let over = |store| Mirror::with_cache(Arc::new(store), notes.clone());
        let mirror = over(store.clone());
        mirror.refresh().await.unwrap();
        assert_eq!(listed(&mirror).await, ["a"]);
        let b = take_place(&mirror, &a, "b").await.unwrap();
        let c = take_place(&mirror, &b, "c").await.unwrap();
        // One change after the other is shown.
        for steps in [2, 1, 0] {
            drive.set_faults(FaultPlan {
                lags: vec![(None, Lag::Steps(steps))],
                ..FaultPlan::default()
            });
            mirror.refresh().await.unwrap();
            assert_eq!(mirror.list_all(&log()).await.unwrap(), std::slice::from_ref(&c));
            // The next process knows it, too.
            let next = Mirror::with_cache(Arc::new(store.clone()), notes.clone());
            next.refresh().await.unwrap();
            assert_eq!(listed(&next).await, ["c"], "{steps} steps");
        }
        // What somebody else does with it is told.
        let elsewhere = store_of(&drive);
        take_place(&elsewhere, &c, "a").await.unwrap();
        mirror.refresh().await.unwrap();
        assert_eq!(listed(&mirror).await, ["a"]);
    }
}
