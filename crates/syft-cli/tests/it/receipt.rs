//! What `syft run` brings home besides the files, and that it can be ended at any moment.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::{ALICE, BOB, Said, TestBox};

const COUNT: &str = "wc -l < \"$SYFT_DATASET_CENSUS\" > \"$SYFT_OUTPUTS/count.txt\"\n";

fn ready(script: &str) -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    it.write("count.sh", script);
    it.bob(&["sync"]).ok();
    it
}

fn run(it: &TestBox, more: &[&str]) -> Said {
    let on = format!("{ALICE}/census");
    let args = ["run", "count.sh", "--on", &on, "--deadline", "0s", "--no-rehearsal"];
    it.bob(&[&args[..], more].concat())
}

/// A job that has run at alice's.
fn ran(script: &str, how: &[&str], code: i32) -> TestBox {
    let it = ready(script);
    run(&it, &[]).exits(8);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    it.alice(&[&["job", "run", "count"][..], how].concat()).exits(code);
    it
}

fn verify(it: &TestBox, file: &str) -> Said {
    it.bob(&["audit", "verify", "--receipt", file, "--json"])
}

/// The receipt as it lies in bob's copy of alice's datasite.
fn in_the_home(it: &TestBox) -> PathBuf {
    it.path("bob").join(ALICE).join("jobs").join(BOB).join("count/receipt.yaml")
}

fn change(file: &std::path::Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_is_fetched_comes_with_its_receipt_which_proves_it_without_the_store() {
    let it = ran(COUNT, &["--share-outputs"], 0);
    let said = run(&it, &["-o", "answer", "--json"]).ok().json();
    let id = said["id"].as_str().unwrap().to_owned();
    let copy = it.path(&format!("answer/receipt-{id}-1.yaml"));
    assert_eq!(said["receipt"]["verified"], true);
    assert_eq!(said["receipt"]["path"], copy.to_str().unwrap());
    it.unplug();
    let file = copy.to_str().unwrap();
    let verified = verify(&it, file).ok().json();
    assert_eq!(
        (&verified["schema"], &verified["ok"]),
        (&"syft/audit-verify/1".into(), &true.into())
    );
    let receipt = &verified["receipt"];
    assert_eq!((&receipt["job"], &receipt["owner"]), (&said["id"], &ALICE.into()));
    assert_eq!(receipt["run"], format!("{id}-1"));
    assert_eq!(receipt["signed_by"], said["receipt"]["signed_by"]);
    assert_eq!((&receipt["identity"], &verified["problem"]), (&"unverified".into(), &Value::Null));
    // Alice keeps one of her own, which names all that came out.
    let own = it.path("alice").join(format!(".syft/runs/{id}-1/receipt.yaml"));
    let own = own.to_str().unwrap();
    let mine = it.alice(&["audit", "verify", "--receipt", own, "--json"]).ok().json();
    assert_eq!(mine["receipt"]["identity"], "mine");

    let level = it.level();
    let shown = it.bob(&["audit", "verify", "--receipt", file]).ok().all();
    let shown = shown.replace(&level, "<BOX>").replace("L2", "<BOX>").replace(&id, "<ID>");
    assert_snapshot!(shown);
    change(&copy, "schema: 2", "schema: 3");
    assert_eq!(verify(&it, file).exits(9).json()["problem"]["kind"], "changed");
    assert_snapshot!(it.bob(&["audit", "verify", "--receipt", file]).exits(9).all());
    verify(&it, "nowhere.yaml").exits(3);
}

#[test]
fn nothing_is_copied_beside_a_receipt_that_proves_nothing() {
    let it = ran(COUNT, &["--share-outputs"], 0);
    it.bob(&["sync"]).ok();
    let file = in_the_home(&it);
    let good = fs::read_to_string(&file).unwrap();
    let refused = || {
        let outputs = ["--offline", "job", "outputs", "count", "-o", "answer"];
        it.bob(&outputs).exits(9);
        let said = run(&it, &["--offline", "-o", "answer", "--json"]).exits(9);
        assert!(!it.path("answer").exists(), "something was copied");
        said.json_error()
    };
    change(&file, "name: count", "name: other");
    let error = refused();
    assert_eq!(error["code"], "receipt");
    assert!(error["next"].as_str().unwrap().contains("audit verify --receipt"), "{error}");
    // Without its signature it is no better.
    let unsigned = |line: &&str| !line.starts_with("signature:") && !line.starts_with("signed_by:");
    fs::write(&file, good.split_inclusive('\n').filter(unsigned).collect::<String>()).unwrap();
    assert!(refused()["message"].as_str().unwrap().contains("not signed"));
    fs::write(&file, &good).unwrap();
    run(&it, &["--offline", "-o", "answer"]).ok();
}

#[test]
fn a_failed_run_leaves_one_too_which_grows_and_takes_the_place_of_nothing_else() {
    let it = ran("echo oops >&2\nexit 3\n", &[], 7);
    let fetched = |code: i32| run(&it, &["-o", "answer", "--json"]).exits(code).json();
    let said = fetched(7);
    assert_eq!((&said["exit_code"], &said["receipt"]["verified"]), (&3.into(), &true.into()));
    let path = said["receipt"]["path"].as_str().unwrap().to_owned();
    let answered = || verify(&it, &path).ok().json()["receipt"]["answered"].clone();
    assert_eq!(answered(), false);
    it.alice(&["job", "return", "count", "--comment", "mind the last line"]).ok();
    assert_eq!(fetched(7)["receipt"]["path"], path);
    assert_eq!(answered(), true);
    fs::write(&path, "my own notes").unwrap();
    run(&it, &["-o", "answer"]).exits(6);
    assert_eq!(fs::read_to_string(&path).unwrap(), "my own notes");
}

#[test]
fn where_there_is_no_receipt_it_is_said_why() {
    let it = ran("exit 3\n", &[], 7);
    it.bob(&["sync"]).ok();
    fs::remove_file(in_the_home(&it)).unwrap();
    let said = || run(&it, &["--offline", "--json"]).exits(7);
    assert!(said().stderr.contains("no receipt of alice@hospital.org has come"));
    assert_eq!(said().json()["receipt"], Value::Null);
    // As if alice ran the Python client.
    change(&it.path("bob/.syft/decisions/peers.yaml"), "kind: native", "kind: pysyft");
    assert!(said().stderr.contains("alice@hospital.org uses PySyft, which writes none"));
    assert!(!it.path("count-outputs").exists());
}

/// Ends `syft run` without a warning as soon as it has said this, or that it waits.
fn killed_at(it: &TestBox, said: &str) -> String {
    let on = format!("{ALICE}/census");
    let mut child = Command::new(env!("CARGO_BIN_EXE_syft"))
        .args(["run", "count.sh", "--on", &on, "-o", "answer"])
        .current_dir(it.path("."))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SYFTBOX_FOLDER", it.path("bob"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains(said) || line.contains("Waiting for"));
    child.kill().unwrap();
    child.wait().unwrap();
    line.unwrap()
}

#[test]
fn whenever_it_is_killed_the_same_command_comes_to_the_same_result() {
    let it = ready(COUNT);
    for step in ["Rehearsed on the mock", "is new", "Waiting for"] {
        killed_at(&it, step);
    }
    assert!(killed_at(&it, "Waiting for").contains("It is inbox"));
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    assert!(killed_at(&it, "Waiting for").contains("It is approved"));
    it.alice(&["job", "run", "count"]).ok();
    assert!(killed_at(&it, "Waiting for").contains("It is done"));
    it.alice(&["job", "release", "count", "--outputs"]).ok();
    let fetch = || {
        let said = run(&it, &["-o", "answer", "--json"]).ok().json();
        let mut names: Vec<String> = fs::read_dir(it.path("answer"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let texts = names.iter().map(|name| fs::read(it.path("answer").join(name)).unwrap());
        (said["receipt"].clone(), names.clone(), texts.collect::<Vec<_>>())
    };
    let whole = fetch();
    assert_eq!(whole.1[0], "count.txt");
    assert_eq!(whole.2[0], b"9\n");
    for gone in ["count.txt", &whole.1[1]] {
        fs::remove_file(it.path("answer").join(gone)).unwrap();
        assert_eq!(fetch(), whole, "without {gone}");
    }
    let jobs = it.bob(&["job", "list", "--json"]).ok().json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1);
}
