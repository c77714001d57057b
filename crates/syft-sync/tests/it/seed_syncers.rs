//! The two syncers by the seeds' calls.

use std::sync::Arc;

use crate::common::gate::Gate;
use crate::common::{Member, Pair, Trio, alice, bob, carol, forge};
use syft_core::{DatasetName, FileChangeEvent, ProposedFileChangesMessage};
use syft_dataset::Audience;
use syft_sync::Router;

#[tokio::test]
async fn the_owner_pulls_proposals_and_takes_what_is_allowed() {
    let pair = Pair::connected().await;
    let to_alice = Router::new(Arc::new(pair.store.user(bob())));
    let allowed = format!("jobs/{}/by-hand/run.sh", bob());
    let mut message = forge::proposal(1, &allowed, "echo one\n");
    message.changes.push(forge::change(2, "public/defaced.txt", "mine", None));
    to_alice.send_proposed_file_changes_message(&alice(), &message).await.unwrap();
    let report = pair.alice.manager.owner_syncer().sync(&[bob()], true).await.unwrap();
    assert_eq!(report.peers[0].received, 1);
    let here = |path: &str| pair.alice.read(&format!("{}/{path}", alice()));
    assert_eq!(here(&allowed).as_deref(), Some("echo one\n"));
    assert_eq!(here("public/defaced.txt"), None);
}

#[tokio::test]
async fn without_recompute_hashes_my_own_edits_wait() {
    let pair = Pair::connected().await;
    let file = format!("{}/public/news.txt", alice());
    pair.alice.write(&file, "fresh");
    let syncer = pair.alice.manager.owner_syncer();
    assert_eq!(syncer.sync(&[], false).await.unwrap().changed, 0);
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(&file), None);
    assert_eq!(syncer.sync(&[], true).await.unwrap().changed, 1);
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(&file).as_deref(), Some("fresh"));
}

#[tokio::test]
async fn sync_down_pulls_messages_and_datasets() {
    let pair = Pair::connected().await;
    let file = format!("{}/public/news.txt", alice());
    pair.alice.write(&file, "fresh");
    pair.create_dataset("census", Audience::Any);
    pair.alice.sync().await;
    let watcher = pair.bob.manager.watcher_syncer();
    let report = watcher.sync_down(&[alice()]).await.unwrap();
    assert_eq!((report.peers[0].received, report.datasets), (1, 1));
    assert_eq!(pair.bob.read(&file).as_deref(), Some("fresh"));
    let name = DatasetName::parse("census").unwrap();
    assert!(pair.bob.manager.dataset_path(&alice(), &name).unwrap().exists());
}

#[tokio::test]
async fn permissions_are_checked_as_they_stand_on_disk() {
    let pair = Pair::connected().await;
    let syncer = pair.alice.manager.owner_syncer();
    assert!(syncer.check_read_permissions(&bob(), "public/news.txt").unwrap());
    assert!(!syncer.check_write_permission(&bob(), "public/news.txt").unwrap());
    let own = format!("jobs/{}/count/run.sh", bob());
    assert!(syncer.check_write_permission(&bob(), &own).unwrap());
    pair.alice.write(&format!("{}/public/syft.pub.yaml", alice()), "rules: []\n");
    assert!(!syncer.check_read_permissions(&bob(), "public/news.txt").unwrap());
}

/// `def sync(self, peer_emails: list[str], ...)`: each of them and nobody else.
#[tokio::test]
async fn the_owner_pulls_from_the_peers_that_are_named() {
    let trio = Trio::connected().await;
    for (who, node) in [(bob(), &trio.bob), (carol(), &trio.carol)] {
        node.submit("echo 1", &format!("of {}", who.as_str().split('@').next().unwrap())).await;
        node.sync().await;
    }
    let from = |trio: &Trio| -> Vec<_> {
        let jobs = trio.alice.manager.job_store().jobs().unwrap();
        jobs.iter().map(|job| job.submitted_by().clone()).collect()
    };
    let syncer = trio.alice.manager.owner_syncer();
    syncer.sync(&[carol()], true).await.unwrap();
    assert_eq!(from(&trio), [carol()]);
    syncer.sync(&[bob(), carol()], true).await.unwrap();
    assert_eq!(from(&trio).len(), 2);
}

/// `self.perm_context.open(path).has_write_access(sender_email)`, by hand.
#[tokio::test]
async fn the_rules_can_be_asked_as_the_owners_syncer_asks_them() {
    let pair = Pair::connected().await;
    let datasite = pair.alice.path(alice().as_str());
    let perm_context = syft_sync::PermContext::at(&datasite).unwrap();
    let syncer = pair.alice.manager.owner_syncer();
    let own = format!("jobs/{}/count/run.sh", bob());
    for path in ["public/news.txt", &own] {
        let may = perm_context.open(path).unwrap().has_write_access(bob().as_str()).unwrap();
        assert_eq!(may, syncer.check_write_permission(&bob(), path).unwrap(), "{path}");
        assert_eq!(may, path == own, "{path}");
    }
}

/// `class FileChangeEvent(BaseModel)`: the nine fields, here and as they travel.
#[tokio::test]
async fn an_event_has_the_nine_fields_of_the_document() {
    let pair = Pair::connected().await;
    let file = format!("{}/public/news.txt", alice());
    pair.alice.write(&file, "fresh");
    pair.alice.sync().await;
    pair.alice.remove(&file);
    pair.alice.sync().await;
    let outbox = crate::common::outbox(alice(), bob());
    let events: Vec<_> = crate::common::events_in(&pair.store, &outbox)
        .into_iter()
        .flat_map(|message| message.events)
        .filter(|event| event.path.as_str() == "public/news.txt")
        .collect();
    let [written, deleted] = &events[..] else { panic!("{events:?}") };
    let fresh = Some(syft_core::ContentHash::of(b"fresh"));
    assert_ne!(written.id, deleted.id);
    assert_eq!(written.datasite, alice());
    assert_eq!(written.change.content().unwrap().as_bytes(), b"fresh");
    assert_eq!((written.old_hash, written.new_hash()), (None, fresh));
    assert_eq!((deleted.old_hash, deleted.new_hash()), (fresh, None), "None for deletions");
    assert!(deleted.change.is_delete() && deleted.change.content().is_none());
    assert!(written.submitted <= written.timestamp && written.timestamp < deleted.timestamp);

    let travels = |event: &FileChangeEvent| -> Vec<String> {
        let value = serde_json::to_value(event).unwrap();
        value.as_object().unwrap().keys().cloned().collect()
    };
    for field in [
        "id",
        "path_in_datasite",
        "datasite_email",
        "content",
        "old_hash",
        "new_hash",
        "is_deleted",
        "submitted_timestamp",
        "timestamp",
    ] {
        assert!(travels(written).iter().any(|key| key == field), "{field}");
    }
}

/// `self.datasite_watcher_cache.sync_down_parallel(...)`: owners wait for nobody.
#[tokio::test]
async fn sync_down_pulls_from_all_owners_at_once() {
    let store = syft_transport::MemoryStore::new();
    let user = |who: &syft_core::Email| Arc::new(store.user(who.clone()));
    let mut scientist = Member::join(bob(), user(&bob()), 1).await;
    let mut owners = Vec::new();
    for number in 0..6 {
        let who = crate::common::email(&format!("owner{number}@hospital.org"));
        let owner = Member::join(who.clone(), user(&who), 10 + number).await;
        scientist.manager.add_peer(&who, false).await.unwrap();
        owner.manager.approve_peer_request(&bob(), true).await.unwrap();
        owner.write(&format!("{who}/public/news.txt"), "fresh");
        owner.sync().await;
        owners.push(owner);
    }
    let gate = Arc::new(Gate::new(user(&bob()), None));
    scientist.restart(gate.clone());
    let peer_emails: Vec<_> = owners.iter().map(|owner| owner.email.clone()).collect();
    scientist.manager.watcher_syncer().sync_down(&peer_emails).await.unwrap();
    for who in &peer_emails {
        assert_eq!(scientist.read(&format!("{who}/public/news.txt")).as_deref(), Some("fresh"));
    }
    let most = gate.most_at_once();
    assert!((3..=8).contains(&most), "{most} calls at once");
}

/// `proposed_events_message.proposed_file_changes`, with `change.path_in_datasite`.
#[tokio::test]
async fn a_proposal_names_its_changes_as_the_document_does() {
    let path = format!("jobs/{}/by-hand/run.sh", bob());
    let message: ProposedFileChangesMessage = forge::proposal(1, &path, "echo one\n");
    let travels = serde_json::to_value(&message).unwrap();
    assert_eq!(travels["sender_email"], bob().as_str());
    let changes = travels["proposed_file_changes"].as_array().unwrap();
    assert_eq!(changes.len(), message.changes.len());
    assert_eq!(changes[0]["path_in_datasite"], message.changes[0].path.as_str());
}
