//! Each reader has what it may read, whoever made it and whenever it was made.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::{
    Member, Pair, Silent, Trio, alice, bob, carol, email, events_in, forge, in_space, log_of,
    outbox, scratch,
};
use syft_core::{ContentHash, Email, Timestamp};
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ReleaseFiles, RunOptions};
use syft_perm::{PermissionFile, Rule};
use syft_sync::SyncOptions;
use syft_transport::FolderTransport;

/// Whose datasite it is, before a path in it.
fn at(path: &str) -> String {
    format!("{}/{path}", alice())
}

fn allow(node: &Member, folder: &str, readers: &[Email]) {
    let rule = Rule::new("**").read(readers.iter().map(Email::as_str));
    let text = PermissionFile::new([rule]).to_yaml();
    node.write(&at(&format!("{folder}/syft.pub.yaml")), &text);
}

#[tokio::test]
async fn each_reader_gets_what_others_proposed() {
    let world = Trio::connected().await;
    let folder = format!("jobs/{}", bob());
    let rules = [
        // The most specific rule alone decides, so each names both.
        Rule::new("*/run.sh").write([bob().as_str()]).read([carol().as_str()]),
        Rule::new("*/config.yaml").write([bob().as_str()]).read([carol().as_str()]),
        Rule::new("**").read([bob().as_str(), carol().as_str()]),
    ];
    let text = PermissionFile::new(rules).to_yaml();
    world.alice.write(&at(&format!("{folder}/syft.pub.yaml")), &text);
    world.bob.submit("echo 1", "census").await;
    world.bob.sync().await;
    world.alice.sync().await;
    world.carol.sync().await;
    world.bob.sync().await;
    let script = at(&format!("{folder}/census/run.sh"));
    assert_eq!(world.carol.read(&script).unwrap(), "echo 1");
    let ids = |reader| -> BTreeSet<_> {
        let messages = events_in(&world.store, &outbox(alice(), reader));
        let events = messages.into_iter().flat_map(|message| message.events);
        events.filter(|event| event.path.as_str().starts_with("jobs/bob")).map(|e| e.id).collect()
    };
    assert_eq!(ids(bob()), ids(carol()), "one event has one id, whoever reads it");
    assert!(ids(bob()).len() >= 2);
}

#[tokio::test]
async fn a_late_joiner_gets_what_there_is() {
    let pair = Pair::connected().await;
    pair.alice.write(&at("public/a.txt"), "one");
    pair.alice.sync().await;
    pair.alice.write(&at("public/a.txt"), "two");
    pair.alice.write(&at("public/b/c.txt"), "three");
    pair.alice.sync().await;
    let late = Member::join(carol(), Arc::new(pair.store.user(carol())), 3).await;
    late.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.manager.approve_peer_request(&carol(), true).await.unwrap();
    pair.alice.sync().await;
    late.sync().await;
    assert_eq!(late.read(&at("public/a.txt")).unwrap(), "two");
    assert_eq!(late.read(&at("public/b/c.txt")).unwrap(), "three");
}

#[tokio::test]
async fn access_that_is_granted_and_revoked_travels() {
    let world = Trio::connected().await;
    world.alice.write(&at("shared/a.txt"), "for some");
    world.settle().await;
    let copies = || [&world.bob, &world.carol].map(|node| node.read(&at("shared/a.txt")));
    assert_eq!(copies(), [None, None]);
    allow(&world.alice, "shared", &[bob(), carol()]);
    world.settle().await;
    assert_eq!(copies(), [Some("for some".to_owned()), Some("for some".to_owned())]);
    allow(&world.alice, "shared", &[carol()]);
    world.settle().await;
    assert_eq!(copies(), [None, Some("for some".to_owned())]);
    world.alice.write(&at("shared/a.txt"), "for one");
    world.settle().await;
    assert_eq!(copies(), [None, Some("for one".to_owned())]);
    allow(&world.alice, "shared", &[bob()]);
    world.settle().await;
    assert_eq!(copies(), [Some("for one".to_owned()), None]);
}

#[tokio::test]
async fn a_deletion_by_the_owner_travels() {
    let world = Trio::connected().await;
    world.alice.write(&at("public/a.txt"), "one");
    world.settle().await;
    world.alice.remove(&at("public/a.txt"));
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/a.txt")), None);
    assert_eq!(world.carol.read(&at("public/a.txt")), None);
    world.alice.write(&at("public/a.txt"), "one");
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/a.txt")).unwrap(), "one");
}

#[tokio::test]
async fn without_the_cache_nothing_is_lost_and_nothing_is_deleted() {
    let world = Trio::connected().await;
    world.alice.write(&at("public/a.txt"), "one");
    world.alice.write(&at("public/b.txt"), "two");
    world.bob.submit("echo 1", "census").await;
    world.settle().await;
    let trees = || [&world.alice, &world.bob, &world.carol].map(|node| node.tree(alice().as_str()));
    let before = trees();
    for node in [&world.alice, &world.bob, &world.carol] {
        std::fs::remove_dir_all(node.path(".syft/cache")).unwrap();
    }
    world.settle().await;
    assert_eq!(trees(), before);

    std::fs::remove_dir_all(world.alice.path(".syft/cache")).unwrap();
    world.alice.remove(&at("public/a.txt"));
    world.alice.clock.step(1.0);
    let report = world.alice.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("public/a.txt")), "{:?}", report.notes);
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/a.txt")).unwrap(), "one", "absence is no deletion");
    assert_eq!(world.bob.read(&at("public/b.txt")).unwrap(), "two");
}

#[tokio::test]
async fn an_emptied_datasite_deletes_nothing_at_the_peers() {
    let mut world = Trio::connected().await;
    world.alice.write(&at("public/a.txt"), "one");
    world.create_dataset("patients", Audience::Any);
    world.bob.submit("echo 1", "census").await;
    world.settle().await;
    let copies = || [&world.bob, &world.carol].map(|node| node.tree(alice().as_str()));
    let before = copies();
    assert!(before[0].keys().any(|path| path.starts_with("public/datasets/patients/")));
    std::fs::remove_dir_all(world.alice.path(alice().as_str())).unwrap();
    std::fs::create_dir(world.alice.path(alice().as_str())).unwrap();
    for _ in 0..2 {
        let report = world.alice.sync().await;
        assert!(report.notes.iter().any(|note| note.contains("is empty")), "{:?}", report.notes);
        world.restart_alice();
    }
    world.settle().await;
    // A login makes what each datasite has from the first day, and nothing more.
    let transport = Arc::new(world.store.user(alice()));
    let config = syft_sync::Config::new(alice(), world.alice.home.path(), transport, "memory:");
    syft_sync::SyftboxManager::login(config).await.unwrap();
    world.settle().await;
    let copies = [&world.bob, &world.carol].map(|node| node.tree(alice().as_str()));
    assert_eq!(copies, before);
}

#[tokio::test]
async fn the_last_file_of_a_datasite_can_be_deleted() {
    let world = Trio::connected().await;
    world.alice.write(&at("public/only.txt"), "one");
    world.settle().await;
    world.alice.remove(&at("public/only.txt"));
    world.bob.submit("echo 1", "census").await;
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/only.txt")), None);
    assert!(world.alice.manager.job_store().job("census").is_ok(), "all else goes on");
}

#[tokio::test]
async fn a_clock_that_steps_back_holds_nothing_up() {
    let mut world = Trio::connected().await;
    for (step, text) in [(0.0, "one"), (-3600.0, "two"), (-1e8, "three"), (10.0, "four")] {
        world.alice.clock.step(step);
        world.alice.write(&at("public/a.txt"), text);
        world.alice.sync().await;
        world.restart_alice();
        world.bob.sync().await;
        assert_eq!(world.bob.read(&at("public/a.txt")).unwrap(), text);
    }
    world.carol.sync().await;
    assert_eq!(world.carol.read(&at("public/a.txt")).unwrap(), "four");
    for space in [log_of(alice()), outbox(alice(), bob())] {
        let messages = events_in(&world.store, &space);
        let times: Vec<Timestamp> = messages.iter().map(|message| message.name.timestamp).collect();
        assert!(times.is_sorted_by(|earlier, later| earlier < later), "{times:?}");
        let of_events = messages.iter().all(|message| {
            message.events.iter().all(|event| event.timestamp == message.name.timestamp)
        });
        assert!(of_events);
    }
}

#[tokio::test]
async fn a_scientist_whose_clock_steps_back_is_heard() {
    let world = Trio::connected().await;
    world.bob.submit("echo 1", "first").await;
    world.bob.sync().await;
    world.bob.clock.step(-1e6);
    world.bob.submit("echo 2", "second").await;
    world.bob.sync().await;
    world.alice.sync().await;
    let script = |job: &str| world.alice.read(&at(&format!("jobs/{}/{job}/run.sh", bob())));
    assert_eq!(
        (script("first").unwrap(), script("second").unwrap()),
        ("echo 1".into(), "echo 2".into())
    );
    assert!(world.alice.audit("channel.gap").is_empty(), "taken in the order of the channel");
}

#[tokio::test]
async fn an_edit_of_a_copy_is_kept_when_the_owner_changes_the_file() {
    let world = Trio::connected().await;
    world.alice.write(&at("public/a.txt"), "one");
    world.settle().await;
    world.bob.write(&at("public/a.txt"), "mine");
    let report = world.bob.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("public/a.txt")), "{:?}", report.notes);
    assert_eq!(world.bob.read(&at("public/a.txt")).unwrap(), "mine", "kept until then");
    world.alice.write(&at("public/a.txt"), "two");
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/a.txt")).unwrap(), "two");
    let aside = format!("public/a.txt.conflict-{}", ContentHash::of(b"mine").short());
    assert_eq!(world.bob.read(&at(&aside)).unwrap(), "mine");
    world.bob.write(&at("public/a.txt"), "mine again");
    world.alice.remove(&at("public/a.txt"));
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/a.txt")), None);
    let aside = format!("public/a.txt.conflict-{}", ContentHash::of(b"mine again").short());
    assert_eq!(world.bob.read(&at(&aside)).unwrap(), "mine again");
    assert!(world.alice.tree(alice().as_str()).keys().all(|path| !path.contains("conflict")));
}

#[tokio::test]
async fn the_places_of_a_channel_are_a_chain() {
    let mut world = Trio::connected().await;
    for text in ["one", "two", "three"] {
        world.alice.write(&at("public/a.txt"), text);
        world.alice.sync().await;
        world.restart_alice();
    }
    for space in [log_of(alice()), outbox(alice(), bob()), outbox(alice(), carol())] {
        let mut objects = in_space(&world.store, &space);
        objects.retain(|object| object.name.as_str().starts_with("syfteventsmessage"));
        let mut by_seq: Vec<(u64, serde_json::Value, ContentHash)> = objects
            .iter()
            .map(|object| {
                let bytes = world.store.bytes(&object.id).unwrap();
                let message = forge::unpack(&bytes);
                (message["seq"].as_u64().unwrap(), message["prev"].clone(), ContentHash::of(&bytes))
            })
            .collect();
        by_seq.sort_by_key(|(seq, ..)| *seq);
        assert!(by_seq.iter().map(|(seq, ..)| *seq).eq(1..=by_seq.len() as u64), "{space}");
        assert!(by_seq[0].1.is_null(), "{space}");
        for pair in by_seq.windows(2) {
            assert_eq!(pair[1].1, serde_json::json!(pair[0].2), "{space}");
        }
    }
    assert!(world.bob.audit("channel.gap").is_empty());
    assert!(world.bob.audit("channel.forked").is_empty());
}

#[tokio::test]
async fn a_message_that_the_store_lost_is_noticed() {
    let world = Trio::connected().await;
    world.bob.sync().await;
    world.alice.write(&at("public/a.txt"), "one");
    world.alice.sync().await;
    let lost = in_space(&world.store, &outbox(alice(), bob())).pop().unwrap();
    assert!(world.store.lose(&lost.id));
    world.bob.sync().await;
    world.alice.write(&at("public/b.txt"), "two");
    world.alice.sync().await;
    world.bob.sync().await;
    world.bob.sync().await;
    assert_eq!(world.bob.read(&at("public/b.txt")).unwrap(), "two", "what came is taken");
    let gaps = world.bob.audit("channel.gap");
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].actor, alice().as_str());
    assert!(world.carol.audit("channel.gap").is_empty());

    // The same for what a scientist sends.
    world.bob.submit("echo 1", "lost").await;
    world.bob.sync().await;
    let space = crate::common::inbox(alice(), bob());
    let lost = in_space(&world.store, &space).pop().unwrap();
    assert!(world.store.lose(&lost.id));
    world.bob.submit("echo 2", "next").await;
    world.bob.sync().await;
    world.alice.sync().await;
    assert_eq!(world.alice.audit("channel.gap").len(), 1);
}

#[tokio::test]
async fn a_sync_with_one_peer_leaves_the_others_for_later() {
    let world = Trio::connected().await;
    world.alice.write(&at("public/a.txt"), "one");
    world.alice.clock.step(1.0);
    let only = SyncOptions { peers: [carol()].into(), ..SyncOptions::default() };
    let report = world.alice.manager.sync(&only).await.unwrap();
    assert!(report.peers.iter().all(|peer| peer.email == carol()), "{report:?}");
    world.bob.sync().await;
    world.carol.sync().await;
    assert_eq!(world.bob.read(&at("public/a.txt")), None);
    assert_eq!(world.carol.read(&at("public/a.txt")).unwrap(), "one");
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/a.txt")).unwrap(), "one");
}

/// Everything that anybody with the folder can read, messages unpacked.
fn in_folder(root: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let name = path.display().to_string();
            if name.ends_with(".tar.gz") {
                found.push((format!("{name} unpacked"), forge::payload(&bytes)));
            }
            found.push((name, bytes));
        }
    }
    found
}

const CANARIES: [&str; 5] =
    ["c4nary-data", "c4nary-output", "c4nary-log", "c4nary-notes", "c4nary-file"];

fn check_canaries(root: &std::path::Path, allowed: &[&str], step: &str) {
    let all = in_folder(root);
    for canary in CANARIES {
        // Binary content would be spelled in base64; these are all text.
        let found = |(_, bytes): &&(String, Vec<u8>)| {
            bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
        };
        let found = all.iter().find(found).map(|(name, _)| name);
        assert_eq!(found.is_some(), allowed.contains(&canary), "{step}: {canary} in {found:?}");
    }
}

#[tokio::test]
async fn what_is_not_released_is_never_in_the_store() {
    let shared = scratch();
    let root = shared.path().join("store");
    let open = |who: Email| Arc::new(FolderTransport::create(&root, who).unwrap());
    let owner = Member::join(alice(), open(alice()), 1).await;
    let scientist = Member::join(bob(), open(bob()), 2).await;
    let both = async |step: &str, allowed: &[&str]| {
        for _ in 0..2 {
            scientist.sync().await;
            owner.sync().await;
            check_canaries(&root, allowed, step);
        }
        scientist.sync().await;
    };
    owner.write(&at("private/notes.txt"), "c4nary-notes");
    owner.write(&at("unshared/file.txt"), "c4nary-file");
    scientist.manager.add_peer(&alice(), false).await.unwrap();
    both("asked", &[]).await;
    owner.manager.approve_peer_request(&bob(), true).await.unwrap();
    both("approved", &[]).await;
    let files = scratch();
    std::fs::write(files.path().join("mock.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(files.path().join("real.csv"), "a,b\nc4nary-data,2\n").unwrap();
    let mut new = syft_dataset::NewDataset::named("patients".parse().unwrap());
    new.mock = Some(files.path().join("mock.csv"));
    new.private = Some(files.path().join("real.csv"));
    new.users = Audience::Any;
    owner.manager.create_dataset(new, crate::common::unsent()).await.unwrap();
    both("published", &[]).await;
    let script = "echo c4nary-log; echo c4nary-log >&2; echo c4nary-output > $SYFT_OUTPUTS/a.txt";
    // Written so that the script itself holds no canary.
    let script = script.replace("c4nary", "c4\"\"nary");
    let submitted = scientist.submit(&script, "census").await;
    both("submitted", &[]).await;
    owner.manager.approve_job(&submitted.id, &Default::default()).unwrap();
    both("approved the job", &[]).await;
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    let run = owner.manager.run_job(&submitted.id, &options, &PlainSandbox, &mut Silent).unwrap();
    assert_eq!(run.finished.unwrap().exit_code(), Some(0));
    both("run", &[]).await;
    owner.manager.release_job(&submitted.id, None, &ReleaseFiles::All, false).unwrap();
    both("released", &["c4nary-output"]).await;
    owner.manager.release_job(&submitted.id, None, &ReleaseFiles::All, true).unwrap();
    both("released the logs", &["c4nary-output", "c4nary-log"]).await;
    allow(&owner, "unshared", &[bob()]);
    both("shared", &["c4nary-output", "c4nary-log", "c4nary-file"]).await;
    assert_eq!(scientist.read(&at("unshared/file.txt")).unwrap(), "c4nary-file");
}

#[tokio::test]
async fn a_stranger_gets_nothing() {
    let world = Trio::connected().await;
    let mallory = email("mallory@nowhere.net");
    let node = Member::join(mallory.clone(), Arc::new(world.store.user(mallory.clone())), 9).await;
    node.manager.add_peer(&alice(), false).await.unwrap();
    node.submit("echo 1", "census").await;
    node.sync().await;
    world.alice.write(&at("public/a.txt"), "one");
    world.alice.sync().await;
    node.sync().await;
    assert!(in_space(&world.store, &outbox(alice(), mallory.clone())).is_empty());
    assert!(world.alice.read(&at(&format!("jobs/{mallory}/census/run.sh"))).is_none());
    world.alice.manager.approve_peer_request(&mallory, true).await.unwrap();
    world.alice.sync().await;
    node.sync().await;
    assert_eq!(node.read(&at("public/a.txt")).unwrap(), "one");
    assert!(world.alice.read(&at(&format!("jobs/{mallory}/census/run.sh"))).is_some());
}

#[tokio::test]
async fn p10_a_link_in_the_datasite_is_said_and_never_read() {
    let world = Trio::connected().await;
    let secret = world.alice.path(".syft/secret.txt");
    std::fs::write(&secret, "secret").unwrap();
    std::fs::create_dir_all(world.alice.path(&at("public/more"))).unwrap();
    let link = |name: &str| world.alice.path(&at(&format!("public/more/{name}")));
    std::os::unix::fs::symlink(&secret, link("file.txt")).unwrap();
    std::os::unix::fs::symlink(world.alice.path(".syft"), link("folder")).unwrap();
    world.alice.write(&at("public/more/good.txt"), "good");
    let report = world.alice.sync().await;
    for name in ["public/more/file.txt", "public/more/folder"] {
        assert!(report.notes.iter().any(|note| note.contains(name)), "{:?}", report.notes);
    }
    world.bob.sync().await;
    let more: Vec<String> = world.bob.tree(&at("public/more")).into_keys().collect();
    assert_eq!(more, ["good.txt"]);
}

#[tokio::test]
async fn p10_a_link_in_a_copy_is_never_written_through() {
    let world = Trio::connected().await;
    let precious = world.bob.path("precious.txt");
    std::fs::write(&precious, "precious").unwrap();
    std::fs::create_dir_all(world.bob.path(&at("public"))).unwrap();
    std::os::unix::fs::symlink(&precious, world.bob.path(&at("public/a.txt"))).unwrap();
    world.alice.write(&at("public/a.txt"), "one");
    world.alice.write(&at("public/b.txt"), "two");
    world.alice.sync().await;
    world.bob.sync().await;
    assert_eq!(std::fs::read_to_string(precious).unwrap(), "precious");
    assert_eq!(world.bob.read(&at("public/b.txt")).unwrap(), "two", "all else arrives");
    assert_eq!(world.bob.audit("file.blocked").len(), 1);
    let quarantine = world.bob.manager.quarantine();
    let kept = quarantine.list().unwrap();
    assert_eq!(kept.len(), 1, "what could not be written is not lost");
    assert_eq!(quarantine.bytes(&kept[0].id, 99).unwrap().unwrap(), b"one");
}
