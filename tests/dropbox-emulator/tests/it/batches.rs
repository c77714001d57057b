//! `files/delete_batch` and its jobs.

use serde_json::json;
use syft_dropbox_emulator::DropboxEmulator;

use crate::client::{ALICE, Client, refused};

#[test]
fn a_batch_tells_of_each_of_its_lines() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a", "1");
    alice.file("/b/c", "2");
    let entries = json!([{"path": "/A"}, {"path": "/none"}, {"path": "/b"}]);
    let begun = alice.call("files/delete_batch", &json!({"entries": entries})).ok().json();
    assert_eq!(begun[".tag"], "async_job_id");
    let job = json!({"async_job_id": begun["async_job_id"]});
    let check = || alice.call("files/delete_batch/check", &job).ok().json();
    assert_eq!(check(), json!({".tag": "in_progress"}));
    let done = check();
    assert_eq!(done[".tag"], "complete");
    let [first, second, third] = done["entries"].as_array().unwrap().as_slice() else { panic!() };
    assert_eq!((&first[".tag"], &first["metadata"]["name"]), (&json!("success"), &json!("a")));
    let failure = json!({".tag": "path_lookup", "path_lookup": {".tag": "not_found"}});
    assert_eq!(second, &json!({".tag": "failure", "failure": failure}));
    assert_eq!(third["metadata"][".tag"], "folder");
    assert_eq!(check(), done, "it can be asked again");
    assert!(dropbox.entries_of(ALICE).is_empty());
    let unknown = json!({"async_job_id": "dbjid:x"});
    let refusal = alice.call("files/delete_batch/check", &unknown);
    assert_eq!(refusal.error(), refused("invalid_async_job_id"));
}

#[test]
fn a_batch_may_be_done_at_once_or_late() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    dropbox.set_batch_checks(0);
    let batch = |path: &str| {
        alice.call("files/delete_batch", &json!({"entries": [{"path": path}]})).ok().json()
    };
    alice.file("/a", "1");
    assert_eq!(batch("/a")[".tag"], "complete");
    dropbox.set_batch_checks(3);
    let job = json!({"async_job_id": batch("/a")["async_job_id"]});
    let tags: Vec<String> = (0..4)
        .map(|_| alice.call("files/delete_batch/check", &job).ok().json())
        .map(|answer| answer[".tag"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tags, ["in_progress", "in_progress", "in_progress", "complete"]);
    let many: Vec<_> = (0..1001).map(|n| json!({"path": format!("/{n}")})).collect();
    assert_eq!(alice.call("files/delete_batch", &json!({"entries": many})).status, 400);
}
