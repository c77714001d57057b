//! What was shown is what is decided about, and what was approved is what runs.

use std::path::PathBuf;

use crate::common::{ALICE, BOB, TestBox};

/// A job of bob in alice's inbox.
fn inbox(script: &str) -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    let script = it.write("ask.sh", script);
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "ask"]).ok();
    it.alice(&["sync"]).ok();
    it
}

fn copy(it: &TestBox) -> PathBuf {
    it.path("bob").join(ALICE).join("jobs").join(BOB).join("ask")
}

/// Bob sends other bytes in the place of the first.
fn change(it: &TestBox, script: impl AsRef<[u8]>) {
    it.bob(&["sync"]).ok();
    std::fs::write(copy(it).join("run.sh"), script).unwrap();
    it.bob(&["sync"]).ok();
    it.alice(&["sync"]).ok();
}

fn job(it: &TestBox) -> serde_json::Value {
    it.alice(&["job", "list", "--json"]).ok().json()["jobs"][0].clone()
}

fn id(it: &TestBox) -> String {
    job(it)["id"].as_str().unwrap().to_owned()
}

#[test]
fn r1_bytes_that_nobody_was_shown_are_not_approved() {
    let it = inbox("echo 1\n");
    it.alice(&["job", "show", "ask"]).ok();
    change(&it, "echo 2\n");
    it.alice(&["job", "list"]).ok();
    let said = it.alice(&["job", "approve", "ask", "--json"]).exits(6).json_error();
    assert_eq!(said["code"], "job_changed");
    assert_eq!(said["next"], "syft job show <ID>");
    assert_eq!(job(&it)["status"], "inbox");
    it.alice(&["job", "show", "ask"]).ok();
    it.alice(&["job", "approve", "ask"]).ok();

    // A review that prints it whole, and a diff from what was seen, show it too.
    for (script, look) in [("echo 3\n", "review"), ("echo 4\n", "diff")] {
        change(&it, script);
        it.alice(&["job", "approve", "ask"]).exits(6);
        let look = if look == "diff" { vec!["job", "diff", "ask"] } else { vec![look, "ask"] };
        it.alice(&look).ok();
        it.alice(&["job", "approve", "ask"]).ok();
    }
}

#[test]
fn r7_a_program_is_shown_all_and_a_diff_of_no_text_shows_nothing() {
    let it = inbox("echo 1\n");
    it.alice(&["job", "show", "ask"]).ok();
    change(&it, b"echo 2 # caf\xe9\n");
    let diff = it.alice(&["job", "diff", "ask"]).ok();
    assert!(diff.stdout.contains("no text: "), "{}", diff.stdout);
    it.alice(&["job", "approve", "ask"]).exits(6);
    let review = it.alice(&["review", "ask", "--json"]).ok().json();
    let lines = &review["review"]["files"][0]["lines"];
    assert_eq!(*lines, serde_json::json!(["echo 2 # caf‹0xE9›"]));
    assert_eq!(review["review"]["one_key_approval"], false);
    assert_eq!(it.alice(&["job", "show", "ask", "--json"]).ok().json()["review"], review["review"]);
    it.alice(&["job", "approve", "ask"]).ok();
    // Nothing is shown of one job among others.
    assert_eq!(it.alice(&["review", "--json"]).ok().json()["review"], serde_json::Value::Null);
}

#[test]
fn x6_a_time_limit_is_from_a_second_to_thirty_days() {
    let it = inbox("true\n");
    it.alice(&["job", "approve", "ask"]).ok();
    for bad in ["0", "2592001", "18446744073709551615"] {
        it.alice(&["job", "run", "ask", "--timeout", bad]).exits(2);
        let variable = [("SYFT_DEFAULT_JOB_TIMEOUT_SECONDS", bad)];
        it.syft("alice", &["job", "run", "ask"], &variable).exits(2);
    }
    assert_eq!(job(&it)["status"], "approved");
    it.alice(&["job", "run", "ask", "--timeout", "2592000"]).ok();
}

#[test]
fn one_damaged_run_does_not_stop_the_others() {
    let it = inbox("true\n");
    it.alice(&["job", "approve", "ask"]).ok();
    it.alice(&["job", "run", "ask"]).ok();
    let script = it.write("other.sh", "true\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "other"]).ok();
    let id = id(&it);
    let started = it.path("alice").join(".syft/runs").join(format!("{id}-1/started.json"));
    std::fs::write(started, "{").unwrap();
    for command in [&["status"][..], &["sync"], &["job", "list"], &["review"]] {
        it.alice(command).ok();
    }
    let said = it.alice(&["job", "show", &id]).ok();
    assert!(said.stdout.contains("started.json"), "{}", said.stdout);
    assert_eq!(job(&it)["status"], "interrupted");
    it.alice(&["job", "rerun", &id]).exits(9);
    it.alice(&["job", "approve", "other"]).ok();
    it.alice(&["job", "run"]).ok();
}

#[test]
fn the_limits_that_are_approved_are_those_that_run() {
    let it = inbox("echo answer > $SYFT_OUTPUTS/a.txt\n");
    let variable = [("SYFT_DEFAULT_JOB_TIMEOUT_SECONDS", "77")];
    let said = it.syft("alice", &["job", "show", "ask"], &variable).ok();
    assert!(said.stdout.contains("  limits      77 s,"), "{}", said.stdout);
    it.syft("alice", &["job", "approve", "ask"], &variable).ok();
    // Whatever the default is by now, the approval counts.
    it.alice(&["job", "run", "ask", "--share-outputs"]).ok();
    let receipt = || std::fs::read_to_string(copy(&it).join("receipt.yaml")).unwrap();
    it.bob(&["sync"]).ok();
    assert_eq!(receipt().matches("wall: 77").count(), 2, "{}", receipt());
    let again = ["job", "rerun", "ask", "--timeout", "5", "--share-outputs"];
    it.alice(&again).ok();
    it.bob(&["sync"]).ok();
    assert!(receipt().contains("wall: 77") && receipt().contains("wall: 5\n"), "{}", receipt());
}

#[test]
fn a_rejected_job_is_refused_at_the_run() {
    let it = inbox("true\n");
    it.alice(&["job", "reject", "ask"]).ok();
    it.alice(&["job", "run", "ask"]).exits(4);
}

#[test]
fn a_release_is_of_the_run_that_was_shown() {
    let it = inbox("date +%N > $SYFT_OUTPUTS/a.txt\n");
    it.alice(&["job", "approve", "ask"]).ok();
    it.alice(&["job", "run", "ask"]).ok();
    it.alice(&["job", "outputs", "ask"]).ok();
    it.alice(&["job", "rerun", "ask"]).ok();
    let said = it.alice(&["job", "release", "ask", "--outputs", "--json"]).exits(6).json_error();
    assert_eq!(said["next"], "syft job outputs <ID>");
    assert_eq!(job(&it)["outputs"][0]["released"], false);
    it.alice(&["job", "outputs", "ask"]).ok();
    it.alice(&["job", "release", "ask", "--outputs", "--to", "carol@lab.org"]).exits(4);
    it.alice(&["job", "release", "ask", "--outputs", "--to", BOB]).ok();
}

#[test]
fn what_is_not_as_the_receipt_says_is_not_taken() {
    let it = inbox("cd $SYFT_OUTPUTS; echo 1 > a.txt; echo 2 > b.txt\n");
    it.alice(&["job", "approve", "ask"]).ok();
    it.alice(&["job", "run", "ask"]).ok();
    it.alice(&["job", "release", "ask", "--outputs"]).ok();
    it.bob(&["sync"]).ok();
    let outputs = copy(&it).join("outputs");
    std::fs::write(outputs.join("c.txt"), "3\n").unwrap();
    let said = it.bob(&["job", "outputs", "ask", "-o", "got", "--no-sync"]).ok();
    assert!(said.stdout.contains("c.txt is not in the receipt"), "{}", said.stdout);
    assert!(it.path("got/a.txt").is_file() && !it.path("got/c.txt").exists());
    std::fs::write(outputs.join("b.txt"), "3\n").unwrap();
    let said = it.bob(&["job", "outputs", "ask", "--no-sync", "--json"]).exits(9).json_error();
    assert!(said["message"].as_str().unwrap().contains("b.txt"), "{said}");
    std::fs::remove_file(outputs.join("b.txt")).unwrap();
    it.bob(&["job", "outputs", "ask", "-o", "more", "--no-sync"]).exits(9);
    assert!(!it.path("more").exists());
    it.bob(&["job", "list", "--no-sync"]).ok();
}

#[test]
fn doing_without_a_box_is_for_one_named_job() {
    let it = inbox("true\n");
    it.alice(&["job", "approve", "ask"]).ok();
    for jobs in [&[][..], &["ask", "ask"]] {
        let run = [&["job", "run", "--allow-isolation", "L0", "--json"], jobs].concat();
        let said = it.alice(&run).exits(2).json_error();
        assert_eq!(said["next"], "syft job list --status approved");
    }
    assert_eq!(job(&it)["status"], "approved");
}

#[test]
fn each_refusal_says_what_to_type_next() {
    let it = inbox("true\n");
    let next = |said: crate::common::Said| said.json_error()["next"].as_str().unwrap().to_owned();
    let ask = it.path("ask.sh").display().to_string();
    let taken = ["job", "submit", &ask, "--to", ALICE, "--name", "ask", "--json"];
    assert_eq!(next(it.bob(&taken).exits(6)), format!("syft job list --to {ALICE}"));
    let gone = ["job", "submit", "gone.sh", "--to", ALICE, "--json"];
    assert_eq!(next(it.bob(&gone).exits(2)), "syft job submit --help");
    let said = it.bob(&["job", "approve", "ask", "--json"]).exits(4);
    assert_eq!(next(said), format!("syft job list --to {ALICE}"));
    let said = it.alice(&["job", "cancel", "ask", "--json"]).exits(4);
    assert_eq!(next(said), "syft job reject <ID>");
    it.bob(&["run", &ask, "--on", &format!("{ALICE}/census"), "--no-rehearsal", "--no-wait"]).ok();
}

#[test]
fn a_running_job_is_said_to_run() {
    let it = inbox("echo begun; sleep 60\n");
    it.alice(&["job", "approve", "ask"]).ok();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_syft"))
        .args(["job", "run", "ask"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SYFTBOX_FOLDER", it.path("alice"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let told = std::io::BufReader::new(child.stdout.as_mut().unwrap());
    let mut lines = std::io::BufRead::lines(told).map(Result::unwrap);
    assert!(lines.any(|line| line.contains("begun")));
    let said = it.alice(&["job", "logs", "ask", "--no-sync"]).ok();
    assert_eq!(said.stdout, "begun\n", "what it has printed so far");
    let list = it.alice(&["job", "list", "--no-sync"]).ok();
    assert!(list.stdout.contains("  running  -\n"), "{}", list.stdout);
    let status = it.alice(&["status", "--json", "--no-sync"]).ok().json();
    let waiting = status["waiting"].as_array().unwrap();
    assert!(waiting.iter().all(|waiting| waiting["job"].is_null()), "{status}");
    child.kill().unwrap();
    child.wait().unwrap();
}
