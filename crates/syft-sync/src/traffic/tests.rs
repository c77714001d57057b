//! What the recorder notes, whatever becomes of a call.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use syft_core::testing::{FaultyDisk, ManualClock};
use syft_core::{ContentHash, DirDisk, Email, Timestamp};
use syft_transport::{
    Chaos, Fault, MemoryStore, ObjectName, Operation, PutBody, PutMode, Space, Transport,
    TransportExt,
};
use tempfile::TempDir;

use super::{Direction, Recorded, Transfer, transfers};
use crate::shared_audit::SharedAudit;

struct Home {
    _folder: TempDir,
    disk: Arc<FaultyDisk>,
    audit: SharedAudit,
    store: Recorded,
}

impl Home {
    async fn over(inner: impl Transport + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(FaultyDisk::new(Arc::new(DirDisk::open(folder.path()).unwrap())));
        let audit = SharedAudit::new(disk.clone());
        let clock = Arc::new(ManualClock::at(Timestamp::new(1_790_000_000.0).unwrap()));
        let store = Recorded::new(Arc::new(inner), clock, audit.clone(), alice());
        store.open(&log()).await.unwrap();
        Home { _folder: folder, disk, audit, store }
    }

    fn table(&self) -> Vec<Transfer> {
        transfers(&self.audit.open().unwrap().entries().unwrap())
    }
}

fn alice() -> Email {
    Email::parse("alice@example.org").unwrap()
}

fn log() -> Space {
    Space::Log { owner: alice() }
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

#[tokio::test]
async fn the_same_bytes_are_a_line_each_time_that_they_leave() {
    let home = Home::over(MemoryStore::new().user(alice())).await;
    for _ in 0..2 {
        home.store.put_bytes(&log(), &name("one"), b"1".to_vec()).await.unwrap();
    }
    let table = home.table();
    assert_eq!(table.len(), 2);
    assert!(table.iter().all(|it| it.complete && it.sha256 == ContentHash::of(b"1")));
}

#[tokio::test]
async fn what_comes_again_is_one_line() {
    let home = Home::over(MemoryStore::new().user(alice())).await;
    let object = home.store.put_bytes(&log(), &name("one"), b"1".to_vec()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(home.store.get_bytes(&object, 10).await.unwrap(), b"1");
    }
    assert_eq!(home.table().iter().filter(|it| it.direction == Direction::In).count(), 1);
}

#[tokio::test]
async fn what_was_never_read_did_not_leave() {
    let user = Arc::new(MemoryStore::new().user(alice()));
    let chaos = Chaos::new(user).script(Operation::Put, [Some(Fault::Before)]);
    let home = Home::over(chaos).await;
    home.store.put_bytes(&log(), &name("one"), b"1".to_vec()).await.unwrap_err();
    assert_eq!(home.table(), []);
}

#[tokio::test]
async fn what_is_refused_after_it_was_read_left_and_is_not_complete() {
    let home = Home::over(MemoryStore::new().user(alice())).await;
    home.store.put_bytes(&log(), &name("one"), b"1".to_vec()).await.unwrap();
    home.store.put_bytes(&log(), &name("one"), b"2".to_vec()).await.unwrap_err();
    let complete: Vec<_> = home.table().iter().map(|it| (it.sha256, it.complete)).collect();
    assert_eq!(complete, [(ContentHash::of(b"1"), true), (ContentHash::of(b"2"), false)]);
}

/// A store that is waited for no longer has what it was given by then.
#[tokio::test]
async fn what_nobody_waits_for_any_more_left_as_far_as_it_was_read() {
    let home = Home::over(MemoryStore::new().user(alice())).await;
    let body = PutBody::from_stream(6, || {
        let first = stream::iter([Ok(Bytes::from_static(b"one"))]);
        first.chain(stream::pending()).boxed()
    });
    {
        let target = name("slow");
        let space = log();
        let mut put = pin!(home.store.put(&space, &target, body, PutMode::Create));
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(put.as_mut().poll(&mut context), Poll::Pending));
    }
    let table = home.table();
    let [line] = &table[..] else { panic!("{table:#?}") };
    assert_eq!((line.bytes, line.sha256), (3, ContentHash::of(b"one")));
    assert!(!line.complete);
}

#[tokio::test]
async fn a_line_that_could_not_be_written_is_written_before_anything_else_leaves() {
    let home = Home::over(MemoryStore::new().user(alice())).await;
    home.store.put_bytes(&log(), &name("one"), b"1".to_vec()).await.unwrap();
    home.disk.fail_after(0, ErrorKind::StorageFull);
    home.store.put_bytes(&log(), &name("two"), b"2".to_vec()).await.unwrap_err();
    home.disk.fail_after(0, ErrorKind::StorageFull);
    home.store.put_bytes(&log(), &name("three"), b"3".to_vec()).await.unwrap_err();
    home.store.put_bytes(&log(), &name("four"), b"4".to_vec()).await.unwrap();
    let bytes: Vec<_> = home.table().iter().map(|it| it.sha256).collect();
    assert_eq!(bytes, [b"1", b"2", b"4"].map(|bytes| ContentHash::of(bytes)));
}

#[tokio::test]
async fn a_copy_inside_the_store_is_a_line_without_bytes() {
    let home = Home::over(MemoryStore::new().user(alice())).await;
    let object = home.store.put_bytes(&log(), &name("one"), b"1".to_vec()).await.unwrap();
    home.store.copy(&object, &log(), &name("two")).await.unwrap();
    let table = home.table();
    let [_, copy] = &table[..] else { panic!("{table:#?}") };
    assert_eq!((copy.direction, copy.bytes), (Direction::Out, 0));
    assert_eq!(copy.from.as_deref(), Some(object.to_string().as_str()));
    assert!(copy.object.ends_with("/two"));
}
