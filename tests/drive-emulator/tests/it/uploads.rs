//! Uploads in one piece, in two parts, and in chunks.

use serde_json::json;
use syft_drive_emulator::{DriveEmulator, Fault, Rule};

use crate::client::{ALICE, Answer, Client, id};

const GRAIN: usize = 256 * 1024;

fn open(who: &Client, method: &str, target: &str, meta: &str, total: usize) -> String {
    let total = total.to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Upload-Content-Type", "text/plain"),
        ("X-Upload-Content-Length", total.as_str()),
    ];
    let opened = who.send(method, target, &headers, Some(meta.as_bytes())).unwrap().ok();
    opened.header("location").to_owned()
}

fn chunk(who: &Client, method: &str, to: &str, range: &str, body: &[u8]) -> Answer {
    who.send(method, to, &[("Content-Range", range)], Some(body)).unwrap()
}

const RESUMABLE: &str = "/upload/drive/v3/files?uploadType=resumable&fields=id,name,size";

#[test]
fn two_parts_are_a_file() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let target = "/upload/drive/v3/files?uploadType=multipart&fields=id,name,mimeType,size";
    let made = alice.multipart("POST", target, &json!({"name": "a"}), b"\r\n--\0\xff").ok().json();
    assert_eq!((&made["mimeType"], &made["size"]), (&json!("text/plain"), &json!("6")));
    let file = made["id"].as_str().unwrap();
    assert_eq!(alice.bytes(file).body, b"\r\n--\0\xff");
    let target = format!("/upload/drive/v3/files/{file}?uploadType=multipart&fields=name,size");
    let changed = alice.multipart("PATCH", &target, &json!({"name": "b"}), b"").ok().json();
    assert_eq!(changed, json!({"name": "b", "size": "0"}));
    let kind = [("Content-Type", "multipart/related; boundary=edge")];
    let one = b"--edge\r\n\r\n{}\r\n--edge--";
    assert_eq!(
        alice
            .send("POST", "/upload/drive/v3/files?uploadType=multipart", &kind, Some(one))
            .unwrap()
            .status,
        400
    );
}

#[test]
fn a_folder_may_come_with_an_empty_part() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let folder = json!({"name": "f", "mimeType": crate::client::FOLDER});
    let target = "/upload/drive/v3/files?uploadType=multipart";
    let made = id(&alice.multipart("POST", target, &folder, b"").ok());
    alice.file("in it", &made, "");
    assert_eq!(alice.multipart("POST", target, &folder, b"x").status, 400);
}

#[test]
fn a_body_alone_is_a_file_without_a_name() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let kind = [("Content-Type", "text/csv")];
    let target = "/upload/drive/v3/files?uploadType=media&fields=id,name,mimeType";
    let made = alice.send("POST", target, &kind, Some(b"1,2")).unwrap().ok();
    assert_eq!(
        (&made.json()["name"], &made.json()["mimeType"]),
        (&json!("Untitled"), &json!("text/csv"))
    );
    let target = format!("/upload/drive/v3/files/{}?uploadType=media", id(&made));
    alice.send("PATCH", &target, &kind, Some(b"3")).unwrap().ok();
    assert_eq!(alice.bytes(&id(&made)).body, b"3");
    assert_eq!(
        alice.send("POST", "/upload/drive/v3/files", &kind, Some(b"3")).unwrap().status,
        400
    );
}

#[test]
fn chunks_add_up_without_a_token() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, nobody) = (Client::user(&drive, ALICE), Client::new(&drive, None));
    for (prefix, verb) in [("", "PUT"), ("/resumable", "POST")] {
        let total = 2 * GRAIN + 5;
        let bytes: Vec<u8> = (0..total).map(|at| (at % 251) as u8).collect();
        let to = open(&alice, "POST", &format!("{prefix}{RESUMABLE}"), r#"{"name":"big"}"#, total);
        assert!(to.starts_with(&format!("{}{prefix}/upload/", drive.url())), "{to}");
        let status = chunk(&nobody, verb, &to, &format!("bytes */{total}"), b"");
        assert_eq!((status.status, status.header("range")), (308, ""));
        let first =
            chunk(&nobody, verb, &to, &format!("bytes 0-{}/{total}", GRAIN - 1), &bytes[..GRAIN]);
        assert_eq!((first.status, first.header("range")), (308, "bytes=0-262143"));
        // What is known already may be sent again.
        let second = chunk(
            &nobody,
            verb,
            &to,
            &format!("bytes 0-{}/{total}", 2 * GRAIN - 1),
            &bytes[..2 * GRAIN],
        );
        assert_eq!(second.header("range"), "bytes=0-524287");
        let range = format!("bytes {}-{}/{total}", 2 * GRAIN, total - 1);
        let last = chunk(&nobody, verb, &to, &range, &bytes[2 * GRAIN..]).ok();
        assert_eq!(last.json()["size"], total.to_string());
        let again = chunk(&nobody, verb, &to, &format!("bytes */{total}"), b"").ok();
        assert_eq!(again.json(), last.json(), "who lost the answer asks again");
        assert_eq!(alice.bytes(&id(&last)).body, bytes);
    }
}

#[test]
fn the_length_may_be_said_at_the_end() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let headers = [("Content-Type", "application/json")];
    let opened = alice.send("POST", RESUMABLE, &headers, Some(b"{}")).unwrap().ok();
    let to = opened.header("location").to_owned();
    let bytes = vec![7; GRAIN];
    assert_eq!(chunk(&alice, "PUT", &to, "bytes 0-262143/*", &bytes).status, 308);
    let last = chunk(&alice, "PUT", &to, "bytes 262144-262146/262147", b"end").ok();
    assert_eq!(last.json()["size"], "262147");
}

#[test]
fn a_file_may_be_empty_or_come_in_one_piece() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let to = open(&alice, "POST", RESUMABLE, "{}", 0);
    assert_eq!(chunk(&alice, "PUT", &to, "bytes */0", b"").ok().json()["size"], "0");
    let to = open(&alice, "POST", RESUMABLE, "{}", 0);
    assert_eq!(alice.send("PUT", &to, &[], Some(b"")).unwrap().ok().json()["size"], "0");
    let to = open(&alice, "POST", RESUMABLE, "{}", 3);
    assert_eq!(alice.send("PUT", &to, &[], Some(b"abc")).unwrap().ok().json()["size"], "3");
}

#[test]
fn an_update_in_chunks_keeps_the_id() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let file = alice.file("a", "root", "old");
    let target =
        format!("/upload/drive/v3/files/{file}?uploadType=resumable&fields=id,name,version");
    let to = open(&alice, "PATCH", &target, r#"{"name":"b"}"#, 3);
    assert_eq!(alice.bytes(&file).body, b"old");
    let done = chunk(&alice, "PUT", &to, "bytes 0-2/3", b"new").ok();
    assert_eq!(done.json(), json!({"id": file, "name": "b", "version": "2"}));
    assert_eq!(alice.bytes(&file).body, b"new");
}

#[test]
fn of_an_odd_chunk_whole_grains_are_kept() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let total = 2 * GRAIN;
    let to = open(&alice, "POST", RESUMABLE, "{}", total);
    let odd = vec![1; GRAIN + 10];
    let answer = chunk(&alice, "PUT", &to, &format!("bytes 0-{}/{total}", GRAIN + 9), &odd);
    assert_eq!((answer.status, answer.header("range")), (308, "bytes=0-262143"));
}

#[test]
fn of_a_cut_chunk_only_a_part_is_kept() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let to = open(&alice, "POST", RESUMABLE, "{}", 10);
    drive.add_fault(Rule::new(Fault::ChunkCut(4)).method("PUT").times(1));
    let answer = chunk(&alice, "PUT", &to, "bytes 0-9/10", b"0123456789");
    assert_eq!((answer.status, answer.header("range")), (308, "bytes=0-3"));
    let done = chunk(&alice, "PUT", &to, "bytes 4-9/10", b"456789").ok();
    assert_eq!(alice.bytes(&id(&done)).body, b"0123456789");
}

#[test]
fn chunks_that_do_not_fit_are_refused() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let to = open(&alice, "POST", RESUMABLE, "{}", 10);
    for (range, body) in [
        ("bytes 1-2/10", "ab"),
        ("bytes 0-2/11", "abc"),
        ("bytes 0-10/10", "0123456789a"),
        ("bytes zero/10", "a"),
    ] {
        assert_eq!(chunk(&alice, "PUT", &to, range, body.as_bytes()).status, 400, "{range}");
    }
    chunk(&alice, "PUT", &to, "bytes 0-9/10", b"0123456789").ok();
}

#[test]
fn a_session_ends() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let cancelled = open(&alice, "POST", RESUMABLE, "{}", 1);
    assert_eq!(alice.delete(&cancelled).status, 499);
    let lost = open(&alice, "POST", RESUMABLE, "{}", 1);
    drive.forget_uploads();
    let old = open(&alice, "POST", RESUMABLE, "{}", 1);
    drive.advance(std::time::Duration::from_secs(8 * 24 * 3600));
    for to in [cancelled, lost, old] {
        assert_eq!(chunk(&alice, "PUT", &to, "bytes 0-0/1", b"a").status, 404);
    }
    assert!(drive.files().is_empty());
}

#[test]
fn what_may_not_be_made_is_refused_at_once() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let headers = [("Content-Type", "application/json")];
    let opened =
        |meta: &str| alice.send("POST", RESUMABLE, &headers, Some(meta.as_bytes())).unwrap();
    assert_eq!(opened(r#"{"parents":["nowhere"]}"#).status, 404);
    assert_eq!(opened(r#"{"id":"made-up"}"#).status, 400);
    assert_eq!(opened("{").status, 400);
    let nobody = Client::new(&drive, None);
    assert_eq!(nobody.send("POST", RESUMABLE, &headers, Some(b"{}")).unwrap().status, 401);
}
