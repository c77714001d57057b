//! Everything that can be made to go wrong.

use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use syft_drive_emulator::{DriveEmulator, Fault, FaultPlan, Lag, Rule};

use crate::client::{ALICE, BOB, Client, encoded, names};

const ABOUT: &str = "/drive/v3/about?fields=user";

#[test]
fn calls_are_refused_in_googles_words() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let wait = Some(Duration::from_secs(3));
    for (fault, status, reason, retry) in [
        (Fault::TooManyRequests(wait), 429, "rateLimitExceeded", "3"),
        (Fault::UserRateLimit(None), 403, "userRateLimitExceeded", ""),
        (Fault::InsufficientPermissions, 403, "insufficientFilePermissions", ""),
        (Fault::BadToken, 401, "authError", ""),
        (Fault::Gone, 410, "gone", ""),
        (Fault::Internal, 500, "internalError", ""),
        (Fault::Unavailable(wait), 503, "backendError", "3"),
    ] {
        drive.set_faults(FaultPlan {
            rules: vec![Rule::new(fault).times(1)],
            ..FaultPlan::default()
        });
        let refused = alice.get(ABOUT);
        assert_eq!(refused.reason(), (status, reason.to_owned()));
        assert_eq!(refused.header("retry-after"), retry);
        alice.get(ABOUT).ok();
    }
}

#[test]
fn a_refused_call_did_nothing_and_is_counted() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    drive.add_fault(Rule::new(Fault::Internal).method("POST").user(ALICE).times(1));
    assert_eq!(alice.post("/drive/v3/files", &json!({})).status, 500);
    assert!(drive.files().is_empty());
    alice.post("/drive/v3/files?fields=id", &json!({})).ok();
    let seen = drive.requests();
    let statuses: Vec<_> = seen.iter().map(|line| line.status).collect();
    assert_eq!(statuses, [Some(500), Some(200)]);
    assert_eq!((seen[1].method.as_str(), seen[1].path.as_str()), ("POST", "/drive/v3/files"));
    assert_eq!((seen[1].query.as_str(), seen[1].user.as_deref()), ("fields=id", Some(ALICE)));
    drive.forget_requests();
    assert!(drive.requests().is_empty());
}

#[test]
fn a_lost_answer_was_done_and_a_lost_request_was_not() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    drive.add_fault(Rule::new(Fault::RequestLost).method("POST").times(1));
    drive.add_fault(Rule::new(Fault::AnswerLost).method("POST").after(1).times(1));
    let made = |name: &str| {
        let body = json!({"name": name}).to_string();
        alice.send("POST", "/drive/v3/files", &[], Some(body.as_bytes()))
    };
    let connection = |error| matches!(error, ureq::Error::Io(_) | ureq::Error::Protocol(_));
    assert!(connection(made("request lost").unwrap_err()));
    assert!(drive.files().is_empty());
    made("in between").unwrap().ok();
    assert!(connection(made("answer lost").unwrap_err()));
    let files = drive.files();
    assert_eq!(
        files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
        ["in between", "answer lost"]
    );
    let lost = drive.requests().iter().filter(|line| line.status.is_none()).count();
    assert_eq!(lost, 2);
}

#[test]
fn a_download_is_cut_in_the_middle() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let file = alice.file("a", "root", &"x".repeat(100_000));
    drive.add_fault(Rule::new(Fault::BodyCut).path("alt=media").times(1));
    let target = format!("/drive/v3/files/{file}?alt=media");
    assert!(alice.send("GET", &target, &[], None).is_err());
    assert_eq!(alice.bytes(&file).body.len(), 100_000);
}

#[test]
fn a_call_may_take_its_time() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let (least, most) = (Duration::from_millis(30), Duration::from_millis(40));
    drive.add_fault(Rule::new(Fault::Latency(least, most)));
    let start = Instant::now();
    alice.get(ABOUT).ok();
    assert!(start.elapsed() >= least);
}

#[test]
fn a_share_of_calls_fails_the_same_way_each_time() {
    let run = |seed| {
        let drive = DriveEmulator::start().unwrap();
        let alice = Client::user(&drive, ALICE);
        let rules = vec![Rule::new(Fault::Internal).share(0.4)];
        drive.set_faults(FaultPlan { seed, rules, ..FaultPlan::default() });
        (0..30).map(|_| alice.get(ABOUT).status).collect::<Vec<u16>>()
    };
    let first = run(11);
    assert!(first.contains(&500) && first.contains(&200));
    assert_eq!(run(11), first);
    assert_ne!(run(12), first);
}

#[test]
fn lists_lag_by_time_and_files_by_id_do_not() {
    let drive = DriveEmulator::start().unwrap();
    drive.set_now(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let start = alice.get("/drive/v3/changes/startPageToken").json()["startPageToken"].clone();
    let start = start.as_str().unwrap().to_owned();
    let changes = |token: &str| {
        let answer = alice.get(&format!("/drive/v3/changes?pageToken={token}")).ok().json();
        let token = answer["newStartPageToken"].as_str().unwrap().to_owned();
        (answer["changes"].as_array().unwrap().len(), token)
    };
    let lag = (Some(ALICE.to_owned()), Lag::Time(Duration::from_secs(5)));
    drive.set_faults(FaultPlan { lags: vec![lag], ..FaultPlan::default() });
    let file = alice.file("new", "root", "abc");
    alice.share(&file, BOB, "reader");
    assert!(alice.names("trashed=false").is_empty());
    assert_eq!(bob.names("trashed=false"), ["new"], "only one account lags");
    assert_eq!(alice.bytes(&file).body, b"abc");
    let (count, token) = changes(&start);
    assert_eq!(count, 0);
    drive.advance(Duration::from_secs(6));
    assert_eq!(alice.names("trashed=false"), ["new"]);
    assert_eq!(changes(&token).0, 1, "nothing is lost");
    alice.delete(&format!("/drive/v3/files/{file}")).ok();
    assert_eq!(alice.names("trashed=false"), ["new"], "what is gone is listed a while");
    assert_eq!(alice.bytes(&file).status, 404);
}

#[test]
fn lists_lag_by_steps() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    drive.set_faults(FaultPlan { lags: vec![(None, Lag::Steps(2))], ..FaultPlan::default() });
    for name in ["1", "2", "3"] {
        alice.folder(name, "root");
    }
    assert_eq!(alice.names("trashed=false"), ["1"]);
    drive.set_faults(FaultPlan::default());
    assert_eq!(alice.names("trashed=false"), ["1", "2", "3"]);
}

#[test]
fn pages_are_small_and_may_be_empty() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    for name in ["1", "2", "3"] {
        alice.folder(name, "root");
    }
    drive.set_faults(FaultPlan {
        seed: 5,
        page_limit: Some(1),
        empty_pages: 0.5,
        ..FaultPlan::default()
    });
    let (mut found, mut empty, mut token) = (Vec::new(), 0, String::new());
    loop {
        let pairs = [("orderBy", "name"), ("pageToken", token.as_str())];
        let asked = if token.is_empty() { &pairs[..1] } else { &pairs };
        let page = alice.get(&format!("/drive/v3/files?{}", encoded(asked))).ok();
        let lines = names(&page);
        empty += usize::from(lines.is_empty());
        found.extend(lines);
        match page.json()["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(found, ["1", "2", "3"]);
    assert!(empty > 0);
}

#[test]
fn the_token_endpoint_fails_too() {
    let drive = DriveEmulator::start().unwrap();
    let nobody = Client::new(&drive, None);
    drive.add_fault(Rule::new(Fault::Unavailable(None)).path("/token").times(1));
    assert_eq!(nobody.form("/token", &[]).status, 503);
    assert_eq!(nobody.form("/token", &[]).status, 400);
}
