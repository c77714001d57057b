//! Jobs as the Python peer writes, reads and judges them, table by table.

use std::collections::BTreeMap;
use std::fs;

use crate::common::{Home, OWNER, Pair, SCIENTIST, email, name, tree};
use serde_json::{Map, Value, json};
use syft_core::{JobName, LayoutKind, Timestamp, yaml};
use syft_job::{
    ApproveOptions, Intake, JobKind, Protocol, PythonState, ReleaseFiles, Script, Status,
    Submission,
};

macro_rules! fixture {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../fixtures/pysyft/", $name))).unwrap()
    };
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("no {key} in {case}"))
}

fn list<'a>(case: &'a Value, key: &str) -> &'a [Value] {
    case[key].as_array().map_or(&[], Vec::as_slice)
}

/// A YAML file of the table, as data.
fn data(text: &str) -> Map<String, Value> {
    yaml::from_str(text).unwrap()
}

fn files(case: &Value) -> BTreeMap<&str, &str> {
    list(case, "files").iter().map(|file| (text(file, "path"), text(file, "text"))).collect()
}

/// What the Python peer reads of a file that a native node wrote: all its own keys
/// are there, with these values.
fn same_to_python(found: &str, expected: &str, apart: &[&str], case: &str) {
    let (found, expected) = (data(found), data(expected));
    for (key, value) in &expected {
        if !apart.contains(&key.as_str()) {
            assert_eq!(found.get(key), Some(value), "{case}: {key}");
        } else {
            assert!(found.contains_key(key), "{case}: {key} is missing");
        }
    }
}

/// The scientist's home, and whom its jobs are for: an owner who runs them with the
/// Python peer.
fn scientist() -> Home {
    let home = Home::in_layout("ds@uni.example", 3, LayoutKind::Pysyft);
    home.layouts.learn(&email("do@org.example"), LayoutKind::Pysyft, Some("syft==0.10.0"));
    home
}

fn submission(home: &Home, call: &Value, sources: &Value) -> Submission {
    let mut submission = Submission::new(email("do@org.example"), Script::Text(String::new()));
    submission.name = JobName::parse(text(call, "name")).ok();
    let folder = format!("src-{}", text(call, "name"));
    for file in list(sources, "source_files") {
        home.write(&format!("{folder}/{}", text(file, "path")), text(file, "text"));
    }
    let source = home.path(&folder);
    match text(call, "kind") {
        "bash" => {
            submission.kind = Some(JobKind::Bash);
            submission.script = Script::Text(text(call, "script").to_owned());
        }
        "file" => {
            submission.kind = Some(JobKind::Python);
            submission.script = Script::Path(source.join(text(call, "src")));
        }
        _ => {
            submission.kind = Some(JobKind::Python);
            submission.script = Script::Path(source);
        }
    }
    submission.dependencies =
        list(call, "deps").iter().map(|it| it.as_str().unwrap().to_owned()).collect();
    submission.entrypoint = call["entry"].as_str().map(str::to_owned);
    submission
}

/// `run.sh` and `code/` byte for byte, `config.yaml` as data. Two keys differ on
/// purpose: `code_path` never names a path of the submitter's machine, and times are
/// of the moment.
#[test]
fn submissions_are_those_of_the_python_peer() {
    let table = fixture!("submissions.json");
    let home = scientist();
    let mut compared = 0;
    for case in list(&table, "jobs") {
        let call = &case["submit"];
        let title = text(call, "name");
        if JobName::parse(title).is_err() {
            assert_eq!(text(case, "error"), "ValueError", "{title}: {case}");
            continue;
        }
        if case.get("error").is_some() && case.get("source_files").is_none() {
            // Refused here as there; the sources of these are not in the table.
            match title {
                "ambiguous" => {
                    home.write("src-ambiguous/a.py", "1");
                    home.write("src-ambiguous/b.py", "2");
                }
                "bad_entry" => home.write("src-bad_entry/b.txt", "x"),
                "not-py" => home.write("src-not-py/x.txt", "x"),
                _ => {}
            }
        }
        let sent = home.store.submit(&submission(&home, call, case));
        if case.get("error").is_some() {
            assert!(sent.is_err(), "{title} was taken: {sent:?}");
            continue;
        }
        let sent = sent.unwrap_or_else(|error| panic!("{title}: {error}"));
        assert_eq!(sent.location.as_str(), text(case, "dir"), "{title}");
        let found = tree(&home.path(sent.location.as_str()));
        let expected = files(case);
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>(),
            "{title}"
        );
        for (path, expected) in expected {
            let found = std::str::from_utf8(&found[path]).unwrap();
            if path == "config.yaml" {
                same_to_python(found, expected, &["code_path", "submitted_at", "files"], title);
                let sorted = |text: &str| {
                    let mut files = data(text)["files"].as_array().unwrap().clone();
                    files.sort_by_key(ToString::to_string);
                    files
                };
                assert_eq!(sorted(found), sorted(expected), "{title}: files");
                assert_eq!(data(found)["code_path"], Value::Null, "{title}");
            } else {
                assert_eq!(found, expected, "{title}: {path}");
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 5);
}

/// What would end the quotes of the generated script is not sent at all.
#[test]
fn r5_nothing_is_pasted_into_run_sh_that_a_shell_would_obey() {
    let home = scientist();
    home.write("src/main.py", "print(1)\n");
    home.write("src/my script.py", "print(1)\n");
    for dependency in ["x\"; touch y; \"", "$(id)", "`id`", "a\\", "a\nb", "a!b"] {
        let mut job =
            Submission::new(email("do@org.example"), Script::Path(home.path("src/main.py")));
        job.dependencies = vec![dependency.to_owned()];
        let refused = home.store.submit(&job).unwrap_err();
        assert!(refused.to_string().contains("quotes"), "{dependency}: {refused}");
    }
    let script = Script::Path(home.path("src/my script.py"));
    let refused = home.store.submit(&Submission::new(email("do@org.example"), script));
    assert!(refused.unwrap_err().to_string().contains("my script.py"));
}

/// Stricter than the Python peer, which takes any text but `v` and digits.
#[test]
fn r10_names_that_the_python_peer_refuses_are_refused_here() {
    let table = fixture!("job_names.json");
    let stricter = ["", "../x", "a/b", "v1 ", "v\u{b2}"];
    for case in table.as_array().unwrap() {
        let (title, ok) = (text(case, "name"), case["ok"].as_bool().unwrap());
        let here = JobName::parse(title).is_ok();
        if stricter.contains(&title) {
            assert!(ok && !here, "{title:?}");
        } else {
            assert_eq!(here, ok, "{title:?}");
        }
    }
}

/// A folder with another entry than the three is rejected by the Python peer. Here
/// what would run is `run.sh` and `code/`, whatever lies beside them: it is not part
/// of the job, and never taken.
#[test]
fn entries_are_judged_as_the_python_peer_does_where_they_count() {
    let table = fixture!("validate_submission.json");
    for case in list(&table, "cases") {
        let (title, valid) = (text(case, "name"), case["valid"].as_bool().unwrap());
        let home = Home::in_layout(OWNER, 1, LayoutKind::Pysyft);
        let folder = format!("{OWNER}/app_data/job/inbox/{SCIENTIST}/v1/j");
        for entry in list(case, "entries") {
            let path = format!("{folder}/{}", entry.as_str().unwrap());
            let config = "canonical_name: JobSubmissionMetadata\nname: j\n\
                submitted_at: '2026-01-01T00:00:00Z'\ntype: bash\nversion: '1'\n";
            if path.ends_with('/') {
                fs::create_dir_all(home.path(&path)).unwrap();
            } else {
                home.write(&path, if path.ends_with("config.yaml") { config } else { "echo\n" });
            }
        }
        let intake = home.store.intake(&email(SCIENTIST), &name("j")).unwrap();
        let taken = matches!(intake, Intake::Received { .. });
        match title {
            "extra" | "hidden_extra" | "no_code" => assert!(taken && !valid, "{title}"),
            _ => assert_eq!(taken, valid, "{title}: {intake:?}"),
        }
    }
}

/// The values of a state with the spellings of times made one.
fn plain(state: &PythonState) -> Value {
    let mut value = serde_json::to_value(state).unwrap();
    value["canonical_name"] = json!("JobState");
    value["version"] = json!("1");
    for key in ["received_at", "approved_at", "rejected_at", "completed_at"] {
        if let Some(time) = value[key].as_str() {
            value[key] = json!(time.replace(' ', "T"));
        }
    }
    value
}

fn protocol(case: &Value) -> Protocol {
    if text(case, "protocol") == "1" { Protocol::One } else { Protocol::Zero }
}

#[test]
fn odd_states_are_read_as_the_python_peer_reads_them() {
    let table = fixture!("yaml_reading.json");
    for case in list(&table, "state") {
        let title = text(case, "name");
        let read = PythonState::parse(text(case, "yaml"), protocol(case));
        match case["ok"].as_bool().unwrap() {
            true => assert_eq!(plain(&read.unwrap()), case["value"], "{title}"),
            false => assert!(read.is_err(), "{title}: {read:?}"),
        }
    }
}

#[test]
fn odd_configs_are_read_as_the_python_peer_reads_them() {
    let table = fixture!("yaml_reading.json");
    for case in list(&table, "config") {
        let title = text(case, "name");
        let home = Home::in_layout("do@org.example", 1, LayoutKind::Pysyft);
        let below = if text(case, "protocol") == "1" { "v1/" } else { "" };
        let folder = format!("do@org.example/app_data/job/inbox/ds@uni.example/{below}cf-{title}");
        home.write(&format!("{folder}/run.sh"), "echo\n");
        home.write(&format!("{folder}/config.yaml"), text(case, "yaml"));
        let job = name(&format!("cf-{title}"));
        let intake = home.store.intake(&email("ds@uni.example"), &job).unwrap();
        let taken = match intake {
            Intake::Received { id, .. } => Some(home.store.received(&id).unwrap()),
            _ => None,
        };
        // This node is no enclave: what is meant for one it does not run.
        let expected = case["ok"].as_bool().unwrap() && title != "enclave";
        assert_eq!(taken.is_some(), expected, "{title}");
        let Some(job) = taken else { continue };
        // R1: the place says who sent what to whom, whatever the file says.
        let value = &case["value"];
        assert_eq!(job.submitted_by().as_str(), text(value, "submitted_by"), "{title}");
        assert_eq!(job.owner().as_str(), text(value, "datasite_email"), "{title}");
        assert_eq!(job.name().as_str(), text(value, "name"), "{title}");
        assert!(job.dependencies().is_empty(), "{title}");
    }
}

#[test]
fn jobs_of_the_older_protocol_are_read_where_they_lie() {
    let table = fixture!("protocol0.json");
    let home = Home::in_layout("do@org.example", 1, LayoutKind::Pysyft);
    let path = text(&table, "config_path");
    home.write(path, text(&table, "config"));
    let folder = path.strip_suffix("/config.yaml").unwrap();
    home.write(&format!("{folder}/run.sh"), "echo hi\n");
    home.write(&format!("{folder}/code/script.sh"), "echo hi\n");
    home.write(text(&table, "state_path"), text(&table, "state"));
    home.store.take_over().unwrap();
    let job = home.store.job("v0job").unwrap();
    assert_eq!((job.status(), job.folder().as_str()), (Status::Inbox, folder));
    // What its owner decides is shown in the older form.
    home.store.approve(job.id(), &ApproveOptions::default()).unwrap();
    home.store.project_all().unwrap();
    let shown = fs::read_to_string(home.path(text(&table, "state_path"))).unwrap();
    let state = PythonState::parse(&shown, Protocol::Zero).unwrap();
    assert_eq!(state.status.status(), Status::Approved);
    assert_eq!(state.received_at.as_deref(), Some("2026-01-02T03:04:06.123000Z"));
    assert!(!data(&shown).contains_key("version"), "{shown}");
}

/// The Python peer's seven states and four actions in ours. Three rows differ, each
/// because a decision here is about bytes and can be taken anew as long as nothing
/// has run; results are never deposited by hand, they come out of a box alone.
#[test]
fn actions_are_taken_in_the_states_in_which_the_python_peer_takes_them() {
    let table = fixture!("transitions.json");
    for row in table.as_array().unwrap() {
        let (from, action) = (text(row, "from"), text(row, "action"));
        let pair = Pair::in_layout(LayoutKind::Pysyft);
        if from == "received" || action == "accept_by_depositing_result" {
            // There is no job that was received and not looked at, nor that action.
            continue;
        }
        if from == "running" {
            // `runs.rs`: nothing is decided about a job that runs.
            continue;
        }
        let exit = if from == "failed" { "exit 3\n" } else { "exit 0\n" };
        let id = pair.sent("j", exit);
        let store = &pair.owner.store;
        match from {
            "approved" => pair.approve(&id),
            "rejected" => drop(store.reject(&id, None).unwrap()),
            "done" | "failed" => {
                pair.approve(&id);
                pair.run(&id).unwrap();
            }
            _ => {}
        }
        let done = match action {
            "approve" => store.approve(&id, &ApproveOptions::default()).is_ok(),
            "reject" => store.reject(&id, None).is_ok(),
            _ => store.check_rerun(&id).is_ok(),
        };
        let again = [
            ("approved", "approve"),
            ("approved", "reject"),
            ("rejected", "approve"),
            ("rejected", "reject"),
        ];
        let expected = row["ok"].as_bool().unwrap() || again.contains(&(from, action));
        assert_eq!(done, expected, "{from}: {action}");
    }
}

/// The `state.yaml` of each step, as data; times are of the moment. The permission
/// files are those of `syft-sync`, which makes them.
#[test]
fn each_step_of_a_jobs_life_is_shown_as_the_python_peer_shows_it() {
    let table = fixture!("owner_lifecycle.json");
    let steps = list(&table, "steps");
    let expected = |step: usize, job: &str| {
        let path = format!("app_data/job/review/ds@uni.example/v1/{job}/state.yaml");
        files(&steps[step])[path.as_str()].to_owned()
    };
    let pair = Pair::in_layout(LayoutKind::Pysyft);
    let times = ["received_at", "approved_at", "rejected_at", "completed_at"];
    let check = |job: &str, expected: &str, apart: &[&str], step: &str| {
        let (_, results) = pair.folders(job);
        let path = pair.owner.path(&results).join("state.yaml");
        let found = fs::read_to_string(path).unwrap();
        let expected = expected.replace("do@org.example", OWNER);
        let mut ignored = times.to_vec();
        ignored.extend(apart);
        same_to_python(&found, &expected, &ignored, step);
        // A time is there where the Python peer has one, and only there.
        for time in times {
            let is_null = |text: &str| data(text)[time].is_null();
            assert_eq!(is_null(&found), is_null(&expected), "{step}: {time} in {found}");
        }
    };
    let store = &pair.owner.store;
    let explicit = pair.sent("explicit", "exit 0\n");
    check("explicit", &expected(1, "explicit"), &[], "pending");
    pair.approve(&explicit);
    store.project_all().unwrap();
    check("explicit", &expected(2, "explicit"), &[], "approved");
    let folder = pair.sent("py_folder", "exit 0\n");
    store.reject(&folder, Some("looks fine")).unwrap();
    store.project_all().unwrap();
    check("py_folder", &expected(2, "py_folder"), &[], "rejected");
    // Approved by hand: this node has no automatic approvals.
    let uv = pair.sent("py_uv", "echo dep > outputs/dep.csv\n");
    let reason = Some("looks fine".to_owned());
    store.approve(&uv, &ApproveOptions { reason, ..ApproveOptions::default() }).unwrap();
    store.project_all().unwrap();
    check("py_uv", &expected(2, "py_uv"), &["approval_method"], "approved with a reason");
    pair.run(&uv).unwrap();
    // The exit code is told at once, as the Python peer does; the logs are not.
    check("py_uv", &expected(3, "py_uv"), &["approval_method"], "done");
    let (_, results) = pair.folders("py_uv");
    let file = |name: &str| pair.owner.path(&results).join(name);
    assert!(!file("returncode.txt").exists() && !file("stderr.txt").exists());
    store.release(&uv, None, &ReleaseFiles::All, true).unwrap();
    assert!(file("returncode.txt").exists() && file("stderr.txt").exists());
    check("py_uv", &expected(3, "py_uv"), &["approval_method"], "released");
}

/// What lies in the review folder after a run and its release. Other than with the
/// Python peer nothing of it is there before its owner has released it, and no job
/// reads the environment of whoever runs it.
#[test]
fn r12_a_release_leaves_what_the_python_peer_leaves() {
    let table = fixture!("runs.json");
    for case in list(&table, "runs") {
        let title = text(case, "name");
        // Time limits are the box's: `tests/box_limits.rs`. A job's own outputs folder
        // is empty when it starts.
        let script = match title {
            "ok" => text(case, "run_sh").replace(" $OUTER_SECRET", ""),
            "fail_shared" => text(case, "run_sh").to_owned(),
            _ => continue,
        };
        let pair = Pair::in_layout(LayoutKind::Pysyft);
        let id = pair.sent("j", &script);
        pair.approve(&id);
        pair.run(&id).unwrap();
        let (_, results) = pair.folders("j");
        let shown = || tree(&pair.owner.path(&results));
        // The receipt is for a native peer, and the Python peer asks for no such file.
        let before = shown();
        assert_eq!(before.keys().collect::<Vec<_>>(), ["receipt.yaml", "state.yaml"], "{title}");
        pair.owner.store.release(&id, None, &ReleaseFiles::All, true).unwrap();
        let shown = shown();
        for file in list(case, "review_files") {
            let path = text(file, "path");
            let Some(path) = path.strip_prefix("v1/j/") else { continue };
            let found = String::from_utf8(shown[path].clone()).unwrap();
            match file.get("yaml_subset").and_then(Value::as_object) {
                Some(subset) => {
                    let found = data(&found);
                    assert!(
                        subset.iter().all(|(key, value)| found.get(key) == Some(value)),
                        "{title}"
                    );
                }
                // The lines that a job prints of its place and caller are of that place.
                None if path == "stdout.txt" => {}
                None => assert_eq!(found, text(file, "text"), "{title}: {path}"),
            }
        }
    }
}

#[test]
fn times_are_read_with_and_without_an_offset() {
    for (text, seconds) in [
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T01:01:00+01:00", 60.0),
        ("1970-01-01 00:01:00.5", 60.5),
        ("1970-01-01T00:01:00", 60.0),
    ] {
        assert_eq!(f64::from(Timestamp::from_iso8601(text).unwrap()), seconds, "{text}");
    }
    assert!(Timestamp::from_iso8601("yesterday").is_err());
    let long = format!("approved_at: '{}'\n", "yesterday ".repeat(500));
    let error = PythonState::parse(&long, Protocol::Zero).unwrap_err().to_string();
    assert!(error.contains("yesterday") && error.len() < 200, "{error}");
    let time = Timestamp::new(1_773_480_413.589_793).unwrap();
    assert_eq!(time.to_rfc3339_micros(), "2026-03-14T09:26:53.589793Z");
}
