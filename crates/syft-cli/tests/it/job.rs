use crate::common::{ALICE, BOB, TestBox};
use serde_json::Value;

/// Jobs of bob with alice, by name and script.
fn sent(jobs: &[(&str, &str)]) -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    it.bob(&["sync"]).ok();
    for (name, script) in jobs {
        let script = it.write(&format!("{name}.sh"), script);
        let dataset = format!("{ALICE}/census");
        let submit = ["job", "submit", &script, "--to", ALICE, "--name", name];
        it.bob(&[&submit[..], &["--dataset", &dataset]].concat()).ok();
    }
    it.alice(&["sync"]).ok();
    it
}

fn jobs(said: &Value) -> Vec<String> {
    let jobs = said["jobs"].as_array().unwrap();
    jobs.iter().map(|job| job["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_job_for_programs_has_all_its_fields() {
    let it = sent(&[("one", "echo hi; echo 1 > $SYFT_OUTPUTS/o.txt\n")]);
    it.alice(&["job", "approve", "one", "--reason", "fine"]).ok();
    it.alice(&["job", "run", "one", "--json"]).ok();
    let said = it.alice(&["job", "list", "--json"]).ok().json();
    assert_eq!(said["schema"], "syft/job-list/1");
    let job = &said["jobs"][0];
    for field in [
        "id",
        "name",
        "submitter",
        "owner",
        "status",
        "rehearsal",
        "description",
        "digest",
        "datasets",
        "submitted_at",
        "decided_at",
        "reason",
        "waiting_for",
        "isolation",
        "exit_code",
        "outputs",
        "logs_released",
    ] {
        assert!(job.get(field).is_some(), "{field}: {job}");
    }
    assert_eq!(job["submitter"], BOB);
    assert_eq!(job["status"], "done");
    assert_eq!(job["reason"], "fine");
    assert_eq!(job["datasets"][0], "census");
    assert_eq!(job["isolation"], it.level());
    assert_eq!(job["exit_code"], 0);
    assert_eq!(job["outputs"][0]["path"], "o.txt");
    assert_eq!(job["outputs"][0]["size"], 2);
    assert_eq!(job["outputs"][0]["released"], false);
    assert_eq!(job["waiting_for"]["who"], ALICE);
    let command = format!("syft job release {} --outputs", job["id"].as_str().unwrap());
    assert_eq!(job["waiting_for"]["command"], *command);
}

#[test]
fn lists_are_filtered_by_state_and_by_both_sides() {
    let it = sent(&[("one", "true\n"), ("two", "true\n")]);
    it.alice(&["job", "reject", "one"]).ok();
    let list = |filter: &[&str]| {
        jobs(&it.alice(&[&["job", "list", "--json"], filter].concat()).ok().json())
    };
    assert_eq!(list(&[]), ["one", "two"]);
    assert_eq!(list(&["--status", "pending"]), ["two"]);
    assert_eq!(list(&["--status", "rejected"]), ["one"]);
    assert_eq!(list(&["--from", BOB]), ["one", "two"]);
    assert_eq!(list(&["--from", ALICE]), [""; 0]);
    assert_eq!(list(&["--to", ALICE]), ["one", "two"]);
    it.alice(&["job", "list", "--status", "nonsense"]).exits(2);
}

#[test]
fn s11_an_ambiguous_job_is_an_error_that_lists_the_candidates() {
    let it = sent(&[("one", "true\n")]);
    let it_is = it.alice(&["job", "show", &format!("{BOB}/one"), "--json"]).ok().json();
    let id = it_is["id"].as_str().unwrap();
    it.alice(&["job", "show", &id[..6]]).ok();
    let missing = it.alice(&["job", "show", "zzz", "--json"]).exits(3).json_error();
    assert_eq!(missing["code"], "job_not_found");
    // Of 17 ids two begin with the same digit.
    for number in 2..=17 {
        let (script, name) = (it.write("x.sh", "true\n"), number.to_string());
        it.bob(&["job", "submit", &script, "--to", ALICE, "--name", &name, "--no-sync"]).ok();
    }
    let all = it.bob(&["job", "list", "--json"]).ok().json();
    let first = |job: &Value| job["id"].as_str().unwrap()[..1].to_owned();
    let digits: Vec<String> = all["jobs"].as_array().unwrap().iter().map(first).collect();
    let twice = digits.iter().find(|digit| digits.iter().filter(|d| d == digit).count() > 1);
    let said = it.bob(&["job", "show", twice.unwrap(), "--json"]).exits(3).json_error();
    assert_eq!(said["code"], "ambiguous");
    assert!(said["message"].as_str().unwrap().contains("(bob@uni.org/"));
}

#[test]
fn x9_what_a_job_prints_is_made_safe_and_never_json() {
    let script = "printf '\\033[2Jcleared\\nno line break'; printf 'to \\201 err' >&2\n";
    let it = sent(&[("one", script), ("two", script), ("three", script)]);
    for name in ["one", "two", "three"] {
        it.alice(&["job", "approve", name]).ok();
    }
    let said = it.alice(&["job", "run", "one"]).ok();
    assert!(said.raw.contains("  │ ‹U+001B›[2Jcleared\n"), "{}", said.raw);
    assert!(said.raw.contains("  │ no line break\n"), "{}", said.raw);
    assert!(said.raw.contains("  │ to \u{fffd} err\n"), "{}", said.raw);
    let said = it.alice(&["job", "run", "two", "--json"]).ok();
    assert!(!said.raw.contains("cleared") && !said.stderr.contains("cleared"), "{}", said.raw);
    let said = it.alice(&["job", "run", "three", "--no-stream"]).ok();
    assert!(!said.raw.contains("cleared"), "{}", said.raw);
    let log = it.alice(&["job", "logs", "one"]).ok();
    assert_eq!(log.raw, "‹U+001B›[2Jcleared\nno line break\n");
    let log = it.alice(&["job", "logs", "one", "--err", "--json"]).ok().json();
    assert_eq!(log["stream"], "stderr");
    assert_eq!(log["size"], 8);
    assert!(std::path::Path::new(log["path"].as_str().unwrap()).is_file());
}

#[test]
fn a_log_of_an_earlier_run_is_the_file_that_is_named() {
    let it = sent(&[("one", "echo on $RANDOM$RANDOM\n")]);
    it.alice(&["job", "approve", "one"]).ok();
    it.alice(&["job", "run", "one", "--share-logs"]).ok();
    it.alice(&["job", "rerun", "one", "--share-logs"]).ok();
    for who in ["alice", "bob"] {
        let logs =
            |more: &[&str]| it.syft(who, &[&["job", "logs", "one"], more].concat(), &[]).ok();
        let newest = logs(&["--json"]).json()["run"].as_str().unwrap().to_owned();
        let first = newest.replace("-2", "-1");
        for run in [newest, first] {
            let json = logs(&["--run", &run, "--json"]).json();
            let path = json["path"].as_str().unwrap();
            let text = std::fs::read_to_string(path).unwrap();
            assert_eq!(text, logs(&["--run", &run]).raw, "{who}: {run} at {path}");
        }
    }
}

#[test]
fn outputs_are_released_one_by_one_and_nothing_else_goes() {
    let script = "cd $SYFT_OUTPUTS; echo a > a.txt; mkdir sub; echo b > sub/b.txt; echo log\n";
    let it = sent(&[("one", script)]);
    it.alice(&["job", "approve", "one"]).ok();
    it.alice(&["job", "release", "one", "--outputs"]).exits(6);
    it.alice(&["job", "run", "one"]).ok();
    it.alice(&["job", "release", "one"]).exits(2);
    it.alice(&["job", "release", "one", "--file", "c.txt"]).exits(3);
    it.bob(&["job", "release", "one", "--outputs"]).exits(4);
    let said = it.alice(&["job", "release", "one", "--file", "sub/b.txt", "--json"]).ok().json();
    assert_eq!(said["delivery"], "sent");
    let released: Vec<bool> = said["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|output| output["released"].as_bool().unwrap())
        .collect();
    assert_eq!(released, [false, true]);
    let bobs = it.bob(&["job", "outputs", "one", "-o", "got", "--json"]).ok().json();
    assert_eq!(bobs["outputs"].as_array().unwrap().len(), 1);
    assert_eq!(std::fs::read_to_string(it.path("got/sub/b.txt")).unwrap(), "b\n");
    assert_eq!(it.bob(&["job", "logs", "one", "--json"]).ok().json()["available"], false);
    // The same again is fine; what somebody wrote there is kept.
    it.bob(&["job", "outputs", "one", "-o", "got"]).ok();
    it.write("got/sub/b.txt", "mine\n");
    let said = it.bob(&["job", "outputs", "one", "-o", "got", "--json"]).exits(6);
    assert_eq!(said.json_error()["code"], "file_exists");
    assert_eq!(std::fs::read_to_string(it.path("got/sub/b.txt")).unwrap(), "mine\n");
}

#[test]
fn only_the_owner_decides_and_only_the_submitter_withdraws() {
    let it = sent(&[("one", "true\n")]);
    for command in ["approve", "reject", "run", "diff"] {
        let said = it.bob(&["job", command, "one", "--json"]).exits(4);
        assert_eq!(said.json_error()["code"], "not_owner", "{command}");
    }
    assert_eq!(
        it.alice(&["job", "cancel", "one", "--json"]).exits(4).json_error()["code"],
        "not_submitter"
    );
    it.bob(&["job", "cancel", "one"]).ok();
    it.alice(&["sync"]).ok();
    let said = it.alice(&["job", "list", "--json"]).ok().json();
    assert_eq!(said["jobs"][0]["status"], "cancelled");
    it.alice(&["job", "approve", "one"]).exits(6);
}

#[test]
fn a_job_that_cannot_be_sent_says_what_is_wrong() {
    let it = sent(&[("one", "true\n")]);
    let one = it.path("one.sh").display().to_string();
    let taken = it.bob(&["job", "submit", &one, "--to", ALICE, "--name", "one", "--json"]).exits(6);
    assert_eq!(taken.json_error()["code"], "name_taken");
    it.bob(&["job", "submit", "nowhere.sh", "--to", ALICE]).exits(2);
    it.bob(&["job", "submit", &one, "--to", "carol@lab.org"]).exits(3);
    it.bob(&["job", "submit", &one, "--to", ALICE, "--dataset", "carol@lab.org/x"]).exits(2);
    it.bob(&["job", "submit", &one, "--to", ALICE, "--python", "--bash"]).exits(2);
    it.alice(&["job", "submit", &one, "--to", BOB]).exits(4);
}

#[test]
fn an_owner_who_takes_no_packages_is_told_what_a_job_needs() {
    let it = sent(&[]);
    let script = it.write("p.py", "print('hi')\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "p", "--dep", "numpy"]).ok();
    takes_packages(&it, "none");
    it.alice(&["sync"]).ok();
    let said = it.alice(&["job", "approve", "p", "--json"]).exits(4).json_error();
    assert_eq!(said["code"], "no_packages");
    assert_eq!(said["next"], "syft login --packages index");
    assert!(said["message"].as_str().unwrap().contains("numpy"), "{said}");
}

#[test]
fn a_job_runs_with_the_packages_of_a_folder_of_wheels() {
    let it = sent(&[]);
    std::fs::create_dir(it.path("wheels")).unwrap();
    let wheel = "import sys, zipfile\n\
        info = 'tiny-1.2.dist-info/'\n\
        with zipfile.ZipFile(sys.argv[1] + '/tiny-1.2-py3-none-any.whl', 'w') as wheel:\n    \
        wheel.writestr('tiny.py', 'ANSWER = 42\\n')\n    \
        wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.2\\n')\n    \
        wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n    \
        wheel.writestr(info + 'RECORD', 'tiny.py,,\\n')\n";
    let python = std::process::Command::new("/usr/bin/python3")
        .args(["-c", wheel])
        .arg(it.path("wheels"))
        .status();
    assert!(python.unwrap().success());
    takes_packages(&it, it.path("wheels").to_str().unwrap());
    let script = it.write("p.py", "import tiny\nprint(tiny.ANSWER)\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "p", "--dep", "tiny>=1"]).ok();
    it.alice(&["sync"]).ok();
    // Nothing is fetched for whoever asks; the owner may want it tried.
    let early = it.alice(&["review", "p"]).ok();
    assert!(early.stderr.contains("was not tried on the mock: "), "{}", early.stderr);
    assert!(early.stdout.contains("  packages    tiny>=1; you are told"), "{}", early.stdout);
    assert!(it.alice(&["job", "rehearse", "p"]).ok().raw.contains("42"));
    let known = it.alice(&["review", "p"]).ok();
    assert!(known.stdout.contains("  packages    tiny==1.2"), "{}", known.stdout);
    let said = it.alice(&["job", "approve", "p"]).ok();
    assert!(said.raw.contains("It runs with exactly tiny==1.2."), "{}", said.raw);
    it.alice(&["job", "run", "p"]).ok();
    assert!(it.alice(&["job", "logs", "p"]).ok().raw.contains("42"));
    assert!(it.alice(&["job", "rehearse", "p"]).ok().raw.contains("42"));
}

#[test]
fn a_uv_that_is_installed_for_this_user_installs_the_packages() {
    let it = TestBox::connected();
    let script = it.write("p.py", "print(1)\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "p", "--dep", "tiny"]).ok();
    std::fs::create_dir(it.path("wheels")).unwrap();
    takes_packages(&it, it.path("wheels").to_str().unwrap());
    it.alice(&["sync"]).ok();
    it.write("nobody/.local/bin/uv", "#!/bin/bash\necho this one \"$1\" \"$2\" >&2; exit 3\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(it.path("nobody/.local/bin/uv"), mode).unwrap();
    let said = it.alice(&["job", "approve", "p"]).exits(5);
    assert!(said.stderr.contains("this one pip compile"), "{}", said.stderr);
}

fn takes_packages(it: &TestBox, from: &str) {
    let url = it.url();
    let login = ["login", "--email", ALICE, "--transport", &url, "--role", "owner"];
    it.alice(&[&login[..], &["--packages", from]].concat()).ok();
}

#[test]
fn a_job_whose_time_is_up_has_failed() {
    let it = sent(&[("slow", "sleep 30\n")]);
    it.alice(&["job", "approve", "slow"]).ok();
    let said = it.alice(&["job", "run", "slow", "--timeout", "1", "--json"]).exits(7).json();
    assert_eq!(said["jobs"][0]["status"], "failed");
    assert_eq!(said["jobs"][0]["limits_hit"][0]["limit"], "wall");
}

#[test]
fn without_a_name_all_approved_jobs_are_run() {
    let it = sent(&[("one", "true\n"), ("two", "exit 2\n"), ("three", "true\n")]);
    assert_eq!(jobs(&it.alice(&["job", "run", "--json"]).ok().json()), [""; 0]);
    it.alice(&["job", "approve", "one"]).ok();
    it.alice(&["job", "approve", "two"]).ok();
    let said = it.alice(&["job", "run", "--json"]).exits(7).json();
    assert_eq!(jobs(&said), ["one", "two"]);
    assert_eq!(
        it.alice(&["job", "list", "--status", "inbox", "--json"]).ok().json()["jobs"][0]["name"],
        "three"
    );
}

#[test]
fn a_job_that_did_not_arrive_yet_is_fetched_before_it_is_decided_about() {
    let it = TestBox::connected();
    let script = it.write("hello.sh", "echo hello\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "fresh"]).ok();
    it.alice(&["job", "approve", "fresh"]).ok();
    assert_eq!(it.alice(&["job", "approve", "unknown"]).exits(3).stdout, "");
}

#[test]
fn what_was_released_of_an_earlier_run_is_found() {
    let it = sent(&[("one", "echo 41 > $SYFT_OUTPUTS/n.txt\n")]);
    it.alice(&["job", "approve", "one"]).ok();
    it.alice(&["job", "run", "one", "--share-outputs"]).ok();
    let ran = it.alice(&["job", "rerun", "one", "--share-logs", "--json"]).ok().json();
    let id = ran["jobs"][0]["id"].as_str().unwrap().to_owned();
    let said = it.bob(&["job", "outputs", "one"]).ok();
    let next = format!("syft job outputs {id} --run {id}-1");
    assert!(said.raw.contains("Files of an earlier run were released:"), "{}", said.raw);
    assert!(said.raw.contains(&next), "{}", said.raw);
    let run = next.rsplit(' ').next().unwrap();
    assert!(it.bob(&["job", "outputs", &id, "--run", run]).ok().raw.contains("n.txt"));
    let json = it.bob(&["job", "outputs", "one", "--json"]).ok().json();
    assert_eq!(json["earlier"], run);
}

#[test]
fn a_dataset_that_a_job_only_names_is_granted_when_it_is_approved() {
    let it = TestBox::connected();
    it.census(BOB);
    it.bob(&["sync"]).ok();
    let script = it.write("one.sh", "# 'census'\ncat $SYFT_DATASET_CENSUS\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "one"]).ok();
    it.alice(&["sync"]).ok();
    let shown = it.alice(&["job", "show", "one"]).ok();
    assert!(
        shown.raw.contains(
            "it names census and does not ask for it: approve it with --dataset census\n"
        ),
        "{}",
        shown.raw
    );
    it.alice(&["job", "approve", "one", "--dataset", "nowhere"]).exits(3);
    let said = it.alice(&["job", "approve", "one", "--dataset", "census"]).ok();
    assert!(said.raw.contains("It may read census, for which it does not ask."), "{}", said.raw);
    let said = it.alice(&["job", "run", "one"]).ok();
    assert!(said.raw.contains("  │ "), "{}", said.raw);
}
