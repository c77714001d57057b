//! A store that loses or swaps single pieces among others that are as they were: what is put
//! there later does not cover it up (`threats.md` F14).

use crate::common::{Trio, alice, in_space, log_of};
use syft_core::Email;
use syft_sync::SyncReport;
use syft_transport::{Object, Space};

fn alarm(report: &SyncReport, peer: &Email) -> Option<String> {
    let told = report.peers.iter().find(|told| told.email == *peer)?;
    told.problem.clone().filter(|_| told.alarm)
}

/// Alice's log loses one object, and goes on.
async fn loses(pick: impl Fn(&[Object]) -> Object) {
    let trio = Trio::sealed().await;
    let path = "alice@hospital.org/public/a.txt";
    for text in ["one", "two", "three"] {
        trio.alice.write(path, text);
        trio.settle().await;
    }
    let lost = pick(&in_space(&trio.store, &log_of(alice())));
    assert!(trio.store.lose(&lost.id));
    trio.alice.write(path, "four");
    for _ in 0..3 {
        let alarms = trio.alice.sync().await.alarms;
        assert!(alarms.iter().any(|told| told.contains(lost.name.as_str())), "{alarms:?}");
        trio.settle().await;
    }
    assert_eq!(trio.alice.audit("object.lost").len(), 1);
    let repaired = trio.alice.manager.check_up(true, true).await.unwrap().repaired;
    assert!(repaired.iter().any(|line| line.contains("into the store again")), "{repaired:?}");
    let report = trio.alice.sync().await;
    assert!(report.alarms.is_empty(), "{report:?}");
}

#[tokio::test]
async fn f14_a_log_that_lost_its_newest_object_is_told_of_until_it_is_there_again() {
    loses(|log| log.last().unwrap().clone()).await;
}

#[tokio::test]
async fn f14_a_log_that_lost_an_older_object_is_told_of_too() {
    loses(|log| log[log.len() - 2].clone()).await;
}

#[tokio::test]
async fn f14_files_of_datasets_that_were_swapped_are_told_of_and_not_taken() {
    let trio = Trio::sealed().await;
    for dataset in ["patients", "visits"] {
        trio.create_dataset(dataset, syft_dataset::Audience::Any);
    }
    trio.alice.sync().await;
    let files: Vec<Object> = trio.store.objects().into_iter().filter(is_first_file).collect();
    let [one, other] = &files[..] else { panic!("{files:?}") };
    let bytes = [one, other].map(|file| trio.store.bytes(&file.id).unwrap().to_vec());
    trio.store.tamper(&one.id, bytes[1].clone());
    trio.store.tamper(&other.id, bytes[0].clone());
    for _ in 0..2 {
        let told = alarm(&trio.pair.bob.sync().await, &alice()).unwrap();
        assert!(told.contains("the dataset patients is not as alice@hospital.org sealed it"));
        assert!(told.contains("syft doctor --repair publishes it again"), "{told}");
        assert!(trio.pair.bob.tree("alice@hospital.org/public").is_empty());
    }
    // Their owner puts it right, who is told which it was.
    let repaired = trio.alice.manager.check_up(true, true).await.unwrap().repaired;
    assert!(repaired.iter().any(|line| line.starts_with("patients is not in")), "{repaired:?}");
    trio.alice.sync().await;
    let report = trio.pair.bob.sync().await;
    assert_eq!((alarm(&report, &alice()), report.datasets), (None, 2), "{report:?}");
    let repaired = trio.alice.manager.check_up(true, true).await.unwrap().repaired;
    assert_eq!(repaired, Vec::<String>::new());
}

fn is_first_file(object: &Object) -> bool {
    matches!(object.space, Space::Collection { .. }) && object.name.as_str() == "file-1"
}
