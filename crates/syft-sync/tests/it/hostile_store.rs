//! A store that reads, drops, replays, reorders, changes, rolls back and forks what it is
//! given: nothing forged or stale has an effect, it is noticed in that sync, and what honest
//! peers send arrives (`threats.md` 2.1, F14 to F17).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::forge::{name, proposal};
use crate::common::hostile::Forgetful;
use crate::common::{Member, Pair, Trio, alice, bob, carol, in_space, inbox, outbox};
use syft_core::codec::encode_proposal;
use syft_core::{Email, JobName, SystemEntropy};
use syft_crypto::{KeySource, Limits, Party, Sealer};
use syft_job::{Script, Submission};
use syft_sync::SyncReport;
use syft_transport::{MemoryStore, Object, Space, Transport};

fn alarm(report: &SyncReport, peer: &Email) -> Option<String> {
    let told = report.peers.iter().find(|told| told.email == *peer)?;
    told.problem.clone().filter(|_| told.alarm)
}

/// Everything in the store at one time.
struct Past(BTreeMap<String, (Object, Vec<u8>)>);

impl Past {
    fn of(store: &MemoryStore) -> Past {
        let bytes = |object: &Object| store.bytes(&object.id).unwrap().to_vec();
        let all = store.objects().into_iter();
        Past(all.map(|object| (object.to_string(), (object.clone(), bytes(&object)))).collect())
    }

    /// The store is as it was then, as far as these are concerned.
    fn come_back(&self, store: &MemoryStore, concerns: impl Fn(&Space) -> bool) {
        let here: BTreeMap<String, Object> =
            store.objects().into_iter().map(|object| (object.to_string(), object)).collect();
        for (key, object) in &here {
            if concerns(&object.space) && !self.0.contains_key(key) {
                assert!(store.lose(&object.id));
            }
        }
        for (key, (object, bytes)) in &self.0 {
            if concerns(&object.space) && !here.contains_key(key) {
                store.replay(object, bytes.clone());
            }
        }
    }
}

fn job_of(member: &Email, job: &str) -> String {
    format!("alice@hospital.org/jobs/{member}/{job}/run.sh")
}

impl Member {
    async fn sends(&self, job: &str) -> SyncReport {
        let mut submission = Submission::new(alice(), Script::Text(format!("echo {job}")));
        submission.name = Some(JobName::parse(job).unwrap());
        self.manager.submit_job(&submission, false).await.unwrap();
        self.sync().await
    }
}

/// Alice syncs: Bob's place is told of, nothing of it is taken, and Carol's job arrives.
async fn alice_notices(trio: &Trio, words: &str) {
    trio.carol.sends("honest").await;
    let before = trio.alice.tree(&format!("alice@hospital.org/jobs/{}", bob()));
    let report = trio.alice.sync().await;
    let told = alarm(&report, &bob()).unwrap();
    assert!(told.contains(words), "{told}");
    assert_eq!(alarm(&report, &carol()), None);
    assert!(trio.alice.read(&job_of(&carol(), "honest")).is_some());
    assert_eq!(trio.alice.tree(&format!("alice@hospital.org/jobs/{}", bob())), before);
}

#[tokio::test]
async fn f17_what_is_put_there_in_the_open_is_taken_from_nobody_who_seals() {
    let trio = Trio::sealed().await;
    let path = format!("jobs/{}/forged/run.sh", bob());
    let bytes = encode_proposal(&proposal(1, &path, "echo forged\n")).unwrap();
    trio.store.plant(&inbox(alice(), bob()), &name(1), bytes, Some(bob()));
    alice_notices(&trio, "this is in the open").await;
    let report = trio.alice.sync().await;
    assert!(alarm(&report, &bob()).is_some(), "until Alice has decided");
    let repaired = trio.alice.manager.check_up(true, true).await.unwrap().repaired;
    assert!(
        repaired.iter().any(|line| line.contains("away, which was not of bob")),
        "{repaired:?}"
    );
    let report = trio.alice.sync().await;
    assert_eq!(alarm(&report, &bob()), None);
    let away = trio.alice.manager.quarantine().list().unwrap();
    assert_eq!(away.len(), 1);
}

#[tokio::test]
async fn a_message_of_which_one_byte_was_changed_is_not_taken() {
    let trio = Trio::sealed().await;
    trio.bob.sends("changed").await;
    let sent = in_space(&trio.store, &inbox(alice(), bob()));
    let message = sent.iter().find(|object| object.name.as_str() != "hello").unwrap();
    let mut bytes = trio.store.bytes(&message.id).unwrap().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let good = trio.store.bytes(&message.id).unwrap();
    trio.store.tamper(&message.id, bytes);
    alice_notices(&trio, "it cannot be opened").await;
    // Nothing is lost once the store puts it right.
    trio.store.tamper(&message.id, good);
    let report = trio.alice.sync().await;
    assert_eq!(alarm(&report, &bob()), None);
    assert!(trio.alice.read(&job_of(&bob(), "changed")).is_some());
}

/// Bob has the key of a mock that is shared with him, and writes another one under it.
#[tokio::test]
async fn a_reader_of_a_mock_cannot_write_it_for_the_others() {
    let trio = Trio::sealed().await;
    trio.create_dataset("patients", syft_dataset::Audience::Any);
    trio.alice.sync().await;
    let all = trio.store.objects();
    let of = |name: &str| all.iter().find(|object| object.name.as_str() == name).unwrap().clone();
    let bytes = |object: &Object| trio.store.bytes(&object.id).unwrap().to_vec();
    let keys = |email: &Email| crate::common::keys_of(email).keys(email).unwrap();
    let (alice_keys, bob_keys) = (keys(&alice()), keys(&bob()));
    let party = Party { email: &alice(), bundle: alice_keys.bundle() };
    let grant = of("grant_bob@university.org.json");
    let mut plain = Vec::new();
    bob_keys.open(party, &Limits::default(), &mut bytes(&grant).as_slice(), &mut plain).unwrap();
    let grant: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    let own = Email::parse("collection@syft.invalid").unwrap();
    let key = KeySource::parse(grant["key"].as_str().unwrap(), &own).unwrap().keys(&own).unwrap();
    // Whoever opens an envelope can put other bytes of the same length into it, under the
    // signature that is there: what comes of it is as if Alice had sealed it.
    let file = of("file-1");
    let mut held = Vec::new();
    key.open(party, &Limits::default(), &mut bytes(&file).as_slice(), &mut held).unwrap();
    let to = [Party { email: &own, bundle: key.bundle() }];
    let (mut forged, other) = (Vec::new(), vec![b'x'; held.len()]);
    let body = (other.len() as u64, &mut other.as_slice() as &mut dyn std::io::Read);
    alice_keys.seal(&to, Some(&file.to_string()), body, &mut forged, &SystemEntropy).unwrap();
    trio.store.tamper(&file.id, forged);
    let report = trio.carol.sync().await;
    let told = alarm(&report, &alice()).unwrap_or_else(|| panic!("{report:?}"));
    assert!(told.contains("the dataset patients is not as alice@hospital.org sealed it"), "{told}");
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    assert!(trio.carol.read(mock).is_none());
}

/// A version of a mock that its owner has replaced.
#[tokio::test]
async fn an_older_mock_is_not_taken_for_the_newest() {
    let trio = Trio::sealed().await;
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    trio.create_dataset("patients", syft_dataset::Audience::Any);
    trio.settle().await;
    let past = Past::of(&trio.store);
    trio.alice.write(mock, "name,age\nmade up,2\n");
    trio.settle().await;
    let is_collection = |space: &Space| matches!(space, Space::Collection { .. });
    let as_alice = trio.store.user(alice());
    let sharing = as_alice.sharing().unwrap();
    for object in trio.store.objects().iter().filter(|object| is_collection(&object.space)) {
        sharing.revoke(&object.space, &(&bob()).into()).await.unwrap();
    }
    past.come_back(&trio.store, is_collection);
    for space in past.0.values().map(|(object, _)| &object.space).filter(|it| is_collection(it)) {
        sharing.grant(space, &(&bob()).into()).await.unwrap();
    }
    let report = trio.bob.sync().await;
    let told = alarm(&report, &alice()).unwrap_or_else(|| panic!("{report:?}"));
    assert!(told.contains("an older version of the dataset patients"), "{told}");
    assert_eq!(trio.bob.read(mock).unwrap(), "name,age\nmade up,2\n");
}

#[tokio::test]
async fn a_message_is_none_in_the_place_of_another_one_or_of_somebody_else() {
    let trio = Trio::sealed().await;
    trio.bob.sends("first").await;
    let message = in_space(&trio.store, &inbox(alice(), bob())).pop().unwrap();
    let bytes = trio.store.bytes(&message.id).unwrap();
    trio.alice.sync().await;
    // The same envelope, which has taken its effect, as a message that is still to come.
    trio.store.plant(&inbox(alice(), bob()), &name(7), bytes.clone(), Some(bob()));
    alice_notices(&trio, "sealed it for another place").await;
    // As if Carol had sent it.
    trio.store.plant(&inbox(alice(), carol()), message.name.as_str(), bytes, Some(carol()));
    let report = trio.alice.sync().await;
    let told = alarm(&report, &carol()).unwrap();
    assert!(told.contains("is not as carol@institute.net sealed it"), "{told}");
    assert!(trio.alice.read(&job_of(&carol(), "first")).is_none());
}

#[tokio::test]
async fn what_an_owner_is_made_to_say_is_not_believed() {
    let trio = Trio::sealed().await;
    trio.alice.write("alice@hospital.org/public/a.txt", "true");
    trio.alice.sync().await;
    let sent = in_space(&trio.store, &outbox(alice(), bob()));
    let message = sent.last().unwrap();
    let good = trio.store.bytes(&message.id).unwrap();
    trio.store.tamper(&message.id, b"forged".to_vec());
    let report = trio.bob.sync().await;
    let told = alarm(&report, &alice()).unwrap();
    assert!(told.contains("tell whoever runs the store"), "{told}");
    let report = trio.bob.sync().await;
    assert!(alarm(&report, &alice()).is_some(), "as long as it lies there");
    assert!(trio.bob.read("alice@hospital.org/public/a.txt").is_none());
    // Nothing is lost once the store puts it right.
    trio.store.tamper(&message.id, good);
    let report = trio.bob.sync().await;
    assert_eq!(alarm(&report, &alice()), None);
    assert_eq!(trio.bob.read("alice@hospital.org/public/a.txt").unwrap(), "true");
}

#[tokio::test]
async fn i5_a_message_that_is_delivered_again_has_no_effect() {
    let trio = Trio::sealed().await;
    trio.bob.sends("once").await;
    let message = in_space(&trio.store, &inbox(alice(), bob())).pop().unwrap();
    let bytes = trio.store.bytes(&message.id).unwrap();
    trio.alice.sync().await;
    trio.alice.remove(&job_of(&bob(), "once"));
    trio.store.replay(&message, bytes);
    let report = trio.alice.sync().await;
    assert_eq!(alarm(&report, &bob()), None);
    assert_eq!(trio.alice.audit("message.repeated").len(), 1);
    assert_eq!(trio.alice.audit("message.accepted").len(), 1);
}

#[tokio::test]
async fn a_message_that_the_store_loses_is_missed_and_the_next_ones_are_taken() {
    let trio = Trio::sealed().await;
    trio.bob.sends("lost").await;
    let lost = in_space(&trio.store, &inbox(alice(), bob())).pop().unwrap();
    let bytes = trio.store.bytes(&lost.id).unwrap();
    assert!(trio.store.lose(&lost.id));
    trio.bob.sends("kept").await;
    let report = trio.alice.sync().await;
    let told = report.peers.iter().find(|peer| peer.email == bob()).unwrap();
    assert_eq!((told.alarm, told.late.map(|late| late.messages)), (false, Some(1)));
    assert!(trio.alice.read(&job_of(&bob(), "kept")).is_some());
    let peers = trio.alice.manager.load_peers().await.unwrap();
    assert_eq!(peers.get(&bob()).unwrap().late.unwrap().messages, 1);
    // It was only late.
    trio.store.replay(&lost, bytes);
    let report = trio.alice.sync().await;
    assert!(report.peers.iter().all(|peer| peer.late.is_none() && !peer.alarm), "{report:?}");
    assert!(trio.alice.read(&job_of(&bob(), "lost")).is_some());
}

#[tokio::test]
async fn the_order_of_a_listing_changes_nothing() {
    let trio = Trio::sealed().await;
    for job in ["a", "b", "c"] {
        trio.bob.sends(job).await;
    }
    let sent = in_space(&trio.store, &inbox(alice(), bob()));
    let ids: Vec<&str> = sent.iter().rev().map(|object| object.id.as_str()).collect();
    trio.store.reorder(&ids);
    let report = trio.alice.sync().await;
    assert!(report.peers.iter().all(|peer| peer.late.is_none() && !peer.alarm), "{report:?}");
    assert_eq!(trio.alice.audit("message.accepted").len(), 3);
}

#[tokio::test]
async fn f14_a_store_that_was_put_back_is_told_of_by_both_sides() {
    let trio = Trio::sealed().await;
    trio.alice.write("alice@hospital.org/public/a.txt", "one");
    trio.settle().await;
    let past = Past::of(&trio.store);
    trio.alice.write("alice@hospital.org/public/a.txt", "two");
    trio.settle().await;
    past.come_back(&trio.store, |_| true);
    let report = trio.bob.sync().await;
    let told = alarm(&report, &alice()).unwrap();
    assert!(told.contains("an older state of what alice@hospital.org sent"), "{told}");
    let report = trio.alice.sync().await;
    assert_eq!(report.alarms.len(), 1, "{report:?}");
    assert!(report.alarms[0].contains("was put back to an earlier state"), "{report:?}");
    assert_eq!(trio.alice.audit("object.lost").len(), 1);
    // Nothing stale took effect, and once their owners say so it goes on.
    let text = "alice@hospital.org/public/a.txt";
    assert_eq!(trio.bob.read(text).unwrap(), "two");
    let repaired = trio.alice.manager.check_up(true, true).await.unwrap().repaired;
    assert!(repaired.iter().any(|line| line.contains("into the store again")), "{repaired:?}");
    assert!(trio.alice.sync().await.alarms.is_empty());
    trio.bob.manager.check_up(true, true).await.unwrap();
    trio.carol.manager.check_up(true, true).await.unwrap();
    trio.alice.write(text, "three");
    trio.settle().await;
    let report = trio.bob.sync().await;
    assert_eq!(alarm(&report, &alice()), None);
    assert_eq!(trio.bob.read(text).unwrap(), "three");
    let machine = trio.alice.another_home(9);
    let mut config = machine.config(Arc::new(trio.store.user(alice())));
    config.encrypt = Some(syft_sync::Encrypt::Auto);
    let fresh = syft_sync::SyftboxManager::login(config).await.unwrap();
    assert_eq!(fresh.restored().unwrap().waits, None);
    let here = std::fs::read_to_string(machine.home.path().join(text)).unwrap();
    assert_eq!(here, "three");
}

#[tokio::test]
async fn f14_a_store_that_keeps_nothing_of_what_is_written_is_told_of_at_once() {
    let mut trio = Trio::sealed().await;
    let frozen = Arc::new(Forgetful::new(Arc::new(trio.store.user(alice()))));
    trio.pair.alice.restart(frozen);
    trio.alice.write("alice@hospital.org/public/a.txt", "one");
    let report = trio.alice.sync().await;
    assert!(report.alarms[0].contains("keeps nothing of what you write"), "{report:?}");
}

#[tokio::test]
async fn f14_two_pasts_of_one_owner_are_told_of_once_they_meet() {
    let mut trio = Trio::sealed().await;
    trio.alice.write("alice@hospital.org/public/a.txt", "one");
    trio.settle().await;
    let older = crate::common::tree_in(trio.alice.home.path());
    trio.alice.write("alice@hospital.org/public/a.txt", "two");
    trio.settle().await;
    // Alice's machine is put back to a copy of before.
    for entry in std::fs::read_dir(trio.alice.home.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    for (path, bytes) in older {
        let path = trio.alice.path(&path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    crate::common::only_for_the_owner(trio.alice.home.path());
    trio.restart_alice();
    trio.alice.write("alice@hospital.org/public/b.txt", "another two");
    trio.alice.sync().await;
    let report = trio.bob.sync().await;
    let told = alarm(&report, &alice()).unwrap();
    assert!(told.contains("does not fit what arrived before"), "{told}");
    assert!(trio.bob.read("alice@hospital.org/public/b.txt").is_none());
    let report = trio.bob.sync().await;
    assert!(alarm(&report, &alice()).is_some(), "until Bob has decided");
    // Carol has not been there since; what she sends tells Alice.
    trio.carol.sends("from-carol").await;
    let report = trio.alice.sync().await;
    let told = alarm(&report, &carol()).unwrap();
    assert!(told.contains("that this home did not send"), "{told}");
    assert!(trio.alice.read(&job_of(&carol(), "from-carol")).is_none());
    let report = trio.carol.sync().await;
    assert!(alarm(&report, &alice()).unwrap().contains("does not fit what arrived before"));
    for member in [&trio.alice, &trio.bob, &trio.carol] {
        let repaired = member.manager.check_up(true, true).await.unwrap().repaired;
        assert!(repaired.iter().any(|line| line.starts_with("goes on with")), "{repaired:?}");
    }
    trio.settle().await;
    trio.alice.write("alice@hospital.org/public/c.txt", "three");
    trio.settle().await;
    for member in [&trio.bob, &trio.carol] {
        assert_eq!(member.read("alice@hospital.org/public/c.txt").unwrap(), "three");
    }
    assert!(trio.alice.read(&job_of(&carol(), "from-carol")).is_some());
}

#[tokio::test]
async fn f16_an_edited_record_of_peers_makes_nobody_a_peer() {
    let pair = Pair::sealed().await;
    pair.alice.sync().await;
    let state = in_space(&pair.store, &Space::State { owner: alice() });
    let record = br#"{"schema":"syft/state/1","email":"alice@hospital.org","peers":{}}"#;
    assert!(pair.store.tamper(&state[0].id, record.to_vec()));
    pair.alice.sync().await;
    assert_eq!(pair.alice.manager.load_peers().await.unwrap().len(), 1);
    let machine = pair.alice.another_home(9);
    let mut config = machine.config(Arc::new(pair.store.user(alice())));
    config.encrypt = Some(syft_sync::Encrypt::Auto);
    let fresh = syft_sync::SyftboxManager::login(config).await.unwrap();
    let waits = fresh.restored().unwrap().waits.clone().unwrap();
    assert!(waits.contains("a backup in the open, which whoever can write there"), "{waits}");
}
