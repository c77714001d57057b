//! `syft run` typed twice, and what may happen while a job runs.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use crate::common::{ALICE, BOB, Said, TestBox};
use insta::assert_snapshot;

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
    it.bob(
        &[&["run", "count.sh", "--on", &on, "--deadline", "0s", "--no-rehearsal"][..], more]
            .concat(),
    )
}

/// What was said, whatever box there is.
fn told(said: Said) -> String {
    let all = said.all();
    let lines = all.lines().filter(|line| !line.starts_with("  box "));
    lines.map(|line| format!("{line}\n")).collect()
}

fn names(it: &TestBox) -> Vec<String> {
    let said = it.bob(&["job", "list", "--json"]).ok().json();
    let jobs = said["jobs"].as_array().unwrap();
    jobs.iter().map(|job| job["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_same_command_again_is_the_same_job_until_its_result_is_there() {
    let it = ready(COUNT);
    let first = run(&it, &["--json"]).exits(8).json();
    let second = run(&it, &["--json"]).exits(8).json();
    assert_eq!((&first["id"], &second["outcome"]), (&second["id"], &"still_waiting".into()));
    assert_eq!(second["waiting_for"]["who"], ALICE);
    run(&it, &["--no-wait"]).ok();
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    it.alice(&["job", "run", "count", "--share-outputs"]).ok();
    let mut told = told(run(&it, &["-o", "answer"]).ok());
    // Said again, also without the store, it is the same.
    it.unplug();
    told += &self::told(run(&it, &["--offline", "-o", "answer"]).ok());
    it.plug_in();
    assert_eq!(std::fs::read_to_string(it.path("answer/count.txt")).unwrap(), "9\n");
    assert_eq!(names(&it), ["count"]);
    assert_snapshot!(told);
}

#[test]
fn a_changed_script_is_a_revision_before_the_run_and_a_job_of_its_own_after_it() {
    let it = ready(COUNT);
    let first = run(&it, &["--json"]).exits(8).json();
    it.alice(&["sync"]).ok();
    it.write("count.sh", &format!("{COUNT}echo more\n"));
    let second = run(&it, &["--json"]).exits(8).json();
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["digest"], second["digest"]);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "show", "count"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    it.alice(&["job", "run", "count", "--share-outputs"]).ok();
    run(&it, &[]).ok();

    it.write("count.sh", &format!("{COUNT}echo even more\n"));
    assert_eq!(run(&it, &["--json"]).exits(8).json()["name"], "count-2");
    let diff = it.alice(&["job", "diff", "count-2", "--json"]).ok().json();
    assert_eq!(diff["base"]["name"], "count");
    assert_eq!(diff["base"]["kind"], "approved");
    assert_eq!(diff["files"][0]["path"], "run.sh");
    assert!(diff["diff"].as_str().unwrap().contains("-echo more\n+echo even more\n"), "{diff}");
    assert_snapshot!(it.alice(&["job", "diff", "count-2"]).ok().all());
    assert_eq!(run(&it, &["--again", "--json"]).exits(8).json()["name"], "count-3");
    assert_eq!(names(&it), ["count", "count-2", "count-3"]);
}

#[test]
fn a_rejected_job_says_why_and_a_failed_one_what_its_owner_lets_it_say() {
    let it = ready("echo KeyError: customer_id >&2\nexit 3\n");
    run(&it, &[]).exits(8);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    it.alice(&["job", "run", "count"]).exits(7);
    let held = run(&it, &[]).exits(7);
    assert!(!held.stdout.contains("KeyError"), "{}", held.stdout);
    it.alice(&["job", "return", "count", "--comment", "the column is called id"]).ok();
    assert!(run(&it, &[]).exits(7).stdout.contains("  ┆ the column is called id\n"));
    it.alice(&["job", "release", "count", "--logs"]).ok();
    let mut told = told(run(&it, &[]).exits(7));
    let shown = it.bob(&["job", "show", "count", "--json"]).ok().json();
    assert_eq!(shown["comment"], "the column is called id");

    it.write("count.sh", COUNT);
    run(&it, &[]).exits(8);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "reject", "count-2", "--reason", "too few rows"]).ok();
    told += &self::told(run(&it, &[]).exits(4));
    assert_snapshot!(told);
}

#[test]
fn a_failed_job_tells_where_without_its_logs() {
    let it = TestBox::connected();
    it.census(BOB);
    let main = "row = {'name': 'Alice'}\nprint(row[row['name']])\n";
    it.write("count.py", main);
    it.bob(&["sync"]).ok();
    let on = format!("{ALICE}/census");
    let run = ["run", "count.py", "--on", &on, "--deadline", "0s", "--no-rehearsal"];
    it.bob(&run).exits(8);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    let ran = it.alice(&["job", "run", "count", "--json"]).exits(7).json();
    assert_eq!(ran["jobs"][0]["failure"]["exception"], "KeyError");
    // Of a box that broke, which none did.
    assert!(ran["jobs"][0]["error"].is_null(), "{ran}");
    let told = "KeyError, line 2 of code/count.py";
    let failed = it.bob(&run).exits(7).stdout;
    assert!(failed.contains(&format!("  error      {told}\n")), "{failed}");
    let shown = it.bob(&["job", "show", "count"]).ok().stdout;
    assert!(shown.contains(&format!("  error      {told}\n")), "{shown}");
    let logs = it.bob(&["job", "logs", "count", "--err"]).ok().stdout;
    let without = format!("What is told without them: exit code 1, {told}.\n");
    assert!(logs.starts_with(&format!("Its logs were not released.\n{without}")), "{logs}");
    assert!(
        it.alice(&["job", "show", "count"]).ok().stdout.contains(&format!("told of it  {told}"))
    );
    for said in [failed, shown, logs] {
        assert!(!said.contains("Alice"), "{said}");
    }
    let listed = it.bob(&["job", "list", "--json"]).ok().json();
    let failure = &listed["jobs"][0]["failure"];
    assert_eq!((&failure["exit"]["code"], &failure["line"]), (&1.into(), &2.into()), "{failure}");
    assert_eq!((&failure["exception"], &failure["column"]), (&"KeyError".into(), &().into()));
}

#[test]
fn attempts_are_listed_and_each_can_be_looked_at() {
    let it = ready("date +%s%N > $SYFT_OUTPUTS/a.txt; echo hello\n");
    run(&it, &[]).exits(8);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "rerun", "count"]).exits(6);
    it.alice(&["job", "approve", "count"]).ok();
    it.alice(&["job", "run", "count", "--share-outputs", "--share-logs"]).ok();
    it.bob(&["job", "rerun", "count"]).exits(4);
    let said = it.alice(&["job", "rerun", "count", "--json"]).ok().json();
    assert_eq!(
        (&said["schema"], &said["jobs"][0]["status"]),
        (&"syft/job-rerun/1".into(), &"done".into())
    );
    let shown = it.alice(&["job", "show", "count"]).ok().stdout;
    let attempts = shown.lines().skip_while(|line| !line.starts_with("RUN")).take(3);
    assert_eq!(attempts.filter(|line| line.contains("done")).count(), 2, "{shown}");
    it.alice(&["job", "release", "count", "--outputs"]).ok();
    it.bob(&["job", "outputs", "count", "-o", "new"]).ok();
    it.bob(&["job", "outputs", "count", "--run", "1", "-o", "old"]).ok();
    let text = |folder: &str| std::fs::read_to_string(it.path(folder).join("a.txt")).unwrap();
    assert_ne!(text("new"), text("old"));
    assert_eq!(it.bob(&["job", "logs", "count", "--run", "1"]).ok().stdout, "hello\n");
    assert_eq!(it.bob(&["job", "logs", "count", "--json"]).ok().json()["available"], false);
    it.bob(&["job", "logs", "count", "--run", "9"]).exits(3);
    let ended = it.alice(&["job", "logs", "count", "--follow"]).ok();
    assert_eq!(ended.stdout, "hello\n");
    it.bob(&["job", "logs", "count", "--follow"]).ok();
}

/// Prints, and goes on when a line is added to its data.
const WAITS: &str = "echo started\n\
    until grep -q go \"$SYFT_DATASET_CENSUS\"; do sleep 0.02; done\n\
    echo ended\n";

fn alice_types(it: &TestBox, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_syft"))
        .args(args)
        .current_dir(it.path("."))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SYFTBOX_FOLDER", it.path("alice"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A job that has begun to run in a process of its own, and has printed a line.
fn running(it: &TestBox) -> Child {
    run(it, &[]).exits(8);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    let mut runner = alice_types(it, &["job", "run", "count"]);
    let mut lines = BufReader::new(runner.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.ends_with("started")));
    runner
}

#[test]
fn a_run_of_another_process_is_followed_to_its_end() {
    let it = ready(WAITS);
    let runner = running(&it);
    let mut follower = alice_types(&it, &["job", "logs", "count", "--follow"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "started");
    let data = it.path("alice").join(ALICE).join("private/datasets/census/census.csv");
    let mut data = OpenOptions::new().append(true).open(data).unwrap();
    data.write_all(b"go\n").unwrap();
    assert_eq!(lines.next().unwrap(), "ended");
    assert_eq!(lines.next(), None);
    assert_eq!(follower.wait().unwrap().code(), Some(0));
    assert_eq!(runner.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn x11_ctrl_c_ends_the_box_and_the_run_is_interrupted_at_once() {
    let it = ready(WAITS);
    let runner = running(&it);
    let sent = Command::new("kill").args(["-INT", &runner.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let output = runner.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("Ctrl-C again ends at once"), "{told}");
    // Nothing but a look: what is known stands there already.
    let job = &it.alice(&["job", "list", "--json", "--offline"]).ok().json()["jobs"][0];
    assert_eq!(job["status"], "interrupted");
    assert_eq!(
        job["waiting_for"]["command"],
        format!("syft job rerun {}", job["id"].as_str().unwrap())
    );
    let log = it.alice(&["audit", "log", "--json"]).ok().json();
    let actions = log["entries"].as_array().unwrap().iter();
    assert!(actions.clone().any(|entry| entry["action"] == "job.run.interrupted"));
    assert_eq!(it.alice(&["job", "logs", "count"]).ok().stdout, "started\n");
    assert_eq!(it.bob(&["job", "list", "--json"]).ok().json()["jobs"][0]["status"], "interrupted");
}
