//! What the store is given to keep, and what it can make of it.

use std::sync::Arc;

use crate::common::{
    Machine, Member, Pair, Secrecy, Silent, Trio, alice, bob, carol, in_space, inbox, outbox,
};
use syft_core::{DatasetName, Email, JobName};
use syft_crypto::KeySource;
use syft_dataset::{Audience, NewDataset};
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ReleaseFiles, RunOptions, Script, Submission};
use syft_sync::{
    CreateOptions, DeleteOptions, Encrypt, FirstKeys, PeerReport, SyftboxManager, SyncOptions,
};

/// Words that stand in what is exchanged, and in no address or time.
const SECRETS: [&str; 8] = [
    "zebra-script",
    "zebra-answer",
    "zebra-note",
    "made up",
    "REAL PERSON",
    "patients",
    "mock.csv",
    "zebra-job",
];

/// Nothing that lies in the store tells what it is, but hellos, which hold keys alone.
fn assert_unreadable(pair: &Pair) {
    let objects = pair.objects();
    assert!(objects.len() > 10, "{:?}", objects.keys());
    for (key, bytes) in &objects {
        for secret in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found && !key.contains(secret), "{secret} in {key}");
        }
        let is_open = key.ends_with("/hello");
        assert_eq!(bytes.starts_with(b"SYC2"), !is_open, "{key}");
    }
}

async fn whole_story(pair: &Pair) {
    pair.create_dataset("patients", Audience::Any);
    pair.alice.write("alice@hospital.org/public/notes.txt", "zebra-note\n");
    pair.alice.write("alice@hospital.org/own/notes.txt", "zebra-note of mine\n");
    pair.alice.sync().await;
    pair.bob.sync().await;
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    assert_eq!(pair.bob.read(mock).unwrap(), "name,age\nmade up,1\n");
    let script = "# zebra-script\necho zebra-answer > $SYFT_OUTPUTS/answer.txt";
    let submitted = pair.submit(script, "zebra-job").await;
    pair.bob.sync().await;
    pair.alice.sync().await;
    pair.approve(&submitted.id);
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    let run = pair.alice.manager.run_job(&submitted.id, &options, &PlainSandbox, &mut Silent);
    assert_eq!(run.unwrap().finished.unwrap().exit_code(), Some(0));
    pair.alice.manager.release_job(&submitted.id, None, &ReleaseFiles::All, false).unwrap();
    pair.alice.sync().await;
    pair.bob.sync().await;
    let answer = "alice@hospital.org/jobs/bob@university.org/zebra-job/outputs/answer.txt";
    assert_eq!(pair.bob.read(answer).unwrap(), "zebra-answer\n");
    assert_eq!(pair.bob.read("alice@hospital.org/public/notes.txt").unwrap(), "zebra-note\n");
}

#[tokio::test]
async fn nobody_between_reads_a_word_of_a_job_or_a_dataset() {
    let pair = Pair::sealed().await;
    whole_story(&pair).await;
    assert_unreadable(&pair);
}

#[tokio::test]
async fn the_same_goes_in_the_open_where_that_is_asked_for() {
    let pair = Pair::connected().await;
    whole_story(&pair).await;
    let objects = pair.objects();
    assert!(objects.values().all(|bytes| !bytes.starts_with(b"SYC2")));
}

#[tokio::test]
async fn a_backup_tells_nobody_but_its_owner_what_is_in_it() {
    let pair = Pair::sealed().await;
    whole_story(&pair).await;
    let files = tempfile::tempdir().unwrap();
    let (mock, private) = (files.path().join("mock.csv"), files.path().join("real.csv"));
    std::fs::write(&mock, "name,age\nmade up,1\n").unwrap();
    // More than what is sealed in memory.
    std::fs::write(&private, "REAL PERSON,42\n".repeat(700_000)).unwrap();
    let mut new = NewDataset::named(DatasetName::parse("patients-2").unwrap());
    (new.mock, new.private) = (Some(mock), Some(private.clone()));
    let options = CreateOptions { upload_private: true, sync: true };
    pair.alice.manager.create_dataset(new, options).await.unwrap();
    pair.alice.manager.create_checkpoint().await.unwrap();
    pair.alice.write("alice@hospital.org/own/notes.txt", "zebra-note again\n");
    pair.alice.sync().await;
    assert_unreadable(&pair);
    assert!(
        !pair
            .alice
            .path(".syft/staging")
            .read_dir()
            .unwrap()
            .any(|it| { it.unwrap().file_name().to_string_lossy().starts_with("spool-") })
    );
    let machine = pair.alice.another_home(9);
    let fresh = login(&machine, &pair, Encrypt::Auto).await;
    let restored = fresh.restored().unwrap();
    assert_eq!((restored.waits.clone(), restored.private, restored.peers), (None, 1, 1));
    let data = "alice@hospital.org/private/datasets/patients-2/real.csv";
    assert!(
        std::fs::read(machine.home.path().join(data)).unwrap() == std::fs::read(private).unwrap()
    );
    let note = std::fs::read(machine.home.path().join("alice@hospital.org/own/notes.txt"));
    assert_eq!(note.unwrap(), b"zebra-note again\n");
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    assert!(machine.home.path().join(mock).is_file());
}

async fn login(machine: &Machine, pair: &Pair, encrypt: Encrypt) -> SyftboxManager {
    let mut config = machine.config(Arc::new(pair.store.user(machine.email.clone())));
    config.encrypt = Some(encrypt);
    SyftboxManager::login(config).await.unwrap()
}

#[tokio::test]
async fn nothing_goes_to_somebody_who_has_not_shown_a_key() {
    let pair = Pair::joined(Secrecy::Sealed).await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    pair.submit("echo zebra-script", "zebra-job").await;
    let report = pair.bob.sync().await;
    assert!(report.store.is_none() && report.notes.is_empty(), "{report:?}");
    let sent = in_space(&pair.store, &inbox(alice(), bob()));
    assert!(sent.iter().all(|object| object.name.as_str() == "hello"), "{sent:?}");
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert!(pair.alice.manager.job_store().job("zebra-job").is_ok());
}

#[tokio::test]
async fn what_lay_in_the_open_is_sealed_once_that_is_wanted() {
    let mut pair = Pair::connected().await;
    whole_story(&pair).await;
    for member in [&mut pair.alice, &mut pair.bob] {
        let mut config = member.config(Arc::new(pair.store.user(member.email.clone())));
        config.encrypt = Some(Encrypt::Auto);
        member.manager = SyftboxManager::login(config).await.unwrap();
        assert_eq!(member.audit("encrypt").len(), 2, "off at first, auto now");
    }
    for _ in 0..2 {
        for member in [&pair.bob, &pair.alice] {
            let report = member.sync().await;
            let has_alarm = report.peers.iter().any(|peer| peer.alarm);
            assert!(!has_alarm && report.alarms.is_empty(), "{report:?}");
        }
    }
    assert_unreadable(&pair);
    pair.alice.write("alice@hospital.org/public/notes.txt", "another zebra-note\n");
    pair.alice.sync().await;
    pair.bob.sync().await;
    let note = pair.bob.read("alice@hospital.org/public/notes.txt").unwrap();
    assert_eq!(note, "another zebra-note\n");
    assert_unreadable(&pair);
}

/// Whoever switches it off does so alone: nothing goes in the open to those who seal.
#[tokio::test]
async fn f17_once_sealed_with_a_peer_nothing_goes_in_the_open() {
    let mut pair = Pair::sealed().await;
    let off = async |member: &mut Member, pair_store: &syft_transport::MemoryStore| {
        let mut config = member.config(Arc::new(pair_store.user(member.email.clone())));
        config.encrypt = Some(Encrypt::Off);
        member.manager = SyftboxManager::login(config).await.unwrap();
    };
    off(&mut pair.alice, &pair.store).await;
    pair.alice.write("alice@hospital.org/public/notes.txt", "zebra-note\n");
    let report = pair.alice.sync().await;
    let told = report.peers.iter().find(|peer| peer.email == bob()).unwrap();
    assert!(told.problem.as_ref().unwrap().contains("takes nothing in the open"), "{told:?}");
    pair.bob.sync().await;
    assert!(pair.bob.read("alice@hospital.org/public/notes.txt").is_none());
    pair.submit("echo zebra-script", "zebra-job").await;
    pair.bob.sync().await;
    for space in [inbox(alice(), bob()), outbox(alice(), bob())] {
        let sent = in_space(&pair.store, &space);
        for object in sent.iter().filter(|object| object.name.as_str() != "hello") {
            assert!(pair.store.bytes(&object.id).unwrap().starts_with(b"SYC2"), "{object}");
        }
    }
    // Both have to begin anew for it.
    off(&mut pair.bob, &pair.store).await;
    pair.bob.manager.add_peer(&alice(), true).await.unwrap();
    pair.alice.manager.add_peer(&bob(), true).await.unwrap();
    for _ in 0..2 {
        pair.alice.sync().await;
        pair.bob.sync().await;
    }
    assert_eq!(pair.bob.read("alice@hospital.org/public/notes.txt").unwrap(), "zebra-note\n");
    assert!(pair.alice.manager.job_store().job("zebra-job").is_ok());
}

#[tokio::test]
async fn a_scientist_goes_on_from_a_new_machine() {
    let pair = Pair::sealed().await;
    // Two that Alice has taken and answered, and one that she has not seen yet.
    for job in ["one", "two"] {
        pair.submit(&format!("echo {job}"), job).await;
        pair.bob.sync().await;
        pair.alice.sync().await;
    }
    pair.submit("echo three", "three").await;
    pair.bob.sync().await;
    let machine = pair.bob.another_home(9);
    let fresh = login(&machine, &pair, Encrypt::Auto).await;
    fresh.add_peer(&alice(), false).await.unwrap();
    let mut second = Submission::new(alice(), Script::Text("echo four".to_owned()));
    second.name = Some(JobName::parse("four").unwrap());
    fresh.submit_job(&second, false).await.unwrap();
    machine.clock.step(100.0);
    fresh.sync(&SyncOptions::default()).await.unwrap();
    let report = pair.alice.sync().await;
    assert!(report.peers.iter().all(|peer| !peer.alarm && peer.late.is_none()), "{report:?}");
    for job in ["three", "four"] {
        assert!(pair.alice.manager.job_store().job(job).is_ok(), "{job}");
    }
}

fn collections(pair: &Pair) -> Vec<String> {
    let all = pair.objects();
    all.into_keys().filter(|key| key.starts_with("syft-1/collections/")).collect()
}

#[tokio::test]
async fn sharing_writes_a_key_and_unsharing_takes_a_new_one_from_the_next_version() {
    let trio = Trio::sealed().await;
    let patients = DatasetName::parse("patients").unwrap();
    let only = |email: &Email| Audience::users([email.clone()].into());
    trio.create_dataset("patients", only(&bob()));
    trio.settle().await;
    let before = collections(&trio);
    trio.alice.manager.share_dataset(&patients, only(&carol()), true).await.unwrap();
    let shared = collections(&trio);
    let new: Vec<&String> = shared.iter().filter(|key| !before.contains(key)).collect();
    assert!(new.len() == 1 && new[0].ends_with("/grant_carol@institute.net.json"), "{new:?}");
    trio.settle().await;
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    assert_eq!(trio.carol.read(mock).unwrap(), "name,age\nmade up,1\n");
    trio.alice.manager.unshare_dataset(&patients, &only(&bob()), true).await.unwrap();
    trio.alice.write(mock, "name,age\nmade up,2\n");
    trio.settle().await;
    assert_eq!(trio.carol.read(mock).unwrap(), "name,age\nmade up,2\n");
    assert!(trio.bob.read(mock).is_none(), "it is shared with him no longer");
    let after = collections(&trio);
    assert!(after.iter().all(|key| !shared.contains(key)), "another place, named after its key");
    assert!(!after.iter().any(|key| key.contains("grant_bob")), "{after:?}");
}

/// A reader who does not seal gets the mock as it ever was, and one who does sealed.
#[tokio::test]
async fn a_mock_is_there_in_the_form_that_each_reader_reads() {
    let pair = Pair::sealed().await;
    let transport = Arc::new(pair.store.user(carol()));
    let carol = Member::join_as(crate::common::carol(), transport, 3, Secrecy::Open).await;
    carol.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.manager.approve_peer_request(&crate::common::carol(), true).await.unwrap();
    pair.create_dataset("patients", Audience::Any);
    for _ in 0..2 {
        pair.alice.sync().await;
        carol.sync().await;
        pair.bob.sync().await;
    }
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    for member in [&pair.bob, &carol] {
        assert_eq!(member.read(mock).unwrap(), "name,age\nmade up,1\n");
    }
    let peers = pair.alice.manager.load_peers().await.unwrap();
    let sealed: Vec<bool> = peers.iter().map(|peer| peer.sealed).collect();
    assert_eq!(sealed, [true, false]);
    pair.alice.manager.remove_peer(&crate::common::carol()).await.unwrap();
    pair.alice.sync().await;
    let open = pair.objects().into_iter().filter(|(key, _)| key.contains("/mock/patients/"));
    assert_eq!(open.count(), 0, "nobody reads it so any more");
}

/// Syncs both until all is exchanged, and looks that neither is told of any interference.
async fn in_peace(pair: &Pair) {
    for round in 0..3 {
        for member in [&pair.alice, &pair.bob] {
            let report = member.sync().await;
            let odd = |peer: &&PeerReport| peer.alarm || peer.late.is_some();
            let alarms = report.peers.iter().filter(odd).count();
            // What was sent before the other one knew better is told of once.
            assert!(round < 2 || alarms == 0, "{report:?}");
            assert!(report.alarms.is_empty() && report.store.is_none(), "{report:?}");
        }
    }
}

#[tokio::test]
async fn what_waits_for_a_peer_who_begins_to_seal_is_sent_anew() {
    let mut pair = Pair::joined(Secrecy::Open).await;
    let log_in = async |member: &mut Member, store: &syft_transport::MemoryStore| {
        let mut config = member.config(Arc::new(store.user(member.email.clone())));
        config.encrypt = Some(Encrypt::Auto);
        member.manager = SyftboxManager::login(config).await.unwrap();
    };
    log_in(&mut pair.alice, &pair.store).await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    pair.create_dataset("patients", Audience::Any);
    in_peace(&pair).await;
    pair.alice.write("alice@hospital.org/public/notes.txt", "zebra-note\n");
    pair.alice.sync().await;
    pair.submit("echo zebra-script", "zebra-job").await;
    pair.bob.sync().await;
    // Neither has read what the other one sent just now.
    pair.alice.write("alice@hospital.org/public/notes.txt", "another zebra-note\n");
    pair.alice.sync().await;
    log_in(&mut pair.bob, &pair.store).await;
    in_peace(&pair).await;
    let note = pair.bob.read("alice@hospital.org/public/notes.txt").unwrap();
    assert_eq!(note, "another zebra-note\n");
    assert!(pair.alice.manager.job_store().job("zebra-job").is_ok());
    assert_unreadable(&pair);
}

#[tokio::test]
async fn other_keys_take_the_place_of_the_old_ones_everywhere() {
    let mut pair = Pair::sealed().await;
    whole_story(&pair).await;
    pair.alice.write("alice@hospital.org/public/gone.txt", "zebra-note");
    in_peace(&pair).await;
    pair.alice.write("alice@hospital.org/public/notes.txt", "a zebra-note that waits\n");
    pair.alice.sync().await;
    pair.alice.remove("alice@hospital.org/public/gone.txt");
    let new = KeySource::parse(&"0123456789abcdef".repeat(4), &alice()).unwrap();
    let words = new.keys(&alice()).unwrap().bundle().words(&alice());
    assert!(pair.alice.manager.import_keys(new.clone(), true).unwrap());
    pair.alice.sync().await;
    let report = pair.bob.sync().await;
    assert!(report.peers[0].key_alarm, "{report:?}");
    pair.bob.manager.verify_peer(&alice(), &words).await.unwrap();
    in_peace(&pair).await;
    let note = pair.bob.read("alice@hospital.org/public/notes.txt").unwrap();
    assert_eq!(note, "a zebra-note that waits\n");
    assert!(pair.bob.read("alice@hospital.org/public/gone.txt").is_none());
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    pair.alice.write(mock, "name,age\nmade up,2\n");
    in_peace(&pair).await;
    assert_eq!(pair.bob.read(mock).unwrap(), "name,age\nmade up,2\n");
    let machine = pair.alice.another_home(9);
    let mut config = machine.config(Arc::new(pair.store.user(alice())));
    (config.encrypt, config.keys) = (Some(Encrypt::Auto), FirstKeys::Of(new));
    let fresh = SyftboxManager::login(config).await.unwrap();
    let restored = fresh.restored().unwrap();
    assert_eq!((restored.waits.clone(), restored.peers, restored.datasets), (None, 1, 1));
}

/// Bob shows another key: Carol gets her mock, he can be removed, and a reset goes through.
#[tokio::test]
async fn a_peer_in_alarm_stops_nobody_else() {
    let trio = Trio::sealed().await;
    trio.create_dataset("patients", Audience::Any);
    trio.alice.write("alice@hospital.org/public/seen.txt", "zebra-note");
    trio.settle().await;
    let hello = in_space(&trio.store, &inbox(alice(), bob()));
    let hello = hello.iter().find(|object| object.name.as_str() == "hello").unwrap();
    trio.store.tamper(&hello.id, b"{}".to_vec());
    std::fs::remove_file(trio.alice.path(".syft/cache/hellos.json")).unwrap();
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    trio.alice.write(mock, "name,age\nmade up,2\n");
    trio.alice.remove("alice@hospital.org/public/seen.txt");
    let report = trio.alice.sync().await;
    assert!(report.peers.iter().any(|peer| peer.email == bob() && peer.alarm), "{report:?}");
    trio.carol.sync().await;
    assert_eq!(trio.carol.read(mock).unwrap(), "name,age\nmade up,2\n");
    let removal = trio.alice.manager.remove_peer(&bob()).await.unwrap();
    assert!(removal.withdrawn, "{removal:?}");
    let report = trio.alice.sync().await;
    assert_eq!(report.store, None);
    let keys = collections(&trio);
    assert!(!keys.iter().any(|key| key.contains("grant_bob")), "{keys:?}");
    let options = DeleteOptions { local: false, ..DeleteOptions::default() };
    trio.alice.manager.delete_syftbox(&options).await.unwrap();
    let left: Vec<String> =
        trio.objects().into_keys().filter(|key| key.contains("/log/alice")).collect();
    assert_eq!(left, Vec::<String>::new());
}
