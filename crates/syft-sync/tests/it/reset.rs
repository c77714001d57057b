//! Leaving: everything of mine goes, nothing of anybody else, and the peers hear of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::common::{Member, Pair, alice, bob, carol, inbox, log_of, outbox};
use syft_core::DatasetName;
use syft_core::codec::{Limits, decode_events};
use syft_dataset::{Audience, NewDataset};
use syft_sync::{CreateOptions, DeleteOptions, Error, Notice, OfflineTransport, Work};
use syft_transport::{Chaos, Recorder, Space, Wire};

const NOTE: &str = "alice@hospital.org/public/note.txt";
const ALL: DeleteOptions =
    DeleteOptions { broadcast_delete_events: true, remote: true, local: true, dry_run: false };

/// Alice has a dataset, a public note and a job of Bob's; Bob has copies.
async fn settled() -> Pair {
    let (pair, _) = Pair::with_job("echo 1").await;
    pair.create_dataset("census", Audience::Any);
    pair.alice.write(NOTE, "for all\n");
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert!(pair.bob.read(NOTE).is_some());
    assert!(pair.bob.path("alice@hospital.org/public/datasets/census").exists());
    pair
}

/// The keys of what lies in the store and was put there by somebody.
fn of(pair: &Pair, who: &syft_core::Email) -> BTreeSet<String> {
    let objects = pair.store.objects().into_iter();
    objects.filter(|o| o.owner.as_ref() == Some(who)).map(|o| o.to_string()).collect()
}

/// Nothing of Alice is left but the messages that tell Bob to forget.
fn assert_gone(pair: &Pair) {
    let outbox = outbox(alice(), bob());
    for object in pair.store.objects() {
        if object.owner != Some(alice()) {
            continue;
        }
        assert_eq!(object.space, outbox, "{object} is left");
        let bytes = pair.store.bytes(&object.id).unwrap();
        let message = decode_events(&bytes, &Limits::EVENTS).unwrap();
        assert!(message.events.iter().all(|event| event.change.new_hash().is_none()));
    }
    let left: Vec<_> = std::fs::read_dir(pair.alice.home.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn peers_are_told_before_anything_is_deleted_and_lose_their_copies() {
    let mut pair = settled().await;
    let recorder = Recorder::new(pair.store.user(alice()));
    pair.alice.restart(Arc::new(recorder.clone()));
    let report = pair.alice.manager.delete_syftbox(&ALL).await.unwrap();
    assert_eq!(report.broadcast.len(), 1);
    assert_eq!(report.broadcast[0].peer, bob());
    assert_eq!(report.kept.len(), 1);
    let seen = recorder.seen();
    let is_put = |wire: &Wire| matches!(wire, Wire::Put { .. });
    let last_put = seen.iter().rposition(is_put).unwrap();
    let first_delete = seen.iter().position(|wire| matches!(wire, Wire::Deleted { .. })).unwrap();
    assert!(last_put < first_delete, "{seen:#?}");
    assert_gone(&pair);
    pair.bob.sync().await;
    let copy = pair.bob.tree(alice().as_str());
    assert!(copy.is_empty(), "{copy:?}");
    // A later login removes the messages too, once they were read.
    let mut again = Member::join(alice(), Arc::new(pair.store.user(alice())), 7).await;
    again.restart(Arc::new(pair.store.user(alice())));
    let quiet = DeleteOptions { broadcast_delete_events: false, local: false, ..ALL };
    again.manager.delete_syftbox(&quiet).await.unwrap();
    assert_eq!(of(&pair, &alice()), BTreeSet::new());
}

#[tokio::test]
async fn what_no_record_knows_is_found_and_what_others_put_is_left() {
    let mut pair = settled().await;
    let owner = || alice();
    let spaces = [
        log_of(alice()),
        Space::Checkpoints { owner: owner() },
        Space::Rolling { owner: owner() },
        Space::State { owner: owner() },
        Space::Archive { owner: owner() },
        Space::Profile { owner: owner() },
        outbox(alice(), carol()),
        inbox(carol(), alice()),
    ];
    for space in &spaces {
        pair.store.plant(space, "forgotten", "x", Some(alice()));
    }
    let foreign = [
        pair.store.plant(&log_of(alice()), "theirs", "x", Some(bob())),
        pair.store.plant(&inbox(carol(), alice()), "posed", "x", Some(bob())),
    ];
    pair.bob.write("alice@hospital.org/jobs/bob@university.org/next/run.sh", "echo 2\n");
    let waiting = pair.store.objects().len();
    pair.alice.write("notes.txt", "mine, but not of this program\n");
    pair.alice.write("photos/cat.jpg", "x");
    let bobs = of(&pair, &bob());
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    let report = pair.alice.manager.delete_syftbox(&ALL).await.unwrap();
    let orphans: BTreeSet<String> =
        report.remote.iter().filter(|item| item.orphan).map(|item| item.object.clone()).collect();
    let planted: BTreeSet<String> =
        spaces.iter().map(|space| format!("{space}/forgotten")).collect();
    assert_eq!(orphans, planted);
    assert!(waiting > bobs.len());
    assert_eq!(of(&pair, &bob()), bobs, "what Bob put is Bob's");
    assert!(foreign.iter().all(|id| pair.store.bytes(id).is_some()));
    let left: BTreeSet<&str> = report.left.iter().map(|left| left.what.as_str()).collect();
    assert!(left.contains("notes.txt") && left.contains("photos"), "{left:?}");
    assert!(left.contains("syft-1/log/alice@hospital.org/theirs"), "{left:?}");
    assert_eq!(pair.alice.read("notes.txt").unwrap(), "mine, but not of this program\n");
    assert!(pair.alice.path("photos/cat.jpg").exists());
    assert!(!pair.alice.path(".syft").exists());
}

#[tokio::test]
async fn a_dry_run_lists_the_same_and_changes_nothing() {
    let mut pair = settled().await;
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    let (objects, home) = (pair.objects(), pair.alice.tree(""));
    let dry = DeleteOptions { dry_run: true, ..ALL };
    let told = pair.alice.manager.delete_syftbox(&dry).await.unwrap();
    assert_eq!(pair.objects(), objects);
    assert_eq!(pair.alice.tree(""), home);
    let done = pair.alice.manager.delete_syftbox(&ALL).await.unwrap();
    assert_eq!(told.remote, done.remote);
    assert_eq!(told.broadcast, done.broadcast);
    assert_eq!(told.left, done.left);
    let paths = |report: &syft_sync::DeleteReport| {
        report.local.iter().map(|item| item.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&told), paths(&done));
    assert!(told.local.iter().all(|item| item.files > 0 && item.bytes > 0));
}

#[tokio::test]
async fn without_the_store_nothing_is_touched_unless_local_alone() {
    let mut pair = settled().await;
    let home = pair.alice.tree("");
    let objects = pair.objects();
    pair.alice.restart(Arc::new(OfflineTransport::new("memory", alice(), "unplugged")));
    let refused = pair.alice.manager.delete_syftbox(&ALL).await.unwrap_err();
    assert!(matches!(refused, Error::Transport(_)), "{refused}");
    assert_eq!(pair.alice.tree(""), home);
    let local = DeleteOptions { remote: false, ..ALL };
    pair.alice.manager.delete_syftbox(&local).await.unwrap();
    assert!(pair.alice.tree("").is_empty());
    assert_eq!(pair.objects(), objects);
    let closed = pair.alice.manager.load_peers().await.unwrap_err();
    assert!(matches!(closed, Error::NotLoggedIn { .. }), "{closed}");
    assert!(pair.alice.tree("").is_empty(), "a manager of a home that is gone makes none");
}

#[tokio::test]
async fn a_home_that_stays_publishes_again() {
    let mut pair = settled().await;
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    let remote = DeleteOptions { local: false, ..ALL };
    pair.alice.manager.delete_syftbox(&remote).await.unwrap();
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(NOTE), None);
    for _ in 0..2 {
        pair.alice.sync().await;
        pair.bob.sync().await;
    }
    assert_eq!(pair.bob.read(NOTE).unwrap(), "for all\n");
    assert!(pair.bob.path("alice@hospital.org/public/datasets/census").exists());
    let log = crate::common::fold(&crate::common::events_in(&pair.store, &log_of(alice())));
    assert!(log.contains_key("public/note.txt"));
}

#[tokio::test]
async fn a_scientist_takes_back_requests_and_proposals() {
    let mut pair = Pair::connected().await;
    pair.submit("echo 1", "census").await;
    pair.bob.sync().await;
    let sent = of(&pair, &bob());
    let to_alice = format!("{}/", inbox(alice(), bob()));
    assert_eq!(sent.iter().filter(|key| key.starts_with(&to_alice)).count(), 2, "{sent:?}");
    let alices = of(&pair, &alice());
    pair.bob.restart(Arc::new(pair.store.user(bob())));
    let report = pair.bob.manager.delete_syftbox(&ALL).await.unwrap();
    assert!(report.broadcast.is_empty());
    assert_eq!(of(&pair, &bob()), BTreeSet::new());
    assert_eq!(of(&pair, &alice()), alices);
    pair.alice.sync().await;
    assert!(pair.alice.manager.job_store().jobs().unwrap().is_empty());
}

/// Where it stops.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Disk(u64),
    Store(u64),
    Answer(u64),
}

/// Resets Alice, stops at one place, and repeats it. Returns how many effects
/// there were on the disk and in the store.
async fn stopped(stop: Option<Stop>) -> (u64, u64) {
    let mut pair = settled().await;
    let chaos = Chaos::new(Arc::new(pair.store.user(alice())));
    let chaos = match stop {
        Some(Stop::Store(after)) => chaos.stop_after(after),
        Some(Stop::Answer(of)) => chaos.stop_in(of),
        _ => chaos,
    };
    pair.alice.restart(Arc::new(chaos.clone()));
    pair.alice.clock.step(1.0);
    pair.alice.disk.reset_counts();
    if let Some(Stop::Disk(after)) = stop {
        pair.alice.disk.crash_after(after);
    }
    let first = pair.alice.manager.delete_syftbox(&ALL).await;
    assert!(stop.is_some() || first.is_ok(), "{first:?}");
    pair.alice.disk.repair();
    let effects = (pair.alice.disk.counts().mutations, chaos.effects());
    if pair.alice.path(".syft/config.yaml").exists() {
        pair.alice.restart(Arc::new(pair.store.user(alice())));
        pair.alice.manager.delete_syftbox(&ALL).await.unwrap();
    } else if pair.alice.path(".syft").exists() {
        // All is gone but an empty shell that the next login takes.
        std::fs::remove_dir_all(pair.alice.path(".syft")).unwrap();
    }
    assert_gone(&pair);
    pair.bob.sync().await;
    let copy = pair.bob.tree(alice().as_str());
    assert!(copy.is_empty(), "{stop:?}: {copy:?}");
    effects
}

#[tokio::test]
async fn stopped_anywhere_it_is_finished_by_repeating_it() {
    let (disk, store) = stopped(None).await;
    assert!(disk > 5 && store > 3, "{disk} {store}");
    for after in 0..disk {
        stopped(Some(Stop::Disk(after))).await;
    }
    for effect in 0..store {
        stopped(Some(Stop::Store(effect))).await;
        stopped(Some(Stop::Answer(effect + 1))).await;
    }
}

#[tokio::test]
async fn a_damaged_journal_stops_no_reset_that_tells_nobody() {
    let mut pair = settled().await;
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    pair.alice.write(".syft/journal/log", "this is no journal\n");
    let refused = pair.alice.manager.delete_syftbox(&ALL).await.unwrap_err();
    assert!(matches!(refused, Error::Refused(_)), "{refused}");
    let quiet = DeleteOptions { broadcast_delete_events: false, ..ALL };
    pair.alice.manager.delete_syftbox(&quiet).await.unwrap();
    assert_eq!(of(&pair, &alice()), BTreeSet::new());
    assert!(pair.alice.tree("").is_empty());
}

#[derive(Debug, Default, Clone)]
struct Heard(Arc<Mutex<Vec<Notice>>>);

impl syft_sync::NoticeSink for Heard {
    fn notice(&self, notice: &Notice) {
        self.0.lock().unwrap().push(notice.clone());
    }
}

#[tokio::test]
async fn progress_is_told_to_its_end() {
    let pair = settled().await;
    let heard = Heard::default();
    let store = Arc::new(pair.store.user(alice()));
    let mut config = syft_sync::Config::new(alice(), pair.alice.home.path(), store, "memory:");
    config.notices = Arc::new(heard.clone());
    let manager = syft_sync::SyftboxManager::open(config).unwrap();
    manager.delete_syftbox(&DeleteOptions::default()).await.unwrap();
    let heard = heard.0.lock().unwrap();
    let mut progress = heard.iter().filter_map(|notice| match notice {
        Notice::Progress { work: Work::Deleting, done, total } => Some((*done, *total)),
        _ => None,
    });
    let (done, total) = progress.next_back().unwrap();
    assert_eq!(done, total);
    assert!(heard.contains(&Notice::Done("the store is cleared".to_owned())));
}

#[tokio::test]
async fn a_folder_that_no_record_knows_is_left() {
    let pair = settled().await;
    pair.alice.write("archive@elsewhere.org/mail.txt", "a mail export\n");
    let report = pair.alice.manager.delete_syftbox(&ALL).await.unwrap();
    assert!(report.left.iter().any(|left| left.what == "archive@elsewhere.org"));
    assert!(pair.alice.read("archive@elsewhere.org/mail.txt").is_some());
    assert!(!pair.alice.path(alice().as_str()).exists());
}

/// A store that is emptied is filled again by the next sync, also if that was
/// stopped anywhere: whoever comes later has everything in the end.
#[tokio::test]
async fn a_home_that_stays_sends_everything_again_wherever_emptying_stopped() {
    let remote = DeleteOptions { broadcast_delete_events: false, local: false, ..ALL };
    for effects in 1.. {
        let mut stopped = false;
        for lost_answer in [false, true] {
            let mut pair = settled().await;
            let chaos = Chaos::new(Arc::new(pair.store.user(alice())));
            let chaos = match lost_answer {
                true => chaos.stop_in(effects),
                false => chaos.stop_after(effects - 1),
            };
            pair.alice.restart(Arc::new(chaos));
            stopped |= pair.alice.manager.delete_syftbox(&remote).await.is_err();
            pair.alice.restart(Arc::new(pair.store.user(alice())));
            pair.alice.sync().await;
            let fresh = Member::join(alice(), Arc::new(pair.store.user(alice())), 9).await;
            assert_eq!(fresh.read(NOTE).as_deref(), Some("for all\n"), "{effects}");
            let other = Member::join(bob(), Arc::new(pair.store.user(bob())), 10).await;
            other.manager.add_peer(&alice(), false).await.unwrap();
            pair.alice.sync().await;
            other.sync().await;
            assert_eq!(other.read(NOTE).as_deref(), Some("for all\n"), "{effects}");
        }
        if !stopped {
            assert!(effects > 2);
            return;
        }
    }
}

#[tokio::test]
async fn a_home_that_stays_uploads_private_parts_again() {
    let pair = Pair::connected().await;
    let (mock, private) = (pair.alice.path("mock.csv"), pair.alice.path("real.csv"));
    std::fs::write(&mock, "a\n1\n").unwrap();
    std::fs::write(&private, "a\n42\n").unwrap();
    let mut new = NewDataset::named(DatasetName::parse("census").unwrap());
    (new.mock, new.private) = (Some(mock), Some(private));
    let upload = CreateOptions { upload_private: true, sync: true };
    pair.alice.manager.create_dataset(new, upload).await.unwrap();
    let kept = || of(&pair, &alice()).into_iter().filter(|key| key.contains("/private/")).count();
    let before = kept();
    assert!(before > 0);
    let remote = DeleteOptions { broadcast_delete_events: false, local: false, ..ALL };
    pair.alice.manager.delete_syftbox(&remote).await.unwrap();
    assert_eq!(kept(), 0);
    pair.alice.sync().await;
    assert_eq!(kept(), before);
}
