//! A folder that some program synchronises: what is there in part is on its way, for a while.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::common::interloper::Interloper;
use crate::common::{Member, Secrecy, alice, bob, inbox, outbox, scratch, tree_in};

use syft_core::{Clock, DatasetName, Email, SystemClock};
use syft_dataset::{Audience, NewDataset};
use syft_sync::{CheckUp, CreateOptions, PeerReport, SyncReport, Verdict};
use syft_transport::{FolderTransport, Space, SpaceKind, Transport};
use tempfile::TempDir;

/// Alice and Bob over one folder, connected.
struct Shared {
    root: TempDir,
    alice: Member,
    bob: Member,
}

impl Shared {
    async fn strangers(secrecy: Secrecy) -> Shared {
        let root = scratch();
        let join = |email: Email, seed| {
            let store = store(root.path(), &email);
            Member::join_as(email, store, seed, secrecy)
        };
        let (alice, bob) = (join(alice(), 1).await, join(bob(), 2).await);
        Shared { root, alice, bob }
    }

    async fn connected(secrecy: Secrecy) -> Shared {
        let shared = Shared::strangers(secrecy).await;
        shared.bob.manager.add_peer(&alice(), false).await.unwrap();
        shared.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
        shared.alice.sync().await;
        shared.bob.sync().await;
        shared
    }

    /// The newest file of a space, by its name, but for hellos.
    fn newest(&self, space: &Space) -> PathBuf {
        let folder = self.root.path().join(space.to_string());
        let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let messages = files.filter(|path| !path.ends_with("hello"));
        messages.max().unwrap_or_else(|| panic!("nothing is in {space}"))
    }

    /// Bob's job in Alice's inbox.
    async fn with_job(&self) -> PathBuf {
        self.bob.submit("echo 1\n", "census").await;
        self.bob.sync().await;
        self.newest(&inbox(alice(), bob()))
    }
}

fn store(root: &Path, email: &Email) -> Arc<dyn Transport> {
    Arc::new(FolderTransport::create(root, email.clone()).unwrap())
}

/// Leaves so much of a file, and hands out the whole.
fn cut(file: &Path, length: usize) -> Vec<u8> {
    let whole = fs::read(file).unwrap();
    assert!(length < whole.len());
    fs::write(file, &whole[..length]).unwrap();
    whole
}

fn has_alarm(report: &SyncReport) -> bool {
    !report.alarms.is_empty() || report.peers.iter().any(|peer| peer.alarm)
}

/// That something of somebody is told to be on its way, and nothing is wrong.
fn is_on_its_way(member: &Member, report: &SyncReport) -> bool {
    !has_alarm(report)
        && report.store.is_none()
        && member.manager.quarantine().list().unwrap().is_empty()
        && report.notes.iter().any(|note| note.contains("has not arrived whole yet"))
}

fn received(report: &SyncReport) -> usize {
    report.peers.iter().map(|peer| peer.received).sum()
}

#[tokio::test]
async fn f10_a_message_that_is_there_in_part_is_taken_once_its_rest_is_there() {
    for secrecy in [Secrecy::Sealed, Secrecy::Open] {
        let shared = Shared::connected(secrecy).await;
        let file = shared.with_job().await;
        let length = fs::metadata(&file).unwrap().len() as usize;
        let whole = cut(&file, length - 1);
        for part in [0, 1, 3, 20, length / 2, length - 1] {
            fs::write(&file, &whole[..part]).unwrap();
            let report = shared.alice.sync().await;
            assert!(is_on_its_way(&shared.alice, &report), "{secrecy:?} {part}: {report:?}");
            assert!(file.exists() && received(&report) == 0);
        }
        fs::write(&file, &whole).unwrap();
        let report = shared.alice.sync().await;
        assert_eq!((received(&report), has_alarm(&report)), (1, false), "{report:?}");
        let jobs = shared.alice.manager.job_store().jobs().unwrap();
        assert!(jobs.get("census").is_ok());
    }
}

#[tokio::test]
async fn f10_what_stays_cut_for_ten_minutes_is_what_somebody_did_to_it() {
    for secrecy in [Secrecy::Sealed, Secrecy::Open] {
        let mut shared = Shared::connected(secrecy).await;
        let file = shared.with_job().await;
        let whole = cut(&file, 20);
        for _ in 0..2 {
            shared.alice.clock.step(500.0);
            let report = shared.alice.sync().await;
            assert!(is_on_its_way(&shared.alice, &report), "{report:?}");
            // It grows, so that it is waited for.
            fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        }
        // Another process knows since when.
        let again = store(shared.root.path(), &alice());
        shared.alice.restart(again);
        assert!(is_on_its_way(&shared.alice, &shared.alice.sync().await));
        shared.alice.clock.step(600.0);
        let report = shared.alice.sync().await;
        let quarantined = shared.alice.manager.quarantine().list().unwrap().len();
        match secrecy {
            Secrecy::Sealed => assert!(has_alarm(&report) && quarantined == 0, "{report:?}"),
            _ => assert!(!has_alarm(&report) && quarantined == 1, "{report:?}"),
        }
    }
}

/// Between the look into the folder and the reading of the file.
#[tokio::test]
async fn f10_what_comes_while_it_is_looked_at_is_taken_or_waited_for() {
    for secrecy in [Secrecy::Sealed, Secrecy::Open] {
        for (listed, then) in [(9, 2), (2, 9), (2, 10), (10, 3)] {
            let mut shared = Shared::connected(secrecy).await;
            let file = shared.with_job().await;
            let whole = fs::read(&file).unwrap();
            let part = |tenths: usize| whole[..whole.len() * tenths / 10].to_vec();
            fs::write(&file, part(listed)).unwrap();
            let (there, bytes) = (file.clone(), part(then));
            let comes = move || fs::write(there, bytes).unwrap();
            let inner = store(shared.root.path(), &alice());
            shared.alice.restart(Arc::new(Interloper::at_first_message(inner, comes)));
            let report = shared.alice.sync().await;
            let quarantined = shared.alice.manager.quarantine().list().unwrap();
            assert!(!has_alarm(&report) && quarantined.is_empty(), "{listed} {then}: {report:?}");
            if received(&report) == 0 {
                fs::write(&file, &whole).unwrap();
                let report = shared.alice.sync().await;
                assert_eq!(received(&report), 1, "{listed} {then}: {report:?}");
            }
        }
    }
}

#[tokio::test]
async fn i5_what_is_changed_and_not_cut_is_told_at_once() {
    let shared = Shared::connected(Secrecy::Sealed).await;
    let file = shared.with_job().await;
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert!(has_alarm(&shared.alice.sync().await));
}

#[tokio::test]
async fn f10_what_an_owner_sends_is_waited_for_too() {
    for secrecy in [Secrecy::Sealed, Secrecy::Open] {
        let shared = Shared::connected(secrecy).await;
        shared.alice.write(&format!("{}/jobs/{}/note.txt", alice(), bob()), "read me\n");
        shared.alice.sync().await;
        let file = shared.newest(&outbox(alice(), bob()));
        let whole = cut(&file, 30);
        let report = shared.bob.sync().await;
        assert!(is_on_its_way(&shared.bob, &report), "{secrecy:?}: {report:?}");
        fs::write(&file, whole).unwrap();
        let report = shared.bob.sync().await;
        assert!(received(&report) > 0 && !has_alarm(&report), "{report:?}");
        let note = format!("{}/jobs/{}/note.txt", alice(), bob());
        assert_eq!(shared.bob.read(&note).as_deref(), Some("read me\n"));
    }
}

#[tokio::test]
async fn f10_a_hello_that_is_there_in_part_was_not_said_yet() {
    let shared = Shared::strangers(Secrecy::Sealed).await;
    shared.bob.manager.add_peer(&alice(), false).await.unwrap();
    let hello = shared.root.path().join(inbox(alice(), bob()).to_string()).join("hello");
    let whole = cut(&hello, 40);
    let report = shared.alice.sync().await;
    assert!(!has_alarm(&report) && report.notes.is_empty(), "{report:?}");
    assert!(shared.alice.manager.peers().await.unwrap().is_empty());
    fs::write(&hello, whole).unwrap();
    shared.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
}

#[tokio::test]
async fn f10_a_dataset_of_which_any_part_is_cut_comes_once_it_is_whole() {
    for secrecy in [Secrecy::Sealed, Secrecy::Open] {
        let shared = Shared::connected(secrecy).await;
        create_dataset(&shared.alice).await;
        shared.alice.sync().await;
        let mocks = store(shared.root.path(), &bob());
        let spaces = mocks.discover(SpaceKind::Collection).await.unwrap().spaces;
        let folder = shared.root.path().join(spaces[0].to_string());
        let files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let is_read = |file: &&PathBuf| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            // Of those who may read, the folder says it by other names in the open.
            let grant = format!("grant_{}.json", bob());
            !name.starts_with("grant_") || secrecy == Secrecy::Sealed && name == grant
        };
        for file in files.iter().filter(is_read) {
            let whole = cut(file, 3);
            let report = shared.bob.sync().await;
            assert!(!has_alarm(&report) && !report.notes.is_empty(), "{file:?}: {report:?}");
            fs::write(file, whole).unwrap();
        }
        let report = shared.bob.sync().await;
        assert!(!has_alarm(&report) && report.datasets == 1, "{report:?}");
        let mock = format!("{}/public/datasets/census/mock.csv", alice());
        assert_eq!(shared.bob.read(&mock).as_deref(), Some("a\n1\n"));
    }
}

async fn create_dataset(owner: &Member) {
    let files = scratch();
    let mock = files.path().join("mock.csv");
    fs::write(&mock, "a\n1\n").unwrap();
    let mut new = NewDataset::named(DatasetName::parse("census").unwrap());
    (new.mock, new.users) = (Some(mock), Audience::Any);
    let options = CreateOptions { sync: false, ..CreateOptions::default() };
    owner.manager.create_dataset(new, options).await.unwrap();
}

/// What a sync program put back is taken away once more, and nobody hears of it.
async fn goes_quietly(shared: &Shared, file: &Path, bytes: &[u8]) {
    for _ in 0..2 {
        fs::write(file, bytes).unwrap();
        let report = shared.alice.sync().await;
        let told = |peer: &PeerReport| peer.received + peer.quarantined > 0 || peer.alarm;
        assert!(!report.peers.iter().any(told) && report.notes.is_empty(), "{report:?}");
        assert!(!file.exists());
    }
}

#[tokio::test]
async fn i5_a_message_that_is_put_back_is_taken_away_again_quietly() {
    for secrecy in [Secrecy::Sealed, Secrecy::Open] {
        let shared = Shared::connected(secrecy).await;
        let file = shared.with_job().await;
        let bytes = fs::read(&file).unwrap();
        assert_eq!(received(&shared.alice.sync().await), 1);
        goes_quietly(&shared, &file, &bytes).await;
        assert_eq!(shared.alice.audit("message.accepted").len(), 1);
    }
}

#[tokio::test]
async fn i5_a_message_that_was_put_away_and_is_put_back_is_put_away_once() {
    let shared = Shared::connected(Secrecy::Open).await;
    let file = shared.with_job().await;
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let report = shared.alice.sync().await;
    assert!(report.peers.iter().any(|peer| peer.quarantined == 1), "{report:?}");
    goes_quietly(&shared, &file, &bytes).await;
    assert_eq!(shared.alice.manager.quarantine().list().unwrap().len(), 1);
}

/// Times in such a folder are of whichever machine or program wrote a file there.
#[tokio::test]
async fn f4_the_newest_record_is_not_told_by_the_time_of_its_file() {
    let shared = Shared::connected(Secrecy::Sealed).await;
    let records = shared.root.path().join(Space::State { owner: alice() }.to_string());
    let record = || fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
    let older = record();
    let bytes = fs::read(&older).unwrap();
    create_dataset(&shared.alice).await;
    shared.alice.sync().await;
    shared.alice.write(&format!("{}/public/a.txt", alice()), "a");
    shared.alice.sync().await;
    assert_ne!(record(), older);
    // Its deletion went by the other machine, or was undone there.
    fs::write(&older, bytes).unwrap();
    let in_two_days = SystemTime::now() + Duration::from_secs(2 * 24 * 60 * 60);
    fs::File::options().write(true).open(&older).unwrap().set_modified(in_two_days).unwrap();
    let again = store(shared.root.path(), &alice());
    let node = Member::join_as(alice(), again, 77, Secrecy::Sealed).await;
    let told = node.manager.restored().unwrap();
    assert_eq!((told.peers, told.notes.len()), (1, 0), "{told:?}");
}

#[tokio::test]
async fn f4_no_clock_is_blamed_for_times_that_a_sync_program_carried() {
    let shared = Shared::connected(Secrecy::Sealed).await;
    let clock = |checks: &CheckUp| {
        let clock = checks.checks.iter().find(|check| check.name == "clock").unwrap();
        (clock.verdict, clock.detail.clone())
    };
    shared.alice.clock.set(SystemClock.now());
    for days in [-2.0, 2.0] {
        let time = SystemTime::UNIX_EPOCH
            + Duration::from_secs_f64(SystemClock.now().seconds() + days * 86_400.0);
        for file in tree_in(shared.root.path()).keys() {
            let file = fs::File::options().write(true).open(shared.root.path().join(file));
            file.unwrap().set_modified(time).unwrap();
        }
        let report = shared.alice.manager.check_up(true, false).await.unwrap();
        assert_eq!(clock(&report).0, Verdict::Good, "{:?}", clock(&report));
        assert!(!has_alarm(&shared.alice.sync().await));
    }
}
