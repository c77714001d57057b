//! What the owner's rules do in a sync.

use crate::common::{Pair, alice, bob};
use syft_job::Status;
use syft_job::policy::RuleRequest;
use syft_sync::PeerState;

const FILE: &str = "alice@hospital.org/private/policy.yaml";
const SCRIPT: &str = "echo 1\n";

/// A pair whose owner made a rule from the first job.
async fn with_rule() -> Pair {
    let (pair, submitted) = Pair::with_job(SCRIPT).await;
    pair.approve(&submitted.id);
    let request = RuleRequest { job: submitted.id, peers: Vec::new(), free: Vec::new() };
    pair.alice.manager.add_policy_rule(&request).unwrap();
    pair
}

#[tokio::test]
async fn what_a_rule_approves_is_told_in_the_same_sync() {
    let pair = with_rule().await;
    let (same, other) = (pair.submit(SCRIPT, "same").await, pair.submit("echo 2", "other").await);
    pair.bob.sync().await;
    let report = pair.alice.sync().await;
    let told = "job bob@university.org/same was approved by rule census".to_owned();
    assert!(report.notes.contains(&told), "{:?}", report.notes);
    pair.bob.sync().await;
    let status = |name: &str| pair.bob.manager.job_store().job(name).unwrap().status();
    assert_eq!((status("same"), status("other")), (Status::Approved, Status::Inbox));
    let approved = pair.alice.audit("job.approved");
    let entry = approved.last().unwrap();
    assert_eq!(entry.subject, same.id.to_string());
    assert_eq!(entry.details["rules"], serde_json::json!(["census"]));
    let job = pair.alice.manager.job_store().received(&same.id).unwrap();
    assert_eq!(job.summary().unwrap().rules.len(), 1);
    assert_eq!(pair.alice.manager.status().await.unwrap().waiting.len(), 3, "two to run");
    let told = pair.alice.manager.explain_policy(&other.id).unwrap();
    assert_eq!(told.grant, None);
}

#[tokio::test]
async fn jobs_of_one_who_is_no_peer_any_more_wait() {
    let pair = with_rule().await;
    let same = pair.submit(SCRIPT, "same").await;
    pair.bob.sync().await;
    // It lies here, and is not decided about.
    let mended = pair.alice.read(FILE).unwrap();
    pair.alice.write(FILE, "jobs: nonsense\n");
    let report = pair.alice.sync().await;
    let told = |words: &str| report.notes.iter().any(|note| note.contains(words));
    assert!(told("private/policy.yaml cannot be used"), "{:?}", report.notes);
    pair.alice.manager.remove_peer(&bob()).await.unwrap();
    pair.alice.write(FILE, &mended);
    pair.alice.sync().await;
    let job = pair.alice.manager.job_store().received(&same.id).unwrap();
    assert_eq!(job.status(), Status::Inbox);
    let told = pair.alice.manager.explain_policy(&same.id).unwrap();
    assert_eq!(told.reason, "bob@university.org is no peer of this datasite");
    let changes = pair.alice.audit("policy.changed");
    assert_eq!(changes.len(), 2, "there and back");
    assert_eq!(changes[0].details["from"], changes[1].details["to"]);
}

#[tokio::test]
async fn a_request_of_a_domain_is_accepted_where_the_store_proves_whose_it_is() {
    let pair = Pair::strangers().await;
    let rules = |domain: &str| format!("peers:\n- {{name: ours, domains: [{domain}]}}\n");
    pair.alice.write(FILE, &rules("cs.university.org"));
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.sync().await;
    let state = || async {
        let peers = pair.alice.manager.load_peers().await.unwrap();
        peers.get(&bob()).map(|peer| peer.state)
    };
    assert_eq!(state().await, Some(PeerState::RequestedByPeer));
    pair.alice.write(FILE, &rules("university.org"));
    let report = pair.alice.sync().await;
    let told = "bob@university.org is a peer now, by rule ours".to_owned();
    assert!(report.notes.contains(&told), "{:?}", report.notes);
    assert_eq!(state().await, Some(PeerState::Accepted));
    let approved = pair.alice.audit("peer.approved");
    assert_eq!((approved.len(), &approved[0].details["rule"]), (1, &serde_json::json!("ours")));
    pair.bob.sync().await;
    let job = pair.submit(SCRIPT, "first").await;
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert!(pair.alice.manager.job_store().received(&job.id).is_ok());
    pair.alice.manager.remove_peer(&bob()).await.unwrap();
    pair.alice.sync().await;
    assert_ne!(state().await, Some(PeerState::Accepted), "what was decided by hand stays");
}
