//! What a hostile peer may put into an inbox, by the rows of the threat list:
//! nothing of it is applied, it is kept with its reason, and everything else
//! goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::forge::{self, document, pack, pack_json, set, with_path, with_paths};
use crate::common::{Trio, alice, bob, carol, email, in_space, inbox, outbox};
use serde_json::{Value, json};
use syft_core::{ContentHash, Email, RejectCode};
use syft_transport::Metered;

/// A message that Alice must put away.
struct Bad {
    what: String,
    bytes: Vec<u8>,
    code: RejectCode,
    /// Who put it there; Bob, who is connected, gets an answer.
    author: Email,
}

fn bad(what: impl Into<String>, bytes: Vec<u8>, code: RejectCode) -> Bad {
    Bad { what: what.into(), bytes, code, author: bob() }
}

/// A message of an otherwise harmless shape, as JSON.
fn json_case(what: &str, document: &Value, code: RejectCode) -> Bad {
    bad(what, pack_json(document), code)
}

/// Bob sends each of these; after the first one he sends an honest job, as does
/// Carol, and Alice starts again.
async fn each_is_put_away(cases: Vec<Bad>) {
    let mut world = Trio::connected().await;
    for (number, case) in (1..).zip(cases) {
        if number == 1 {
            others_go_on(&mut world, case).await;
        } else {
            is_put_away(&world, number, &case).await;
        }
    }
    world.restart_alice();
    world.alice.sync().await;
    let report = world.alice.manager.verify_audit().unwrap();
    assert_eq!(report.problem, None);
}

/// Plants it among whatever else there is, and looks at what becomes of it.
async fn is_put_away(world: &Trio, number: u32, case: &Bad) -> BTreeMap<String, Vec<u8>> {
    let what = &case.what;
    let name = forge::name(number);
    let before = world.alice.tree(alice().as_str());
    let author = Some(case.author.clone());
    world.store.plant(&inbox(alice(), bob()), &name, case.bytes.clone(), author);
    let report = world.alice.sync().await;
    let of_bob = report.peers.iter().find(|peer| peer.email == bob()).unwrap();
    assert_eq!((of_bob.quarantined, of_bob.problem.as_ref()), (1, None), "{what}");
    check_put_away(world, number, &name, what, case.code);

    let mut after = world.alice.tree(alice().as_str());
    let new = after.extract_if(.., |path, _| !before.contains_key(path)).collect();
    assert_eq!(after, before, "{what}: the datasite changed");
    let refusal = refusal_of(world, number);
    assert_eq!(refusal.is_some(), case.author == bob(), "{what}: the answer");
    if let Some(refusal) = refusal {
        assert_eq!(refusal["code"], case.code.as_str(), "{what}");
    }
    new
}

async fn others_go_on(world: &mut Trio, case: Bad) {
    let what = &case.what;
    let before = world.bob.tree(alice().as_str());
    world.bob.submit("echo bob", "honest").await;
    world.carol.submit("echo carol", "honest").await;
    world.bob.sync().await;
    world.carol.sync().await;
    let new = is_put_away(world, 1, &case).await;
    let honest = [bob(), carol()].map(|peer| format!("jobs/{peer}/honest/"));
    for job in &honest {
        assert!(new.contains_key(&format!("{job}run.sh")), "{what}: {job} did not arrive");
    }
    let is_honest = |path: &str| honest.iter().any(|job| path.starts_with(job));
    assert!(new.keys().all(|path| is_honest(path)), "{what}: {:?}", new.keys());

    world.restart_alice();
    let report = world.alice.sync().await;
    assert!(report.peers.iter().all(|peer| peer.quarantined == 0), "{what}: again");
    check_put_away(world, 1, &forge::name(1), what, case.code);
    world.bob.sync().await;
    let mut copy = world.bob.tree(alice().as_str());
    copy.retain(|path, _| !is_honest(path));
    assert_eq!(copy, before, "{what}: the sender's copy changed");
}

/// It lies in quarantine with its reason, once, and no longer in the inbox.
fn check_put_away(world: &Trio, number: u32, name: &str, what: &str, code: RejectCode) {
    let items = world.alice.manager.quarantine().list().unwrap();
    let item: Vec<_> = items.iter().filter(|item| item.name == name).collect();
    assert_eq!(item.len(), 1, "{what}");
    assert_eq!((item[0].code, &item[0].from), (code, &bob()), "{what}: {}", item[0].detail);
    assert!(!item[0].detail.is_empty(), "{what}");
    assert_eq!(items.len(), number as usize, "{what}: nothing else was put away");
    let lines = world.alice.audit("message.quarantined");
    let lines: Vec<_> = lines.iter().filter(|line| line.subject.ends_with(name)).collect();
    assert_eq!(lines.len(), 1, "{what}");
    assert_eq!(lines[0].details["code"], code.as_str(), "{what}");
    let left = in_space(&world.store, &inbox(alice(), bob()));
    let left: Vec<&str> = left.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(left, ["hello"], "{what}");
}

fn refusal_of(world: &Trio, number: u32) -> Option<Value> {
    let name = format!("refusal_{}.json", forge::message_id(number));
    let answers = in_space(&world.store, &outbox(alice(), bob()));
    let answer = answers.iter().find(|object| object.name.as_str() == name)?;
    Some(serde_json::from_slice(&world.store.bytes(&answer.id).unwrap()).unwrap())
}

fn job_path(rest: &str) -> String {
    format!("jobs/{}/{rest}", bob())
}

#[tokio::test]
async fn s1_a_message_that_says_it_is_from_the_owner_is_put_away() {
    let spoofed = |number, path| set(with_path(number, path), "/sender_email", alice().as_str());
    each_is_put_away(vec![
        json_case("a public file", &spoofed(1, "public/x"), RejectCode::SenderMismatch),
        json_case("the rules", &spoofed(2, "syft.pub.yaml"), RejectCode::SenderMismatch),
    ])
    .await;
}

#[tokio::test]
async fn s3_a_message_that_says_it_is_from_another_peer_is_put_away() {
    let path = format!("jobs/{}/forged/run.sh", carol());
    let as_carol = set(with_path(1, &path), "/sender_email", carol().as_str());
    each_is_put_away(vec![
        json_case("into the other's folder", &as_carol, RejectCode::SenderMismatch),
        json_case("into its own", &forge::from(2, &carol()), RejectCode::SenderMismatch),
    ])
    .await;
}

#[tokio::test]
async fn s4_an_address_that_is_none_is_put_away() {
    let senders =
        ["*", "**", "Bob@university.org", "bob@university.org ", "bоb@university.org", "", "../"];
    let case = |(number, sender): (u32, &str)| {
        json_case(sender, &forge::sender(number, sender), RejectCode::BadEmail)
    };
    each_is_put_away((1..).zip(senders).map(case).collect()).await;
}

#[tokio::test]
async fn s5_a_key_that_stands_twice_is_put_away() {
    let twice = |number: u32, key: &str, first: &str| {
        let text = document(number).to_string();
        let doubled = text.replacen(&format!("{key:?}:"), &format!("{key:?}:{first},{key:?}:"), 1);
        assert_ne!(text, doubled);
        bad(key, pack(doubled.as_bytes()), RejectCode::DuplicateKey)
    };
    each_is_put_away(vec![
        twice(1, "sender_email", "\"alice@hospital.org\""),
        twice(2, "path_in_datasite", "\"public/x\""),
    ])
    .await;
}

#[tokio::test]
async fn s6_a_message_for_another_datasite_is_put_away() {
    let other = |number, owner: Email| {
        set(document(number), "/proposed_file_changes/0/datasite_email", owner.as_str())
    };
    each_is_put_away(vec![
        json_case("a third one", &other(1, carol()), RejectCode::DatasiteMismatch),
        json_case("its own", &other(2, bob()), RejectCode::DatasiteMismatch),
    ])
    .await;
}

#[tokio::test]
async fn s10_a_file_that_somebody_else_dropped_is_put_away() {
    let by = |number, author: Email| Bad {
        author,
        ..json_case("planted", &document(number), RejectCode::ForeignFile)
    };
    each_is_put_away(vec![by(1, carol()), by(2, email("mallory@nowhere.net"))]).await;
}

#[tokio::test]
async fn i1_content_of_another_hash_is_put_away() {
    let lie = ContentHash::of(b"something else").to_string();
    let case = set(document(1), "/proposed_file_changes/0/new_hash", lie);
    each_is_put_away(vec![json_case("a lie", &case, RejectCode::HashMismatch)]).await;
}

#[tokio::test]
async fn i6_contradictions_are_put_away() {
    let deleted = set(document(1), "/proposed_file_changes/0/is_deleted", true);
    let neither = set(document(2), "/proposed_file_changes/0/content", Value::Null);
    each_is_put_away(vec![
        json_case("a deletion with content", &deleted, RejectCode::Contradiction),
        json_case("neither", &neither, RejectCode::Contradiction),
    ])
    .await;
}

#[tokio::test]
async fn i7_times_that_are_no_numbers_are_put_away() {
    let mut cases = Vec::new();
    for (number, time) in (1..).zip(["NaN", "Infinity", "-Infinity"]) {
        let marker = "\"a time\"";
        let case = set(document(number), "/proposed_file_changes/0/submitted_timestamp", "a time");
        let text = case.to_string().replace(marker, time);
        cases.push(bad(time, pack(text.as_bytes()), RejectCode::BadJson));
    }
    each_is_put_away(cases).await;
}

#[tokio::test]
async fn i10_bad_containers_are_put_away() {
    let good = pack_json(&document(1));
    let text = document(1).to_string();
    let text = text.as_bytes();
    let size = text.len() as u64;
    let member = || forge::header(forge::MEMBER, size);
    let archive = |members: &[(tar::Header, &[u8])]| forge::gzip(&forge::tar_of(members));
    let mut link = member();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_link_name("/etc/passwd").unwrap();
    link.set_cksum();
    let absent = forge::header(forge::MEMBER, 100_000);
    let mut trailing = good.clone();
    trailing.extend_from_slice(b"more");
    let mut checksum = good.clone();
    let at = checksum.len() - 6;
    checksum[at] ^= 1;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("garbage", b"this is no archive".to_vec()),
        ("cut", good[..good.len() / 2].to_vec()),
        ("no member", archive(&[])),
        ("a link", archive(&[(link, text)])),
        ("two members", archive(&[(member(), text), (member(), text)])),
        ("another name", archive(&[(forge::header("other.json", size), text)])),
        ("a member that is not there", archive(&[(absent, b"{}".as_slice())])),
        ("trailing data", trailing),
        ("a wrong checksum", checksum),
    ];
    let cases = cases.into_iter().map(|(what, bytes)| bad(what, bytes, RejectCode::BadContainer));
    each_is_put_away(cases.collect()).await;
}

#[tokio::test]
async fn i11_a_bomb_is_put_away() {
    let mut text = document(1).to_string();
    text.push_str(&" ".repeat(65 << 20));
    each_is_put_away(vec![bad("65 MiB of blanks", pack(text.as_bytes()), RejectCode::TooLarge)])
        .await;
}

#[tokio::test]
async fn i11_the_size_is_looked_at_before_the_download() {
    let mut world = Trio::connected().await;
    let metered = Metered::new(Arc::new(world.store.user(alice())));
    world.pair.alice.restart(Arc::new(metered.clone()));
    world.alice.sync().await;
    let before = metered.snapshot().bytes_down;
    let size = (64 << 20) + 1;
    let case = bad("large", vec![0; size], RejectCode::TooLarge);
    world.store.plant(&inbox(alice(), bob()), &forge::name(1), case.bytes, Some(bob()));
    world.alice.sync().await;
    // What is recorded of it is read back, and it is small.
    assert!(metered.snapshot().bytes_down - before < size as u64 / 1024, "it was fetched");
    check_put_away(&world, 1, &forge::name(1), "large", RejectCode::TooLarge);
    assert_eq!(refusal_of(&world, 1).unwrap()["code"], "too_large");
}

#[tokio::test]
async fn i12_bad_json_is_put_away() {
    let text = document(1).to_string();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("a list", b"[]".to_vec()),
        ("too deep", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes()),
        (
            "not UTF-8",
            text.replace("echo", "\u{fffd}")
                .replace('\u{fffd}', "?")
                .into_bytes()
                .into_iter()
                .map(|byte| if byte == b'?' { 0xff } else { byte })
                .collect(),
        ),
        ("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("two documents", text.repeat(2).into_bytes()),
    ];
    let cases = cases.into_iter().map(|(what, json)| bad(what, pack(&json), RejectCode::BadJson));
    each_is_put_away(cases.collect()).await;
}

#[tokio::test]
async fn i13_too_many_changes_are_put_away() {
    let paths: Vec<String> = (0..2_001).map(|n| job_path(&format!("forged/code/{n}"))).collect();
    each_is_put_away(vec![json_case("2,001", &with_paths(1, &paths), RejectCode::TooLarge)]).await;
}

#[tokio::test]
async fn p1_p2_p3_p8_bad_paths_are_put_away() {
    let long = job_path(&format!("forged/code/{}", "x".repeat(300)));
    let wide = job_path(&format!("forged/code/{}", "語".repeat(86)));
    let huge = job_path(&format!("forged/code/{}", "d/".repeat(2_500)));
    let deep = job_path(&format!("forged/code/{}x", "d/".repeat(1_000)));
    let below = |name: &str| job_path(&format!("forged/code/{name}"));
    let paths = [
        job_path("../../../../private/x"), // P1
        "../../x".to_owned(),
        "/etc/passwd".to_owned(), // P2
        "\\\\host\\share\\x".to_owned(),
        "C:/x".to_owned(),
        below("a\0b"), // P3
        long,
        wide,
        huge,
        deep,
        String::new(),
        ".".to_owned(),
        below("CON"), // P8
        below("a:b"),
        below("a\nb"),
        below("a\u{1b}[2Jb"),
        below("a\u{202e}b"),
        below("-rf"),
        below("\u{feff}a"),
        below(" a"),
    ];
    let case = |(number, path): (u32, &String)| {
        json_case(&format!("{path:.60}"), &with_path(number, path), RejectCode::BadPath)
    };
    each_is_put_away((1..).zip(&paths).map(case).collect()).await;
}

#[tokio::test]
async fn p4_other_spellings_of_reserved_names_are_put_away() {
    let names = [
        "SYFT.PUB.YAML",
        "syft.pub.yaml.",
        "syft.pub.yaml ",
        "ſyft.pub.yaml",
        "syft.pub\u{200c}.yaml",
        "SYFTPU~1.YAM",
        "syft.pub.yaml::$DATA",
        "syft․pub․yaml",
    ];
    let case = |(number, name): (u32, &str)| {
        let path = job_path(&format!("forged/code/{name}"));
        json_case(name, &with_path(number, &path), RejectCode::BadPath)
    };
    each_is_put_away((1..).zip(names).map(case).collect()).await;
}

#[tokio::test]
async fn p5_p5b_p7_what_a_peer_may_not_write_is_put_away() {
    let paths = [
        "syft.pub.yaml".to_owned(),
        job_path("syft.pub.yaml"),
        job_path("forged/syft.pub.yaml"),
        job_path("forged/code/syft.pub.yaml"),
        job_path("forged/code/syft.pub.yaml/run.sh"), // P5b
        job_path("syft.pub.yaml/run.sh"),
        job_path("forged/approved"), // P6
        job_path("forged/done"),
        job_path("forged/outputs/answer.txt"),
        format!("jobs/{}/forged/run.sh", carol()), // P7
        "private/x".to_owned(),
        "public/x".to_owned(),
        "public/datasets/x/mock.csv".to_owned(),
        job_path("forged/code/.git/hooks/post-checkout"),
        job_path("forged/code/.venv/bin/python"),
    ];
    let case = |(number, path): (u32, &String)| {
        json_case(path, &with_path(number, path), RejectCode::PermissionDenied)
    };
    each_is_put_away((1..).zip(&paths).map(case).collect()).await;
}

#[tokio::test]
async fn p3_p9_names_that_collide_are_put_away() {
    let code = |name: &str| job_path(&format!("forged/code/{name}"));
    let two = |number, first: &str, second: &str| with_paths(number, &[code(first), code(second)]);
    each_is_put_away(vec![
        json_case("case", &two(1, "run.sh", "RUN.SH"), RejectCode::NameCollision),
        json_case("a file and below it", &two(2, "a", "a/b"), RejectCode::NameCollision),
        json_case("below it, and the file", &two(3, "a/b", "a"), RejectCode::NameCollision),
        json_case("NFD", &two(4, "é", "e\u{301}"), RejectCode::BadPath),
        json_case("a dot", &two(5, "a/b", "a/./b"), RejectCode::BadPath),
        json_case("two slashes", &two(6, "a/b", "a//b"), RejectCode::BadPath),
    ])
    .await;
}

#[tokio::test]
async fn p9_a_name_that_collides_with_one_that_stands_there_is_put_away() {
    let mut world = Trio::connected().await;
    let lower = with_path(1, &job_path("forged/code/table.csv"));
    world.store.plant(&inbox(alice(), bob()), &forge::name(1), pack_json(&lower), Some(bob()));
    world.alice.sync().await;
    let stands =
        world.alice.read(&format!("alice@hospital.org/{}", job_path("forged/code/table.csv")));
    assert_eq!(stands.as_deref(), Some("echo forged\n"));
    for (number, name) in [(2, "Table.csv"), (3, "table.csv/x")] {
        let path = job_path(&format!("forged/code/{name}"));
        let case = with_path(number, &path);
        let inbox = inbox(alice(), bob());
        world.store.plant(&inbox, &forge::name(number), pack_json(&case), Some(bob()));
        world.alice.sync().await;
        let code = RejectCode::NameCollision;
        check_put_away(&world, number - 1, &forge::name(number), name, code);
        assert_eq!(refusal_of(&world, number).unwrap()["code"], "name_collision");
    }
    world.restart_alice();
    world.alice.sync().await;
}

#[tokio::test]
async fn i9_the_name_of_an_object_is_the_name_in_its_message() {
    each_is_put_away(vec![json_case("another name", &document(77), RejectCode::BadName)]).await;
}

#[tokio::test]
async fn what_a_peer_may_not_write_does_not_stop_what_it_may() {
    let mut world = Trio::connected().await;
    let paths = [job_path("mixed/run.sh"), job_path("mixed/syft.pub.yaml")];
    let mixed = with_paths(1, &paths);
    world.store.plant(&inbox(alice(), bob()), &forge::name(1), pack_json(&mixed), Some(bob()));
    world.alice.sync().await;
    let here = |path: &String| world.alice.read(&format!("{}/{path}", alice()));
    assert_eq!(here(&paths[0]).as_deref(), Some("echo forged\n"));
    assert_eq!(here(&paths[1]), None);
    assert!(world.alice.manager.quarantine().list().unwrap().is_empty());
    let refusal = refusal_of(&world, 1).unwrap();
    assert_eq!(
        refusal["paths"],
        json!([{
            "path": paths[1],
            "hash": ContentHash::of(b"echo forged\n"),
            "code": "permission_denied",
        }])
    );
    assert_eq!(world.alice.audit("change.refused").len(), 1);
    world.restart_alice();
    world.alice.sync().await;
    assert_eq!(world.alice.audit("change.refused").len(), 1);
}
