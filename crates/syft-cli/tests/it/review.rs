use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

/// A job of bob in alice's inbox.
fn inbox(script: &str) -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    let script = it.write("ask.sh", script);
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "ask"]).ok();
    it.alice(&["sync"]).ok();
    it
}

/// What alice types at a terminal before anything is asked; `script` makes one. Enter is
/// no answer where there is nothing more to read.
fn at_a_terminal(it: &TestBox, command: &str, answers: &str) -> String {
    let mut child = Command::new("script")
        .args(["-qec", &format!("{} {command}", env!("CARGO_BIN_EXE_syft")), "/dev/null"])
        .current_dir(it.path("."))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "dumb")
        .env("SHELL", "/bin/sh")
        .env("SYFTBOX_FOLDER", it.path("alice"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn status(it: &TestBox) -> String {
    let jobs = it.alice(&["job", "list", "--json"]).ok().json();
    jobs["jobs"][0]["status"].as_str().unwrap().to_owned()
}

#[test]
fn without_a_terminal_the_queue_is_printed_and_nobody_is_asked() {
    let it = inbox("echo hello\n");
    assert_snapshot!(it.alice(&["review"]).ok().all());
    assert_snapshot!(it.alice(&["review", "ask"]).ok().all());
    assert_eq!(it.alice(&["review", "--json"]).ok().json()["jobs"][0]["name"], "ask");
    it.bob(&["review", "ask"]).exits(4);
    assert_eq!(status(&it), "inbox");
}

#[test]
fn one_goes_from_the_inbox_to_the_release_with_five_keys_typed_ahead() {
    let it = inbox("echo secret word; echo answer > $SYFT_OUTPUTS/a.txt\n");
    let said = at_a_terminal(&it, "review", "dayvo");
    assert!(said.contains("Released to bob@uni.org."), "{said}");
    assert!(said.contains("│ secret word"), "{said}");
    let job = it.bob(&["job", "list", "--json"]).ok().json();
    assert_eq!(job["jobs"][0]["outputs"][0]["path"], "a.txt");
    assert_eq!(job["jobs"][0]["logs_released"], false);
}

#[test]
fn a_review_runs_no_job_of_who_is_no_peer_any_more() {
    let it = inbox("echo hello\n");
    it.alice(&["job", "approve", "ask"]).ok();
    it.alice(&["peer", "remove", BOB]).ok();
    let said = at_a_terminal(&it, "review", "y");
    assert!(said.contains("bob@uni.org is no peer of this datasite any more"), "{said}");
    assert_eq!(status(&it), "approved");
    let forced = it.alice(&["job", "run", "ask", "--force", "--json"]).exits(6).json_error();
    assert_eq!(forced["code"], "peer_state");
    assert!(forced["message"].as_str().unwrap().contains("`syft peer approve bob@uni.org`"));
}

#[test]
fn a_job_is_tried_on_the_mock_before_one_decides() {
    let it = inbox("echo invented; echo 1 > $SYFT_OUTPUTS/a.txt\n");
    let said = at_a_terminal(&it, "review --no-rehearsal", "tq");
    assert!(!said.contains("rehearsed on the mock"), "{said}");
    assert!(said.contains("On the mock: exit code 0 in "), "{said}");
    assert!(said.contains(", wrote a.txt (2 bytes), box L"), "{said}");
    assert!(said.contains("   invented"), "{said}");
    assert_eq!(status(&it), "inbox");
}

#[test]
fn what_is_new_is_tried_on_the_mock_before_it_is_shown() {
    let it = inbox("echo invented; echo 1 > $SYFT_OUTPUTS/a.txt\n");
    let said = at_a_terminal(&it, "review", "q");
    assert!(said.contains("rehearsed on the mock: exit code 0 in "), "{said}");
    assert!(
        said.contains(", wrote a.txt (2 bytes), box L") && said.contains("┆ invented"),
        "{said}"
    );
    assert_eq!(status(&it), "inbox");
    // Once is enough: the review of the same bytes shows the same.
    let rehearsed = || {
        let log = it.alice(&["audit", "log", "--json"]).ok().json().to_string();
        log.matches("job.rehearsed").count()
    };
    assert_eq!(rehearsed(), 1);
    let said = it.alice(&["review", "ask"]).ok();
    assert!(said.stdout.contains("rehearsed on the mock: "), "{}", said.stdout);
    assert_eq!(rehearsed(), 1);
}

#[test]
fn r6_one_key_does_not_approve_what_may_hide_something() {
    let it = inbox("echo hello # \u{202e}dlrow\n");
    let said = at_a_terminal(&it, "review", "a\ny\nq\n");
    assert!(said.contains("‹U+202E›"), "{said}");
    assert!(said.contains("nothing was approved"), "{said}");
    assert_eq!(status(&it), "inbox");
    let id = it.alice(&["job", "list", "--json"]).ok().json()["jobs"][0]["id"].clone();
    let id = id.as_str().unwrap();
    at_a_terminal(&it, "review", &format!("a{id}\nq"));
    assert_eq!(status(&it), "approved");
}

#[test]
fn r7_nothing_of_a_script_is_cut_off() {
    let script =
        format!("echo start\n{}\necho {}end-of-the-line\n", "\n".repeat(60), " ".repeat(4_000));
    let it = inbox(&script);
    let said = it.alice(&["job", "show", "ask"]).ok();
    assert!(said.stdout.contains("end-of-the-line"), "{}", said.stdout);
    assert!(said.stdout.contains("! run.sh:63: text after 4001 blanks"), "{}", said.stdout);
    let shown = it.alice(&["job", "show", "ask", "--json"]).ok().json();
    assert_eq!(shown["review"]["one_key_approval"], false);
}

#[test]
fn r8_a_decoy_entry_point_is_flagged() {
    let it = inbox("echo hello\n");
    it.write("folder/main.py", "print('harmless')\n");
    it.write("folder/other.py", "print('evil')\n");
    let folder = it.path("folder").display().to_string();
    it.bob(&["job", "submit", &folder, "--to", ALICE, "--name", "decoy", "--python"]).ok();
    it.alice(&["sync"]).ok();
    it.bob(&["sync"]).ok();
    let run_sh = it.path("bob").join(ALICE).join("jobs").join(BOB).join("decoy/run.sh");
    std::fs::write(&run_sh, "cd code && exec python3 other.py\n").unwrap();
    it.bob(&["sync"]).ok();
    let said = it.alice(&["job", "show", "decoy"]).ok();
    assert!(said.stdout.contains("run.sh does not use the entry point main.py"), "{}", said.stdout);
}

#[test]
fn reject_needs_no_second_question_but_a_reason_may_be_given() {
    let it = inbox("echo hello\n");
    at_a_terminal(&it, "review ask", "rnot that\u{7f}\u{7f}is one\n");
    let job = it.bob(&["job", "list", "--json"]).ok().json();
    assert_eq!(job["jobs"][0]["status"], "rejected");
    assert_eq!(job["jobs"][0]["reason"], "not this one");
}

#[test]
fn a_program_reads_all_that_a_person_is_shown() {
    let it = inbox("echo hello # \u{202e}dlrow\n");
    let queue = it.alice(&["review", "ask", "--json"]).ok().json();
    let review = queue["review"].clone();
    assert_eq!(review["flags"][0]["kind"], "hidden_characters");
    assert_eq!(review["flags"][0]["suspicious"], true);
    assert_eq!(review["one_key_approval"], false);
    assert_eq!(review["allows"]["isolation"], "L2");
    assert_eq!(review["allows"]["datasets"], serde_json::json!([]));
    assert!(review["allows"]["limits"]["wall"].is_number(), "{review}");
    assert_eq!(review["difference"], serde_json::Value::Null);
    assert_eq!(review["rehearsal"]["printed"], serde_json::json!(["hello"]));
    assert_eq!(queue["rules"], serde_json::Value::Null);
    let shown = it.alice(&["job", "show", "ask", "--json"]).ok().json()["review"].clone();
    assert_eq!(shown["allows"], review["allows"]);
    // What changed since, and what the rules say.
    let id = it.alice(&["job", "list", "--json"]).ok().json()["jobs"][0]["id"].clone();
    it.alice(&["job", "approve", id.as_str().unwrap()]).ok();
    let rule = "jobs:\n- {name: ask-me, decide: manual, peers: [bob@uni.org]}\n";
    it.write("alice/alice@hospital.org/private/policy.yaml", rule);
    let script = it.write("ask.sh", "echo hello\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "ask-2"]).ok();
    let queue = it.alice(&["review", "ask-2", "--json"]).ok().json();
    let diff = queue["review"]["difference"]["diff"].as_str().unwrap();
    assert!(diff.contains("+echo hello"), "{diff}");
    assert_eq!(queue["rules"]["approve"], false);
    assert_eq!(queue["rules"]["matching"], serde_json::json!(["ask-me"]));
    let text = it.alice(&["review", "ask-2"]).ok().stdout;
    assert!(text.contains("your rules leave it to you: "), "{text}");
    // Rules that cannot be read hold up no review.
    it.write("alice/alice@hospital.org/private/policy.yaml", "jobs: [");
    let queue = it.alice(&["review", "ask-2", "--json"]).ok().json();
    assert_eq!(queue["rules"]["approve"], false, "{queue}");
}
