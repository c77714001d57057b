use crate::common::{ALICE, BOB, Said, TestBox};
use insta::assert_snapshot;

/// Counts what a dataset holds, by name.
const COUNT: &str = "\
import syft_client as sc

rows = sc.resolve_dataset_file_path('census').read_text().splitlines()[1:]
print('looking at', len(rows), 'rows')
with open('outputs/count.txt', 'w') as out:
    print(len(rows), file=out)
";

const BROKEN: &str = "\
import syft_client as sc
sc.resolve_dataset_file_path('census').read_text()
raise KeyError('regon')
";

/// Bob has the mock of alice's census.
fn ready() -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    it.bob(&["sync"]).ok();
    it.write("count.py", COUNT);
    it.write("broken.py", BROKEN);
    it
}

fn on() -> String {
    format!("{ALICE}/census")
}

fn rehearse(it: &TestBox, script: &str, more: &[&str]) -> Said {
    it.bob(&[&["job", "rehearse", script, "--on", &on()], more].concat())
}

#[test]
fn a_scientist_tries_a_script_on_the_mock() {
    let it = ready();
    assert_snapshot!(rehearse(&it, "count.py", &[]).ok().all());
    assert_snapshot!(rehearse(&it, "broken.py", &[]).exits(7).all());
    let said = rehearse(&it, "count.py", &["--json"]).ok();
    let json = said.json();
    assert_eq!(json["schema"], "syft/job-rehearse/1");
    assert_eq!(json["ok"], true);
    assert_eq!(json["outputs"][0]["path"], "count.txt");
    assert_eq!(json["read"][0]["variable"], "SYFT_DATASET_CENSUS");
    assert!(!said.raw.contains("looking at"), "what a job prints is no JSON: {}", said.raw);
    let record = std::fs::read_to_string(json["record"].as_str().unwrap()).unwrap();
    assert!(record.contains("looking at 2 rows"), "{record}");
    it.write("slow.sh", "sleep 60\n");
    let slow = rehearse(&it, "slow.sh", &["--wall", "1s", "--json"]).exits(7).json();
    assert_eq!(slow["limits_hit"][0]["limit"], "wall");
    assert_eq!(it.bob(&["job", "list", "--json"]).ok().json()["jobs"], serde_json::json!([]));
}

#[test]
fn what_the_hint_says_runs_the_script_on_the_mock_outside_of_a_job() {
    let it = ready();
    let said = rehearse(&it, "count.py", &[]).ok();
    let command = said.raw.lines().find(|line| line.contains("PYTHONPATH=")).unwrap();
    std::fs::create_dir(it.path("outputs")).unwrap();
    let output = std::process::Command::new("/bin/sh")
        .args(["-c", command])
        .current_dir(it.path("."))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "looking at 2 rows\n");
    assert_eq!(std::fs::read_to_string(it.path("outputs/count.txt")).unwrap(), "2\n");
}

#[test]
fn a_script_is_sent_while_another_rehearsal_goes_on() {
    let it = ready();
    it.write("bob/.syft/rehearsals/.runner", "");
    let runner = std::fs::File::open(it.path("bob/.syft/rehearsals/.runner")).unwrap();
    runner.lock().unwrap();
    assert_eq!(rehearse(&it, "count.py", &["--json"]).exits(6).json_error()["code"], "runner_busy");
    let said = it.bob(&["run", "count.py", "--on", &on(), "--no-wait"]).ok();
    assert!(
        said.stderr.contains("note: not tried on the mock: another process"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.contains("is on its way"), "{}", said.stdout);
}

#[test]
fn run_tries_on_the_mock_first_and_sends_nothing_that_fails_there() {
    let it = ready();
    let run = |script: &str, more: &[&str]| {
        it.bob(&[&["run", script, "--on", &on(), "--no-wait"], more].concat())
    };
    assert_snapshot!(run("broken.py", &[]).exits(7).all());
    assert_eq!(run("broken.py", &["--json"]).exits(7).json_error()["code"], "rehearsal_failed");
    assert_eq!(it.bob(&["job", "list", "--json"]).ok().json()["jobs"], serde_json::json!([]));
    run("broken.py", &["--no-rehearsal"]).ok();
    let said = run("count.py", &[]).ok();
    assert!(said.stderr.starts_with("Rehearsed on the mock: exit code 0 in "), "{}", said.stderr);
    let jobs = it.bob(&["job", "list", "--json"]).ok().json();
    let of = |name: &str| {
        let jobs = jobs["jobs"].as_array().unwrap();
        jobs.iter().find(|job| job["name"] == name).unwrap()["rehearsal"].clone()
    };
    // What was tried are the very bytes that were sent, also where it was insisted on.
    assert_eq!(of("count")["ok"], true);
    assert_eq!(of("broken")["ok"], false);
}

#[test]
fn an_owner_tries_what_arrived_before_deciding() {
    let it = ready();
    it.write("ask.sh", "tail -n +2 $SYFT_DATASET_CENSUS | tee outputs/rows.csv\n");
    let submit = ["job", "submit", "ask.sh", "--to", ALICE, "--name", "ask", "--dataset", &on()];
    it.bob(&submit).ok();
    assert_snapshot!(it.alice(&["job", "rehearse", "ask"]).ok().all());
    let shown = it.alice(&["review", "ask"]).ok();
    let line = "\nrehearsed on the mock: exit code 0 in ";
    assert!(shown.stdout.contains(line), "{}", shown.stdout);
    let json = it.alice(&["job", "show", "ask", "--json"]).ok().json();
    assert_eq!(json["status"], "inbox");
    assert_eq!(json["rehearsal"]["exit_code"], 0);
    assert_eq!(json["rehearsal"]["outputs"], 1);
    let log = it.alice(&["audit", "log", "--json"]).ok().json();
    let entries = log["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["action"] == "job.rehearsed"));
    assert!(entries.iter().all(|entry| entry["action"] != "job.run.started"));
}

#[test]
fn what_cannot_be_tried_says_what_to_type_next() {
    let it = ready();
    let next = |said: Said| said.json_error()["next"].as_str().unwrap_or_default().to_owned();
    let said = it.bob(&["job", "rehearse", "count.py", "--json"]).exits(2);
    assert_eq!(next(said), "syft job rehearse count.py --on OWNER/NAME");
    let said = it.bob(&["job", "rehearse", "nothing", "--json"]).exits(3);
    assert_eq!(next(said), "syft job list");
    let said = it.bob(&["job", "rehearse", "count.py", "--on", "census", "--json"]).exits(2);
    assert_eq!(next(said), "syft dataset list");
    it.bob(&["job", "rehearse", "count.py", "--on", &format!("{ALICE}/other")]).exits(3);
    it.bob(&["job", "rehearse", "missing.py", "--on", &on()]).exits(2);
    let submit = ["job", "submit", "count.py", "--to", ALICE, "--name", "p", "--dep", "pandas"];
    it.bob(&submit).ok();
    let login = ["login", "--email", BOB, "--transport", &it.url(), "--packages", "none"];
    it.bob(&login).ok();
    let said = it.bob(&["job", "rehearse", "p", "--json"]).exits(4);
    assert_eq!(next(said), "syft login --packages index");
}
