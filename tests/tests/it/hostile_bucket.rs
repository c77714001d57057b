//! A bucket in hostile hands: somebody who has its login puts old versions back, swaps
//! objects, writes in the name of others and answers with old listings. What is wrong is
//! noticed by whoever meets it, in words, and has no effect; others go on.

use syft_test_stores::{Objects, S3, required_or_noted};
use syft_tests::{People, Run};

const ALICE: &str = "alice@hospital.org";
const BOB: &str = "bob@uni.org";
const CAROL: &str = "carol@lab.net";

/// Where Bob and Carol leave messages for Alice, and she for them.
const FROM_BOB: &str = "syft/syft-1/inbox/alice@hospital.org/bob@uni.org/";
const FROM_CAROL: &str = "syft/syft-1/inbox/alice@hospital.org/carol@lab.net/";
const FOR_BOB: &str = "syft/syft-1/outbox/alice@hospital.org/bob@uni.org/";
const FOR_CAROL: &str = "syft/syft-1/outbox/alice@hospital.org/carol@lab.net/";
const MOCKS: &str = "syft/syft-1/collections/alice@hospital.org/mock/";

/// A data owner and two scientists over a bucket, and whoever has its login.
struct Stage {
    people: People,
    store: S3,
    bucket: Objects,
}

impl Stage {
    fn meet(store: S3) -> Stage {
        store.create_bucket("hospital");
        let url = format!("s3://hospital/syft?endpoint={}", store.endpoint());
        let login = [
            ("AWS_ACCESS_KEY_ID", store.access_key()),
            ("AWS_SECRET_ACCESS_KEY", store.secret_key()),
        ];
        let people = People::over(&url, &login);
        let bucket = store.objects("hospital");
        let stage = Stage { people, store, bucket };
        stage.file("real.csv", "age\n41\n42\n");
        stage.file("mock.csv", "age\n9\n");
        stage.file(
            "alice/alice@hospital.org/public/syft.pub.yaml",
            "rules:\n- pattern: '**'\n  access:\n    read: ['*']\n",
        );
        stage.done("alice", &format!("syft login --email {ALICE} --transport $STORE --role owner"));
        stage.publish("patients");
        stage.comes("bob", BOB);
        stage.comes("carol", CAROL);
        stage.settle();
        stage
    }

    /// Somebody becomes a peer of Alice's.
    fn comes(&self, who: &str, email: &str) {
        let login = format!("syft login --email {email} --transport $STORE --role scientist");
        self.done(who, &login);
        self.done(who, &format!("syft peer add {ALICE}"));
        self.done("alice", "syft sync");
        self.done("alice", &format!("syft peer approve {email} --trust-first"));
        self.done(who, "syft sync");
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.people.file(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Alice writes what her peers may read.
    fn says(&self, text: &str) {
        self.file("alice/alice@hospital.org/public/a.txt", text);
        self.done("alice", "syft sync");
    }

    /// What a scientist has of it.
    fn heard(&self, who: &str) -> String {
        let copy = self.people.file(&format!("{who}/alice@hospital.org/public/a.txt"));
        std::fs::read_to_string(copy).unwrap_or_default()
    }

    fn publish(&self, dataset: &str) {
        let files = "--private real.csv --mock mock.csv --share any";
        self.done("alice", &format!("syft dataset create {dataset} {files}"));
    }

    fn submits(&self, who: &str, job: &str) {
        self.file("job.sh", &format!("echo {job}\n"));
        let to = format!("--to {ALICE} --dataset {ALICE}/patients --name {job}");
        self.done(who, &format!("syft job submit job.sh --bash {to}"));
    }

    fn sends(&self, who: &str, job: &str) {
        self.submits(who, job);
        self.done(who, "syft sync");
    }

    /// The jobs that Alice has, by name.
    fn jobs(&self) -> Vec<String> {
        let run = self.done("alice", "syft --no-sync job list --json");
        let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let jobs = told["jobs"].as_array().unwrap();
        jobs.iter().map(|job| job["name"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    fn exits(&self, code: i32, who: &str, line: &str) -> Run {
        let run = self.people.types_as(who, line);
        assert_eq!(run.code, Some(code), "{who}: {line}\n{run:#?}\n{}", self.store.said());
        run
    }

    #[track_caller]
    fn done(&self, who: &str, line: &str) -> Run {
        self.exits(0, who, line)
    }

    /// Somebody syncs, and is told what is wrong: in these words.
    #[track_caller]
    fn notices(&self, who: &str, words: &[&str]) {
        let said = self.exits(9, who, "syft sync").stdout;
        for words in words {
            assert!(said.contains(words), "{who} is not told {words:?}, but:\n{said}");
        }
    }

    fn settle(&self) {
        for who in ["alice", "bob", "carol", "alice"] {
            self.done(who, "syft sync");
        }
    }

    /// The messages below a place, oldest first.
    fn messages(&self, place: &str) -> Vec<String> {
        let is_message = |key: &String| key.starts_with(place) && key.ends_with(".tar.gz");
        self.bucket.keys().into_iter().filter(is_message).collect()
    }

    fn newest(&self, place: &str) -> String {
        self.messages(place).pop().unwrap_or_else(|| panic!("nothing in {place}"))
    }

    /// What the log of each says is what went over the wire, whatever the store did.
    fn ends(mut self) {
        self.people.ledger_is_what_went();
    }
}

#[test]
fn f14_a_bucket_that_was_put_back_is_noticed_by_all_and_repaired_by_what_they_are_told() {
    let Some(store) = required_or_noted(S3::rclone()) else { return };
    let stage = Stage::meet(store);
    stage.says("one");
    stage.settle();
    let past = stage.bucket.all();
    stage.says("two");
    stage.settle();
    stage.bucket.put_back(&past);

    let older = "alice@hospital.org: the store shows an older state of what alice@hospital.org \
                 sent than you have seen: the message syfteventsmessage";
    let next = "ask alice@hospital.org, and if that is so, syft doctor --repair goes on";
    stage.notices("bob", &[older, next]);
    let lost = "the store does not have what you put there: syft-1/log/alice@hospital.org/";
    let next = "ask whoever runs it, and then syft doctor --repair puts everything there again";
    stage.notices("alice", &[lost, next]);
    // The work of others goes on, and does not cover it up.
    stage.submits("carol", "honest");
    stage.notices("carol", &[older]);
    stage.notices("alice", &[CAROL, lost]);
    stage.notices("alice", &[lost]);
    assert_eq!((stage.jobs(), stage.heard("bob")), (vec!["honest".to_owned()], "two".to_owned()));

    let said = stage.done("alice", "syft doctor --repair").stdout;
    assert!(said.contains("the next sync puts everything of yours into the store again"), "{said}");
    stage.settle();
    stage.says("three");
    stage.settle();
    assert_eq!([stage.heard("bob"), stage.heard("carol")], ["three", "three"]);
    stage.ends();
}

#[test]
fn f14_an_older_version_in_the_place_of_a_newer_one_is_noticed_and_not_taken() {
    let Some(store) = required_or_noted(S3::rclone()) else { return };
    let stage = Stage::meet(store);
    stage.says("one");
    stage.settle();
    let (old, mocks) = (stage.newest(FOR_BOB), stage.bucket.all());
    stage.says("two");
    let new = stage.newest(FOR_BOB);
    let good = stage.bucket.read(&new);
    stage.bucket.write(&new, &stage.bucket.read(&old));
    let (_, name) = new.rsplit_once('/').unwrap();
    let told = format!("{ALICE}: the message {name} is not as {ALICE} sealed it");
    let next = "it was not taken; tell whoever runs the store, and alice@hospital.org";
    stage.notices("bob", &[&told, "sealed it for another place", next]);
    stage.done("carol", "syft sync");
    assert_eq!([stage.heard("bob"), stage.heard("carol")], ["one", "two"]);
    // Nothing is lost once the store puts it right.
    stage.bucket.write(&new, &good);
    stage.done("bob", "syft sync");
    assert_eq!(stage.heard("bob"), "two");

    // A mock that its owner has replaced.
    stage.done("alice", "syft dataset delete patients");
    stage.file("mock.csv", "age\n8\n");
    stage.publish("patients");
    stage.settle();
    let is_mock = |key: &str| key.starts_with(MOCKS);
    stage.bucket.keys().iter().filter(|it| is_mock(it)).for_each(|it| stage.bucket.remove(it));
    for (key, bytes) in mocks.iter().filter(|(key, _)| is_mock(key)) {
        stage.bucket.write(key, bytes);
    }
    let older = "the store shows an older version of the dataset patients than you have seen";
    stage.notices("bob", &[older, "is not taken", "syft doctor --repair publishes it again"]);
    let mock = "cat \"$(syft --no-sync dataset path alice@hospital.org/patients)\"";
    assert_eq!(stage.done("bob", mock).stdout, "age\n8\n");
    // Alice, who is asked to, puts it right.
    let said = stage.done("alice", "syft doctor --repair").stdout;
    assert!(said.contains("patients is not in the store as you published it"), "{said}");
    stage.settle();
    assert_eq!(stage.done("bob", mock).stdout, "age\n8\n");
    stage.ends();
}

#[test]
fn s3_s10_what_lies_in_the_place_of_others_is_noticed_and_not_taken() {
    let Some(store) = required_or_noted(S3::rclone()) else { return };
    let stage = Stage::meet(store);
    stage.sends("bob", "of-bob");
    stage.sends("carol", "of-carol");
    let [bobs, carols] = [FROM_BOB, FROM_CAROL].map(|place| stage.newest(place));
    stage.bucket.swap(&bobs, &carols);
    let told = |email: &str, key: &str| {
        let (_, name) = key.rsplit_once('/').unwrap();
        format!("{email}: the message {name} is not as {email} sealed it")
    };
    let next = "somebody else writes in their place or changed it, and it was not taken; tell";
    stage.notices("alice", &[&told(BOB, &bobs), &told(CAROL, &carols), next]);
    assert_eq!(stage.jobs(), Vec::<String>::new());
    stage.bucket.swap(&bobs, &carols);
    stage.done("alice", "syft sync");
    assert_eq!(stage.jobs(), ["of-bob", "of-carol"]);

    // What Alice wrote to the one, for the other.
    stage.says("one");
    let [for_bob, for_carol] = [FOR_BOB, FOR_CAROL].map(|place| stage.newest(place));
    stage.bucket.swap(&for_bob, &for_carol);
    stage.notices("bob", &[&told(ALICE, &for_bob)]);
    stage.notices("carol", &[&told(ALICE, &for_carol)]);
    stage.bucket.swap(&for_bob, &for_carol);
    stage.settle();

    // One file of a mock for that of another.
    stage.publish("visits");
    let is_file = |key: &String| key.starts_with(MOCKS) && key.ends_with("/file-1");
    let files: Vec<String> = stage.bucket.keys().into_iter().filter(is_file).collect();
    let [one, other] = &files[..] else { panic!("{files:?}") };
    stage.bucket.swap(one, other);
    let told = "alice@hospital.org: the dataset visits is not as alice@hospital.org sealed it";
    stage.notices(
        "bob",
        &[told, "tell whoever runs the store", "syft doctor --repair publishes it again"],
    );
    let listed = stage.done("bob", "syft --no-sync dataset list").stdout;
    assert!(!listed.contains("visits"), "{listed}");
    stage.bucket.swap(one, other);
    stage.settle();
    stage.ends();
}

#[test]
fn s3_s10_what_is_made_up_in_the_name_of_others_is_noticed_and_not_taken() {
    let Some(store) = required_or_noted(S3::rclone()) else { return };
    let stage = Stage::meet(store);
    // In the open, and sealed for Alice by a peer of hers who is not Bob.
    stage.comes("mallory", "mallory@evil.org");
    stage.sends("mallory", "evil");
    stage.sends("mallory", "worse");
    let sent = stage.messages("syft/syft-1/inbox/alice@hospital.org/mallory@evil.org/");
    let forged: Vec<String> = sent.iter().map(|key| key.replace("mallory@evil.org", BOB)).collect();
    let [sealed, open] = &forged[..] else { panic!("{forged:?}") };
    stage.bucket.write(sealed, &stage.bucket.read(&sent[0]));
    stage.bucket.write(open, b"made up");
    sent.iter().for_each(|key| stage.bucket.remove(key));
    stage.sends("carol", "honest");
    let told = [sealed, open].map(|key| {
        let (_, name) = key.rsplit_once('/').unwrap();
        format!("the message {name} is not as {BOB} sealed it")
    });
    let next = "tell whoever runs the store, and bob@uni.org; syft doctor --repair puts it away";
    stage.notices("alice", &[&told[0], &told[1], next]);
    assert_eq!(stage.jobs(), ["honest"]);
    // Until Alice does what she is told; then it can be looked at, and Bob goes on.
    stage.done("alice", "syft doctor --repair");
    let away = stage.done("alice", "syft --no-sync quarantine list").stdout;
    assert!(away.contains("forged") && away.contains("not_sealed"), "{away}");
    stage.sends("bob", "of-bob");
    stage.done("alice", "syft sync");
    assert_eq!(stage.jobs(), ["honest", "of-bob"]);

    // The key of somebody who calls himself Bob.
    let elsewhere = "syft login --email bob@uni.org --transport ${STORE/syft/elsewhere}";
    stage.done("mallory2", &format!("{elsewhere} --role scientist"));
    stage.done("mallory2", &format!("syft peer add {ALICE} && syft sync"));
    let hello = format!("{FROM_BOB}hello");
    let good = stage.bucket.read(&hello);
    stage.bucket.write(&hello, &stage.bucket.read(&hello.replacen("syft", "elsewhere", 1)));
    stage.sends("carol", "again");
    let next = "Ask bob@uni.org whether that is their key, and compare it:";
    stage.notices("alice", &["bob@uni.org: its key has changed", "somebody may pose as", next]);
    assert_eq!(stage.jobs().len(), 3);
    stage.bucket.write(&hello, &good);
    stage.done("alice", "syft sync");
    stage.ends();
}

#[test]
fn f3_old_listings_are_borne_and_what_is_missing_is_told() {
    let Some(store) = required_or_noted(S3::moto()) else { return };
    let stage = Stage::meet(store);
    stage.says("one");
    stage.settle();
    stage.store.show_old_listings(true);
    // Nothing is wrong with what does not show yet, on either side.
    stage.says("two");
    stage.sends("bob", "late");
    for who in ["alice", "bob", "carol"] {
        stage.done(who, "syft sync");
    }
    assert_eq!((stage.jobs(), stage.heard("bob")), (Vec::new(), "one".to_owned()));
    let doctor = stage.exits(6, "alice", "syft doctor").stdout;
    assert!(doctor.contains("does not list what was put"), "{doctor}");
    stage.store.show_old_listings(false);
    stage.settle();
    assert_eq!((stage.jobs(), stage.heard("bob")), (vec!["late".to_owned()], "two".to_owned()));

    // A message before one that shows is missed by its number, and taken once it shows.
    stage.sends("bob", "hidden");
    let hidden = stage.newest(FROM_BOB);
    let held = stage.bucket.read(&hidden);
    stage.bucket.remove(&hidden);
    stage.sends("bob", "shown");
    for line in ["syft sync", "syft peer list"] {
        let said = stage.done("alice", line).stdout;
        assert!(said.contains("1 message of bob@uni.org missing or late"), "{said}");
    }
    stage.bucket.write(&hidden, &held);
    let said = stage.done("alice", "syft sync").stdout;
    assert!(!said.contains("missing or late"), "{said}");
    let mut jobs = stage.jobs();
    jobs.sort();
    assert_eq!(jobs, ["hidden", "late", "shown"]);
    stage.ends();
}
