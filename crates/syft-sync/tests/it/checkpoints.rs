//! The backup in three tiers: what is made when, what is retired after it, and
//! that it amounts to the event log and to the datasite.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::common::backup::{Pieces, box_of, edit, solo};
use crate::common::{Member, Pair, alice, bob, events_in, fold, in_space, log_of};
use proptest::prelude::*;
use syft_core::codec::{Limits, decode_events};
use syft_core::{ContentHash, DatasitePath, Email};
use syft_dataset::Audience;
use syft_perm::Level;
use syft_sync::{CheckpointKind, Error, MadeCheckpoint, SyncOptions};
use syft_transport::{
    Chaos, FolderTransport, MemoryStore, Metered, Operation, Space, TransportExt,
};

fn every(checkpoint_threshold: usize, compacting_threshold: usize) -> SyncOptions {
    SyncOptions { checkpoint_threshold, compacting_threshold, ..SyncOptions::default() }
}

async fn sync_with(node: &Member, options: &SyncOptions) -> Vec<String> {
    node.clock.step(1.0);
    node.manager.sync(options).await.unwrap().notes
}

/// Writes so many new files and syncs once.
async fn add(node: &Member, tag: &str, files: usize, options: &SyncOptions) {
    for number in 0..files {
        edit(node, &format!("public/{tag}/{number}.txt"), Some(tag.as_bytes()));
    }
    sync_with(node, options).await;
}

#[tokio::test]
async fn as_the_document_shows_it() {
    let (_store, alice) = solo().await;
    edit(&alice, "public/a.txt", Some(b"a"));
    // checkpoint = client.create_checkpoint()
    let checkpoint = alice.manager.create_checkpoint().await.unwrap();
    let hashes = checkpoint.file_hashes();
    let path = DatasitePath::parse("public/a.txt").unwrap();
    assert_eq!(hashes[&path], ContentHash::of(b"a"));
    assert_eq!(hashes.len(), box_of(&alice).len());
    // if client.should_create_checkpoint(threshold=100): client.create_checkpoint()
    assert!(!alice.manager.should_create_checkpoint(100).unwrap());
    add(&alice, "more", 100, &every(1_000, 10)).await;
    assert!(alice.manager.should_create_checkpoint(100).unwrap());
    // checkpoint = client.try_create_checkpoint(threshold=100)
    let made = alice.manager.try_create_checkpoint(100, 10).await.unwrap().unwrap();
    assert!(matches!(&made, MadeCheckpoint::Incremental(one) if one.sequence == 1));
    assert_eq!(made.file_hashes().len(), 100);
    assert_eq!(alice.manager.try_create_checkpoint(100, 10).await.unwrap(), None);
    // client.sync(auto_checkpoint=True, checkpoint_threshold=100)
    add(&alice, "again", 100, &every(100, 10)).await;
    assert_eq!(alice.manager.checkpoint_status().await.unwrap().incrementals, 2);
}

#[tokio::test]
async fn a_scientist_has_no_checkpoints() {
    let store = MemoryStore::new();
    let node = Member::join(bob(), Arc::new(store.user(bob())), 2).await;
    let config = node.config(Arc::new(store.user(bob())));
    let manager = syft_sync::login_ds(config).await.unwrap();
    let refused = [
        manager.create_checkpoint().await.map(drop),
        manager.try_create_checkpoint(1, 1).await.map(drop),
        manager.should_create_checkpoint(1).map(drop),
        manager.checkpoint_status().await.map(drop),
        manager.checkpoints().await.map(drop),
    ];
    assert!(refused.iter().all(|result| matches!(result, Err(Error::Role { .. }))), "{refused:?}");
}

#[tokio::test]
async fn forty_nine_events_are_none_and_fifty_are_one() {
    let (store, alice) = solo().await;
    let first = box_of(&alice).len();
    add(&alice, "a", 49 - first, &SyncOptions::default()).await;
    assert_eq!(Pieces::of(&store).incrementals.len(), 0);
    add(&alice, "b", 1, &SyncOptions::default()).await;
    let pieces = Pieces::of(&store);
    assert_eq!(pieces.incrementals.len(), 1);
    assert_eq!((pieces.incrementals[0].sequence, pieces.incrementals[0].events.len()), (1, 50));
    assert_eq!(pieces.log.len(), 1, "the newest object of the log stays");
    assert_eq!(alice.manager.checkpoint_status().await.unwrap().events, 0);
}

#[tokio::test]
async fn events_count_and_not_paths() {
    let (store, alice) = solo().await;
    for text in ["1", "2"] {
        edit(&alice, "public/a.txt", Some(text.as_bytes()));
        sync_with(&alice, &SyncOptions::default()).await;
    }
    let rolling = &Pieces::of(&store).rolling[0];
    let of_a: Vec<_> =
        rolling.events.iter().filter(|e| e.path.as_str() == "public/a.txt").collect();
    assert_eq!(of_a.len(), 1, "one per path");
    assert_eq!(rolling.events.last().unwrap(), of_a[0], "newest last");
    assert_eq!(of_a[0].new_hash(), Some(ContentHash::of(b"2")));
    let others = rolling.events.len() as u64 - 1;
    let events = alice.manager.checkpoint_status().await.unwrap().events;
    assert_eq!(events, others + 2);
}

#[tokio::test]
async fn nine_incremental_checkpoints_stay_and_the_tenth_becomes_a_full_one() {
    let (store, alice) = solo().await;
    let options = every(5, 10);
    for round in 1..=9 {
        add(&alice, &format!("round{round}"), 5, &options).await;
        let pieces = Pieces::of(&store);
        let sequences: Vec<u64> = pieces.incrementals.iter().map(|one| one.sequence).collect();
        assert_eq!(sequences, (1..=round).collect::<Vec<_>>());
        assert!(pieces.fulls.is_empty());
    }
    add(&alice, "round10", 5, &options).await;
    let pieces = Pieces::of(&store);
    assert_eq!((pieces.fulls.len(), pieces.incrementals.len()), (1, 0));
    let kinds: Vec<_> =
        alice.manager.checkpoints().await.unwrap().into_iter().map(|info| info.kind).collect();
    assert_eq!(kinds, [CheckpointKind::Full]);
    assert_eq!(pieces.fold(), box_of(&alice));
}

#[tokio::test]
async fn the_switches_of_sync_are_honoured() {
    let (store, alice) = solo().await;
    let off = SyncOptions { auto_checkpoint: false, ..every(1, 1) };
    add(&alice, "a", 60, &off).await;
    let pieces = Pieces::of(&store);
    assert!(pieces.fulls.is_empty() && pieces.incrementals.is_empty());
    assert_eq!(pieces.rolling.len(), 1, "the rolling state is none of it");
    add(&alice, "b", 1, &every(1, 1)).await;
    assert_eq!(Pieces::of(&store).fulls.len(), 1);
}

#[tokio::test]
async fn datasets_and_private_files_are_in_no_tier() {
    let pair = Pair::connected().await;
    pair.create_dataset("patients", Audience::Any);
    edit(&pair.alice, "private/secret.txt", Some(b"SECRET"));
    edit(&pair.alice, "public/a.txt", Some(b"a"));
    pair.alice.sync().await;
    let checkpoint = pair.alice.manager.create_checkpoint().await.unwrap();
    let names: Vec<String> = checkpoint.file_hashes().keys().map(ToString::to_string).collect();
    assert!(names.contains(&"public/a.txt".to_owned()));
    assert!(!names.iter().any(|n| n.starts_with("private") || n.starts_with("public/datasets")));
}

/// Bytes of the one checkpoint that lies there change behind the owner's back as
/// soon as it is put.
#[tokio::test]
async fn f13_nothing_is_retired_before_the_checkpoint_was_read_back() {
    for full in [false, true] {
        let (store, mut alice) = solo().await;
        add(&alice, "a", 3, &SyncOptions::default()).await;
        let before = Pieces::of(&store);
        let hostile =
            crate::common::hostile::Swapping::new(Arc::new(store.user(alice.email.clone())));
        alice.restart(Arc::new(hostile));
        let compacting = if full { 1 } else { 10 };
        let notes = sync_with(&alice, &every(1, compacting)).await;
        let told = notes.iter().any(|note| note.contains("nothing was retired"));
        assert!(told, "full: {full}, {notes:?}");
        let after = Pieces::of(&store);
        assert_eq!(after.log, before.log);
        assert_eq!(after.rolling, before.rolling);
        assert!(after.fulls.is_empty() && after.incrementals.is_empty(), "it is of no use");
        let said = alice.manager.create_checkpoint().await;
        assert!(matches!(said, Err(Error::Integrity(_))), "{said:?}");
        // With an honest store the next one is good.
        alice.restart(Arc::new(store.user(alice.email.clone())));
        sync_with(&alice, &every(1, compacting)).await;
        let pieces = Pieces::of(&store);
        assert_eq!(pieces.log.len(), 1);
        assert_eq!(pieces.fold(), box_of(&alice));
    }
}

#[tokio::test]
async fn what_is_not_on_disk_as_the_log_has_it_comes_from_the_log() {
    let (store, mut alice) = solo().await;
    edit(&alice, "public/a.txt", Some(b"logged"));
    alice.sync().await;
    // Edited after the last look: the checkpoint holds what the log holds.
    edit(&alice, "public/a.txt", Some(b"not yet"));
    alice.restart(Arc::new(store.user(alice.email.clone())));
    let made = alice.manager.try_create_checkpoint(1, 1).await.unwrap().unwrap();
    let path = DatasitePath::parse("public/a.txt").unwrap();
    assert_eq!(made.file_hashes()[&path], ContentHash::of(b"logged"));
    alice.sync().await;
    assert_eq!(Pieces::of(&store).fold(), box_of(&alice));
    // Now it lies in the checkpoint alone.
    edit(&alice, "public/a.txt", Some(b"not yet either"));
    edit(&alice, "public/b.txt", Some(b"b"));
    let made = alice.manager.try_create_checkpoint(1, 1).await.unwrap().unwrap();
    assert_eq!(made.file_hashes()[&path], ContentHash::of(b"not yet"));
}

#[tokio::test]
async fn while_the_store_is_away_no_checkpoint_is_made() {
    let (store, mut alice) = solo().await;
    let chaos = Chaos::new(Arc::new(store.user(alice.email.clone()))).stop_after(0);
    alice.restart(Arc::new(chaos));
    let before = Pieces::of(&store);
    add(&alice, "a", 60, &SyncOptions::default()).await;
    assert!(alice.manager.create_checkpoint().await.is_err());
    assert_eq!(Pieces::of(&store), before);
    alice.restart(Arc::new(store.user(alice.email.clone())));
    alice.sync().await;
    let pieces = Pieces::of(&store);
    assert_eq!(pieces.incrementals.len(), 1);
    assert_eq!(pieces.fold(), box_of(&alice));
}

#[tokio::test]
async fn status_says_what_a_fresh_machine_would_fetch() {
    let (store, alice) = solo().await;
    add(&alice, "a", 3, &SyncOptions::default()).await;
    alice.manager.create_checkpoint().await.unwrap();
    add(&alice, "b", 3, &SyncOptions::default()).await;
    let status = alice.manager.checkpoint_status().await.unwrap();
    assert_eq!((status.events, status.incrementals), (3, 0));
    assert!(status.full.is_some() && status.last == status.full);
    let metered = Metered::new(Arc::new(store.user(alice.email.clone())));
    let fresh = Member::join(alice.email.clone(), Arc::new(metered.clone()), 9).await;
    assert_eq!(box_of(&fresh), box_of(&alice));
    let fetched = metered.snapshot();
    assert_eq!(status.download.objects as u64, fetched.calls_of(Operation::Get));
    assert_eq!(status.download.bytes, fetched.bytes_down);
}

/// A log, kept by somebody who saw every object of it.
#[derive(Default)]
struct Witness(BTreeMap<String, Vec<u8>>);

impl Witness {
    fn look(&mut self, store: &MemoryStore, owner: &Email) {
        for object in in_space(store, &log_of(owner.clone())) {
            let bytes = store.bytes(&object.id).unwrap().to_vec();
            self.0.insert(object.name.to_string(), bytes);
        }
    }

    /// The whole log replayed from empty.
    fn replay(&self) -> BTreeMap<String, Vec<u8>> {
        let store = MemoryStore::new();
        for (name, bytes) in &self.0 {
            store.plant(&log_of(alice()), name, bytes.clone(), Some(alice()));
        }
        crate::common::fold(&events_in(&store, &log_of(alice())))
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize, Vec<u8>),
    Delete(usize),
    Rename(usize, usize),
    Sync(usize, usize),
    Checkpoint,
}

const NAMES: [&str; 6] =
    ["public/a", "public/b.bin", "public/deep/er/c", "public/d", "public/e", "public/deep/F"];

fn step() -> impl Strategy<Value = Step> {
    let content = prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..40),
        "[a-z\r\n]{0,20}".prop_map(String::into_bytes),
    ];
    let name = || 0..NAMES.len();
    prop_oneof![
        4 => (name(), content).prop_map(|(name, bytes)| Step::Write(name, bytes)),
        2 => name().prop_map(Step::Delete),
        1 => (name(), name()).prop_map(|(from, to)| Step::Rename(from, to)),
        4 => (1..6_usize, 1..4_usize).prop_map(|(threshold, all)| Step::Sync(threshold, all)),
        1 => Just(Step::Checkpoint),
    ]
}

async fn play(steps: Vec<Step>) {
    let (store, node) = solo().await;
    let mut witness = Witness::default();
    let file = |name: usize| node.path(&format!("{}/{}", alice(), NAMES[name]));
    for step in steps {
        match step {
            Step::Write(name, bytes) => edit(&node, NAMES[name], Some(&bytes)),
            Step::Delete(name) => edit(&node, NAMES[name], None),
            Step::Rename(from, to) => {
                std::fs::create_dir_all(file(to).parent().unwrap()).unwrap();
                let _ = std::fs::rename(file(from), file(to));
            }
            Step::Sync(threshold, compacting) => {
                // The log as it is between the pass and its checkpoint.
                let first = SyncOptions { auto_checkpoint: false, ..SyncOptions::default() };
                sync_with(&node, &first).await;
                witness.look(&store, &alice());
                sync_with(&node, &every(threshold, compacting)).await;
            }
            Step::Checkpoint => {
                let first = SyncOptions { auto_checkpoint: false, ..SyncOptions::default() };
                sync_with(&node, &first).await;
                witness.look(&store, &alice());
                drop(node.manager.create_checkpoint().await.unwrap());
            }
        }
        witness.look(&store, &alice());
    }
    node.sync().await;
    witness.look(&store, &alice());
    let stands = box_of(&node);
    assert_eq!(witness.replay(), stands, "the log replayed from empty is the box");
    assert_eq!(Pieces::of(&store).fold(), stands, "and so are the tiers");
    let fresh = Member::join(alice(), Arc::new(store.user(alice())), 9).await;
    assert_eq!(box_of(&fresh), stands, "and a fresh machine");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn i15_log_and_tiers_and_box_are_the_same(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(play(steps));
    }
}

#[tokio::test]
async fn a_change_of_case_is_no_collision() {
    let (store, alice) = solo().await;
    edit(&alice, "public/Readme", Some(b"1"));
    alice.sync().await;
    edit(&alice, "public/Readme", None);
    edit(&alice, "public/README", Some(b"1"));
    alice.sync().await;
    assert_eq!(Pieces::of(&store).fold(), box_of(&alice));
    sync_with(&alice, &every(1, 10)).await;
    assert_eq!(Pieces::of(&store).incrementals.len(), 1);
    assert_eq!(Pieces::of(&store).fold(), box_of(&alice));
}

/// Alice and a peer of hers over a folder that both can read.
async fn over_a_folder(folder: &Path) -> (Member, FolderTransport) {
    let open = |email| FolderTransport::create(folder, email).unwrap();
    let node = Member::join(alice(), Arc::new(open(alice())), 1).await;
    let peer = Member::join(bob(), Arc::new(open(bob())), 2).await;
    peer.manager.add_peer(&alice(), false).await.unwrap();
    node.manager.approve_peer_request(&bob(), true).await.unwrap();
    (node, open(alice()))
}

/// What the log in a store amounts to.
async fn replayed(store: &FolderTransport) -> BTreeMap<String, Vec<u8>> {
    let mut messages = Vec::new();
    for object in store.list_all(&log_of(alice())).await.unwrap() {
        let bytes = store.get_bytes(&object, u64::MAX).await.unwrap();
        messages.push(decode_events(&bytes, &Limits::EVENTS).unwrap());
    }
    messages.sort_by_key(|message| message.position.unwrap().seq);
    fold(&messages)
}

#[tokio::test]
async fn in_a_store_that_others_read_the_tiers_hold_what_the_log_holds() {
    let folder = crate::common::scratch();
    let (node, store) = over_a_folder(folder.path()).await;
    edit(&node, "public/shown.txt", Some(b"shown"));
    edit(&node, "notes/mine.txt", Some(b"HIDDEN"));
    node.sync().await;
    let names = |made: &MadeCheckpoint| -> BTreeSet<String> {
        made.file_hashes().keys().map(ToString::to_string).collect()
    };
    let made = node.manager.try_create_checkpoint(1, 1).await.unwrap().unwrap();
    assert!(names(&made).contains("public/shown.txt"));
    assert!(!names(&made).contains("notes/mine.txt"));
    let space = Space::State { owner: alice() };
    let listed = store.list_all(&space).await.unwrap();
    assert!(listed.is_empty(), "peers and decisions stay at home");
}

#[tokio::test]
async fn what_nobody_may_read_any_more_leaves_the_log_and_does_not_come_back() {
    let folder = crate::common::scratch();
    let (node, store) = over_a_folder(folder.path()).await;
    for name in ["edited", "deleted", "kept"] {
        edit(&node, &format!("notes/{name}.txt"), Some(b"for bob"));
    }
    node.manager.grant_access("notes/", bob().as_str(), Level::Read).unwrap();
    node.sync().await;
    assert_eq!(replayed(&store).await["notes/edited.txt"], b"for bob");

    node.manager.revoke_access("notes/", bob().as_str(), Level::Read).unwrap();
    node.sync().await;
    edit(&node, "notes/edited.txt", Some(b"NOT FOR BOB"));
    edit(&node, "notes/deleted.txt", Some(b"NOT FOR BOB EITHER"));
    node.sync().await;
    edit(&node, "notes/deleted.txt", None);
    node.sync().await;
    let log = replayed(&store).await;
    assert!(log.values().all(|bytes| !bytes.starts_with(b"NOT FOR BOB")));
    assert!(!log.contains_key("notes/edited.txt") && !log.contains_key("notes/deleted.txt"));
    // Nor does what was left as it was: no later checkpoint holds it either.
    assert!(!log.contains_key("notes/kept.txt"));
    let made = node.manager.create_checkpoint().await.unwrap();
    let kept = DatasitePath::parse("notes/kept.txt").unwrap();
    assert!(!made.file_hashes().contains_key(&kept));
    assert_eq!(node.read("alice@hospital.org/notes/kept.txt").as_deref(), Some("for bob"));

    node.manager.grant_access("notes/", bob().as_str(), Level::Read).unwrap();
    node.sync().await;
    assert_eq!(replayed(&store).await["notes/edited.txt"], b"NOT FOR BOB");
}
