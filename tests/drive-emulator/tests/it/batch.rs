//! Many calls in one request.

use serde_json::json;
use syft_drive_emulator::{DriveEmulator, Fault, Rule};

use crate::client::{ALICE, Answer, BOB, Client};

fn batch(who: &Client, at: &str, parts: &[String]) -> Answer {
    let mut body = String::new();
    for (number, part) in parts.iter().enumerate() {
        body += &format!(
            "--edge\nContent-Type: application/http\nMIME-Version: 1.0\nContent-ID: <call + {number}>\n\n{part}\n"
        );
    }
    body += "--edge--\n";
    let kind = [("Content-Type", "multipart/mixed; boundary=\"edge\"")];
    who.send("POST", at, &kind, Some(body.as_bytes())).unwrap()
}

/// The statuses and bodies of the parts.
fn parts(answer: &Answer) -> Vec<(String, String)> {
    let kind = answer.header("content-type");
    let edge = kind.split_once("boundary=").unwrap().1;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let (text, _) = text.split_once(&format!("--{edge}--")).unwrap();
    let start = format!("--{edge}\r\n");
    let pieces = text.split(&start).skip(1);
    pieces
        .map(|piece| (piece.split_once("HTTP/1.1 ").unwrap().1[..3].to_owned(), piece.to_owned()))
        .collect()
}

#[test]
fn each_part_is_answered_for_itself() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, _) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let file = alice.file("a", "root", "");
    let right = json!({"type": "user", "role": "reader", "emailAddress": BOB}).to_string();
    let share = format!(
        "POST /drive/v3/files/{file}/permissions?sendNotificationEmail=true&alt=json HTTP/1.1\nContent-Type: application/json\nHost: www.googleapis.com\ncontent-length: {}\n\n{right}",
        right.len()
    );
    let calls = [
        share,
        "GET /drive/v3/files/nowhere HTTP/1.1\n\n".to_owned(),
        format!("DELETE https://www.googleapis.com/drive/v3/files/{file} HTTP/1.1\n\n"),
        "nonsense".to_owned(),
        format!("GET /drive/v3/files/{file}?alt=media HTTP/1.1\n\n"),
    ];
    for at in ["/batch/drive/v3", "/batch"] {
        drive.forget_requests();
        let answer = batch(&alice, at, &calls).ok();
        let parts = parts(&answer);
        let statuses: Vec<&str> = parts.iter().map(|(status, _)| status.as_str()).collect();
        let expected = if at == "/batch" {
            ["404", "404", "404", "400", "400"]
        } else {
            ["200", "404", "204", "400", "400"]
        };
        assert_eq!(statuses, expected, "{at}");
        assert!(parts[1].1.contains("Content-ID: <response-call + 1>\r\n"));
        assert!(parts[1].1.contains("File not found: nowhere."));
        let batched = drive.requests().iter().filter(|line| line.batched).count();
        assert_eq!((batched, drive.requests().len()), (4, 5));
    }
    assert_eq!(drive.mails().len(), 1);
}

#[test]
fn a_part_may_have_a_token_of_its_own() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), drive.add_user(BOB));
    let call = "GET /drive/v3/about?fields=user(emailAddress) HTTP/1.1\n";
    let own = format!("{call}Authorization: Bearer {}\n\n", bob.access_token());
    let bad = format!("{call}Authorization: Bearer made-up\n\n");
    let parts = parts(&batch(&alice, "/batch/drive/v3", &[format!("{call}\n"), own, bad]).ok());
    assert!(parts[0].1.contains(ALICE) && parts[1].1.contains(BOB), "{parts:?}");
    assert_eq!(parts[2].0, "401");
}

#[test]
fn faults_strike_parts_too() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    drive
        .add_fault(Rule::new(Fault::UserRateLimit(None)).path("/drive/v3/about").after(1).times(1));
    let call = "GET /drive/v3/about?fields=user HTTP/1.1\n\n".to_owned();
    let answer = batch(&alice, "/batch/drive/v3", &[call.clone(), call.clone(), call]).ok();
    let statuses: Vec<String> = parts(&answer).into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, ["200", "403", "200"]);
}

#[test]
fn a_hundred_are_the_most() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let call = "GET /drive/v3/about?fields=user HTTP/1.1\n\n".to_owned();
    assert_eq!(parts(&batch(&alice, "/batch/drive/v3", &vec![call.clone(); 100]).ok()).len(), 100);
    assert_eq!(batch(&alice, "/batch/drive/v3", &vec![call; 101]).status, 400);
    assert_eq!(batch(&alice, "/batch/drive/v3", &[]).status, 400);
}
