//! What somebody does is in the audit log, as what it is.

use std::sync::Arc;

use crate::common::forge;
use crate::common::{Member, Pair, alice, bob, inbox};
use serde_json::{Value, json};
use syft_core::{AuditReport, ContentHash, DatasetName, JobName, LayoutKind};
use syft_dataset::Audience;
use syft_perm::Level;
use syft_sync::{Error, SyftboxManager};

const ALICE: &str = "alice@hospital.org";
const PUBLIC: &str = "alice@hospital.org/public/syft.pub.yaml";

/// The only line about an action.
fn only(member: &Member, action: &str) -> syft_core::AuditEntry {
    let mut lines = member.audit(action);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}

#[tokio::test]
async fn a_message_that_is_dropped_from_quarantine_stays_in_the_log() {
    let pair = Pair::connected().await;
    let name = forge::name(1);
    pair.store.plant(&inbox(alice(), bob()), &name, b"garbage".to_vec(), Some(bob()));
    pair.alice.sync().await;
    let item = pair.alice.manager.quarantine().list().unwrap().remove(0);
    pair.alice.manager.drop_quarantined(&item.id).unwrap();
    assert!(pair.alice.manager.quarantine().list().unwrap().is_empty());
    let line = only(&pair.alice, "quarantine.dropped");
    assert_eq!((line.actor.as_str(), line.subject.as_str()), (ALICE, item.id.as_str()));
    assert_eq!(line.details["from"], bob().as_str());
    assert_eq!(line.details["code"], item.code.as_str());
    assert!(line.details["message"].as_str().unwrap().ends_with(&format!("/{name}")));
    // What is not there is not dropped.
    let gone = pair.alice.manager.drop_quarantined(&item.id);
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    only(&pair.alice, "quarantine.dropped");
}

#[tokio::test]
async fn keys_that_are_taken_away_are_in_the_log() {
    let pair = Pair::strangers().await;
    let manager = &pair.alice.manager;
    let fingerprint = manager.keys().unwrap().bundle().fingerprint().to_string();
    manager.own_keys().unwrap();
    assert!(pair.alice.audit("keys.exported").is_empty(), "nobody took them");
    manager.export_keys(true).unwrap();
    manager.export_keys(false).unwrap();
    let lines = pair.alice.audit("keys.exported");
    assert!(lines.iter().all(|line| line.subject == fingerprint));
    let whole: Vec<_> = lines.iter().map(|line| &line.details["recovery_key"]).collect();
    assert_eq!(whole, [false, true]);
}

#[tokio::test]
async fn a_job_that_is_withdrawn_is_in_the_log_and_says_why_it_went() {
    let (pair, submitted) = Pair::with_job("echo 1").await;
    let name: &JobName = &submitted.name;
    pair.bob.manager.cancel_job(&alice(), name).unwrap();
    pair.bob.sync().await;
    let line = only(&pair.bob, "job.withdrawn");
    assert_eq!(line.subject, format!("{ALICE}/{name}"));
    let last = pair.bob.manager.traffic().unwrap();
    let last = last.iter().rfind(|it| it.kind == "proposal").unwrap();
    assert_eq!(last.because, Some(line.seq));
    assert_eq!(last.reason, format!("withdrew job {ALICE}/{name}"));
}

#[tokio::test]
async fn to_whom_a_dataset_was_given_is_in_the_log() {
    let pair = Pair::connected().await;
    pair.create_dataset("census", Audience::Nobody);
    let (manager, census) = (&pair.alice.manager, DatasetName::parse("census").unwrap());
    let bob_alone = Audience::users([bob()].into());
    manager.share_dataset(&census, bob_alone, false).await.unwrap();
    manager.unshare_dataset(&census, &Audience::users([bob()].into()), false).await.unwrap();
    assert_eq!(only(&pair.alice, "dataset.shared").details["to"], bob().as_str());
    assert_eq!(only(&pair.alice, "dataset.unshared").details["from"], bob().as_str());
}

#[tokio::test]
async fn permissions_that_are_changed_by_hand_are_told_as_that() {
    let pair = Pair::connected().await;
    pair.alice.sync().await;
    assert!(pair.alice.audit("permission.changed").is_empty(), "a login is nobody's hand");
    let before = pair.alice.read(PUBLIC).unwrap();
    let open = "rules:\n- pattern: '**'\n  access:\n    write: ['*']\n";
    pair.alice.write(PUBLIC, open);
    pair.alice.sync().await;
    let line = only(&pair.alice, "permission.changed");
    assert_eq!((line.actor.as_str(), line.subject.as_str()), (ALICE, "public/syft.pub.yaml"));
    assert_eq!(line.details["was"], json!(ContentHash::of(before.as_bytes())));
    let is = |hash: Value| json!([{ "path": "public/syft.pub.yaml", "sha256": hash }]);
    assert_eq!(line.details["rules"], is(json!(ContentHash::of(open.as_bytes()))));
    pair.alice.sync().await;
    only(&pair.alice, "permission.changed");

    std::fs::remove_file(pair.alice.path(PUBLIC)).unwrap();
    pair.alice.sync().await;
    let lines = pair.alice.audit("permission.changed");
    assert_eq!(lines.last().unwrap().details["rules"], is(Value::Null));
}

#[tokio::test]
async fn what_a_command_changes_is_nobodys_hand() {
    let mut pair = Pair::connected().await;
    pair.create_dataset("census", Audience::Any);
    let manager = &pair.alice.manager;
    manager.grant_access("notes/", bob().as_str(), Level::Read).unwrap();
    // Another process sends it.
    let again = || Arc::new(pair.store.user(alice()));
    let store = again();
    pair.alice.restart(store);
    pair.alice.sync().await;
    let line = only(&pair.alice, "permission.granted");
    assert_eq!(line.details["path"], "notes/");
    assert_eq!(line.details["user"], bob().as_str());
    assert_eq!(line.details["rules"][0]["path"], "notes/syft.pub.yaml");
    let manager = &pair.alice.manager;
    manager.revoke_access("notes/", bob().as_str(), Level::Read).unwrap();
    pair.alice.sync().await;
    manager.remove_peer(&bob()).await.unwrap();
    pair.alice.sync().await;
    manager.approve_peer_request(&bob(), false).await.unwrap();
    pair.alice.sync().await;
    let lines = pair.alice.audit("permission.changed");
    assert!(lines.is_empty(), "{lines:#?}");
    // The same bytes as a command left once, after others, are by hand.
    let path = "alice@hospital.org/notes/syft.pub.yaml";
    let left = pair.alice.read(path).unwrap();
    pair.alice.write(path, "rules: []\n# mine\n");
    pair.alice.sync().await;
    pair.alice.write(path, &left);
    pair.alice.sync().await;
    assert_eq!(pair.alice.audit("permission.changed").len(), 2);
}

#[tokio::test]
async fn rules_of_ones_own_that_come_back_with_a_peer_are_nobodys_hand() {
    let pair = Pair::connected().await;
    pair.alice.sync().await;
    let own = "rules:\n- pattern: '**'\n  access:\n    read: [bob@university.org]\n";
    pair.alice.write("alice@hospital.org/jobs/bob@university.org/syft.pub.yaml", own);
    pair.alice.sync().await;
    only(&pair.alice, "permission.changed");
    let manager = &pair.alice.manager;
    manager.remove_peer(&bob()).await.unwrap();
    pair.alice.sync().await;
    assert_eq!(only(&pair.alice, "permission.revoked").details["user"], bob().as_str());
    manager.approve_peer_request(&bob(), false).await.unwrap();
    pair.alice.sync().await;
    assert_eq!(only(&pair.alice, "permission.granted").details["user"], bob().as_str());
    only(&pair.alice, "permission.changed");
}

#[tokio::test]
async fn another_layout_is_nobodys_hand() {
    let pair = Pair::connected().await;
    pair.create_dataset("census", Audience::Any);
    pair.alice.sync().await;
    for layout in [LayoutKind::Pysyft, LayoutKind::Native] {
        let mut config = pair.alice.config(Arc::new(pair.store.user(alice())));
        config.layout = Some(layout);
        let manager = SyftboxManager::login(config).await.unwrap();
        manager.sync(&Default::default()).await.unwrap();
        let entries = manager.audit_entries().unwrap();
        let by_hand: Vec<_> =
            entries.iter().filter(|entry| entry.action == "permission.changed").collect();
        assert!(by_hand.is_empty(), "{layout}: {by_hand:#?}");
    }
}

#[tokio::test]
async fn a_log_can_be_checked_where_its_home_is_not() {
    let pair = Pair::connected().await;
    let here = pair.alice.manager.verify_audit().unwrap();
    let export = pair.alice.manager.export_audit().unwrap();
    assert_eq!(export.report, here);
    assert_eq!(AuditReport::of(&export.lines), here);
    let log = std::fs::read(pair.alice.path(".syft/audit/log.jsonl")).unwrap();
    assert_eq!(export.lines, log);
    for place in (0..log.len()).step_by(7) {
        let mut other = log.clone();
        other[place] ^= 1;
        let report = AuditReport::of(&other);
        assert!(report.problem.is_some() || report.head != here.head, "byte {place}");
    }
}
