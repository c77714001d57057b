//! What datasets that are larger than memory cost on their way over a real store. One test,
//! since it counts what its whole process has in use.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[allow(dead_code, reason = "it has more than this program needs")]
#[path = "it/common/mod.rs"]
mod common;
#[path = "../../syft-core/tests/memory/counting.rs"]
mod counting;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use common::{Member, Secrecy, alice, bob, scratch};
use counting::{Counting, peak_of};
use syft_core::{ContentHasher, DatasetName, Email};
use syft_dataset::{Audience, NewDataset};
use syft_sync::{CreateOptions, SyftboxManager};
use syft_test_stores::{S3, required_or_noted};
use syft_transport::{
    Capabilities, FolderTransport, OpendalTransport, StoreLogin, StoreUrl, Transport,
};
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1 << 20;

/// A file of which each MiB is another one.
fn write(path: &Path, mib: usize, seed: u64) {
    let mut file = File::create(path).unwrap();
    let mut block = vec![0; MIB];
    for number in 0..mib as u64 {
        block[..16].copy_from_slice(&[seed.to_le_bytes(), number.to_le_bytes()].concat());
        file.write_all(&block).unwrap();
    }
}

fn assert_same(a: &Path, b: &Path) {
    let hash = |path: &Path| {
        let mut hasher = ContentHasher::new();
        io::copy(&mut File::open(path).unwrap(), &mut hasher).unwrap();
        hasher.finish()
    };
    assert_eq!(hash(a), hash(b), "{} and {}", a.display(), b.display());
}

type Store<'s> = dyn Fn(Email) -> Arc<dyn Transport> + 's;

/// A dataset goes up, comes down to a reader, and is restored on a fresh machine. No step
/// has more than `most` bytes in use, while the mock alone is larger.
fn large_files_travel(store: &Store<'_>, most: usize) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let join = |of: Email, seed| Member::join_as(of.clone(), store(of), seed, Secrecy::Sealed);
    let (alice, bob) = runtime.block_on(async {
        let (alice, bob) = (join(alice(), 1).await, join(bob(), 2).await);
        bob.manager.add_peer(&alice.email, false).await.unwrap();
        alice.manager.approve_peer_request(&bob.email, true).await.unwrap();
        alice.sync().await;
        bob.sync().await;
        (alice, bob)
    });
    let files = scratch();
    let (mock, private) = (files.path().join("scan.bin"), files.path().join("real.bin"));
    write(&mock, most / MIB + 8, 1);
    write(&private, 12, 2);
    let mut new = NewDataset::named(DatasetName::parse("scans").unwrap());
    (new.mock, new.private) = (Some(mock.clone()), Some(private.clone()));
    new.users = Audience::Any;
    let options = CreateOptions { upload_private: true, sync: false };
    runtime.block_on(alice.manager.create_dataset(new, options)).unwrap();
    let measured = |what: &str, peak: usize| {
        assert!(peak < most, "{what}: {peak} bytes");
    };
    let (report, peak) = peak_of(|| runtime.block_on(alice.sync()));
    assert_eq!(report.notes, [""; 0]);
    measured("up", peak);
    let (report, peak) = peak_of(|| runtime.block_on(bob.sync()));
    assert_eq!((report.datasets, report.notes), (1, Vec::new()));
    measured("down", peak);
    let in_mock = "alice@hospital.org/public/datasets/scans/scan.bin";
    assert_same(&mock, &bob.path(in_mock));
    runtime.block_on(alice.manager.create_checkpoint()).unwrap();
    let fresh = alice.another_home(9);
    let mut config = fresh.config(store(alice.email.clone()));
    config.encrypt = None;
    let (manager, peak) = peak_of(|| runtime.block_on(SyftboxManager::login(config)));
    assert_eq!(manager.unwrap().restored().unwrap().private, 1);
    measured("restored", peak);
    assert_same(&mock, &fresh.home.path().join(in_mock));
    let in_private = "alice@hospital.org/private/datasets/scans/real.bin";
    assert_same(&private, &fresh.home.path().join(in_private));
}

#[test]
fn large_files_travel_in_little_memory() {
    let folder = scratch();
    FolderTransport::create(folder.path(), alice()).unwrap();
    let store =
        |of| -> Arc<dyn Transport> { Arc::new(FolderTransport::open(folder.path(), of).unwrap()) };
    large_files_travel(&store, 20 * MIB);

    let Some(server) = required_or_noted(S3::rclone()) else { return };
    server.create_bucket("hospital");
    let url = format!("s3://hospital/syft?endpoint={}", server.endpoint());
    let url = StoreUrl::parse(&url).unwrap();
    let login = StoreLogin::none()
        .with_user(server.access_key())
        .with_password(server.secret_key().to_owned());
    let store = |of| -> Arc<dyn Transport> {
        Arc::new(OpendalTransport::new(&url, of, &login, Capabilities::none()).unwrap())
    };
    large_files_travel(&store, 48 * MIB);
}
