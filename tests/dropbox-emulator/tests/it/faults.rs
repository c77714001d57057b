//! Everything that can be made to go wrong.

use std::time::{Duration, Instant};

use serde_json::json;
use syft_dropbox_emulator::{DropboxEmulator, Fault, FaultPlan, Rule};

use crate::client::{ALICE, BOB, Client};

#[test]
fn calls_are_refused_in_dropboxs_words() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let wait = Some(Duration::from_secs(3));
    for (fault, status, summary, retry) in [
        (Fault::TooManyRequests(wait), 429, "too_many_requests", "3"),
        (Fault::TooManyWrites(None), 429, "too_many_write_operations", "1"),
        (Fault::ExpiredToken, 401, "expired_access_token", ""),
    ] {
        dropbox.add_fault(Rule::new(fault).times(1));
        let refusal = alice.call("files/list_folder", &json!({"path": ""}));
        assert_eq!(refusal.error(), (status, summary.to_owned()));
        assert_eq!(refusal.header("retry-after"), retry);
        if status == 429 {
            assert_eq!(refusal.json()["error"]["reason"][".tag"], summary);
            assert_eq!(refusal.json()["error"]["retry_after"].to_string(), retry);
        }
        alice.list(&json!({"path": ""}));
    }
}

#[test]
fn the_next_calls_fail_with_a_status() {
    let dropbox = DropboxEmulator::start().unwrap();
    let (alice, bob) = (Client::account(&dropbox, ALICE), Client::account(&dropbox, BOB));
    dropbox.add_fault(Rule::new(Fault::Status(500)).user(ALICE).path("/files/upload").times(2));
    let upload = |client: &Client| client.bring("files/upload", &json!({"path": "/a"}), b"x");
    assert_eq!(upload(&alice).status, 500);
    assert_eq!(upload(&bob).status, 200);
    assert_eq!(upload(&alice).status, 500);
    assert!(dropbox.entries_of(ALICE).is_empty(), "nothing was done");
    assert_eq!(upload(&alice).status, 200);
    let wait = Some(Duration::from_secs(2));
    dropbox.add_fault(Rule::new(Fault::Unavailable(wait)).times(1));
    let refusal = upload(&alice);
    assert_eq!((refusal.status, refusal.header("retry-after")), (503, "2"));
    let seen = dropbox.requests();
    assert_eq!((seen[0].path.as_str(), seen[0].length), ("/2/files/upload", 1));
    assert_eq!(seen[0].arg.as_deref(), Some(r#"{"path":"/a"}"#));
    assert_eq!((seen[0].user.as_deref(), seen[0].status), (Some(ALICE), Some(500)));
    dropbox.forget_requests();
    assert!(dropbox.requests().is_empty());
}

#[test]
fn a_lost_answer_was_done_and_a_lost_request_was_not() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    dropbox.add_fault(Rule::new(Fault::RequestLost).times(1));
    dropbox.add_fault(Rule::new(Fault::AnswerLost).after(1).times(1));
    let upload = |path: &str| alice.try_bring("files/upload", &json!({"path": path}), b"x");
    assert!(upload("/lost").is_err());
    assert_eq!(upload("/between").unwrap().status, 200);
    assert!(upload("/done").is_err());
    let paths: Vec<String> =
        dropbox.entries_of(ALICE).into_iter().map(|entry| entry.path).collect();
    assert_eq!(paths, ["/between", "/done"]);
    assert_eq!(dropbox.requests().iter().filter(|line| line.status.is_none()).count(), 2);
}

#[test]
fn a_download_is_cut_in_the_middle() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a", &"x".repeat(100_000));
    dropbox.add_fault(Rule::new(Fault::BodyCut).path("download").times(1));
    let headers: [(&str, &[u8]); 1] = [("Dropbox-API-Arg", br#"{"path":"/a"}"#)];
    assert!(alice.send("POST", "/2/files/download", &headers, Some(b"")).is_err());
    assert_eq!(alice.bytes("/a", None).ok().body.len(), 100_000);
}

#[test]
fn a_call_may_take_its_time() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let least = Duration::from_millis(30);
    dropbox.add_fault(Rule::new(Fault::Latency(least, 2 * least)).times(1));
    let start = Instant::now();
    alice.list(&json!({"path": ""}));
    assert!(start.elapsed() >= least);
}

#[test]
fn a_share_of_calls_fails_the_same_way_each_time() {
    let run = |seed| {
        let dropbox = DropboxEmulator::start().unwrap();
        let alice = Client::account(&dropbox, ALICE);
        let rules = vec![Rule::new(Fault::Status(502)).share(0.4)];
        dropbox.set_faults(FaultPlan { seed, rules, ..FaultPlan::default() });
        let list = || alice.call("files/list_folder", &json!({"path": ""})).status;
        (0..30).map(|_| list()).collect::<Vec<u16>>()
    };
    let first = run(11);
    assert!(first.contains(&502) && first.contains(&200));
    assert_eq!(run(11), first);
    assert_ne!(run(12), first);
}
