//! The owner's rules, as they are typed.

use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

const FILE: &str = "alice/alice@hospital.org/private/policy.yaml";

/// A job of bob with parameters, in alice's inbox.
fn submit(it: &TestBox, job: &str, year: u32) {
    it.write(&format!("{job}/run.sh"), "cat params.json\n");
    it.write(&format!("{job}/params.json"), &format!("{{\"year\": {year}}}\n"));
    let folder = it.path(job).display().to_string();
    it.bob(&["job", "submit", &folder, "--to", ALICE, "--name", job]).ok();
    it.alice(&["sync"]).ok();
}

fn with_approved() -> TestBox {
    let it = TestBox::connected();
    submit(&it, "count", 2020);
    it.alice(&["job", "approve", "count"]).ok();
    it
}

fn status(it: &TestBox, job: &str) -> String {
    let jobs = it.alice(&["job", "list", "--json", "--no-sync"]).ok().json();
    let jobs = jobs["jobs"].as_array().unwrap().clone();
    let found = jobs.iter().find(|one| one["name"] == job).unwrap();
    found["status"].as_str().unwrap().to_owned()
}

#[test]
fn without_rules_each_job_waits() {
    let it = TestBox::connected();
    assert_snapshot!(it.alice(&["policy", "list"]).ok().all());
    let listed = it.alice(&["policy", "list", "--json"]).ok().json();
    assert_eq!(listed["schema"], "syft/policy-list/1");
    assert_eq!(listed["rules"], serde_json::json!([]));
    assert_eq!(listed["digest"], serde_json::Value::Null);
    submit(&it, "count", 2020);
    assert_snapshot!(it.alice(&["policy", "test", "count"]).exits(4).all());
    assert_snapshot!(it.alice(&["policy", "add", "--from-job", "count"]).exits(4).all());
    assert_snapshot!(it.alice(&["policy", "remove", "weekly"]).exits(3).all());
    it.alice(&["policy", "add", "--from-job", "nothing"]).exits(3);
    it.alice(&["policy", "add"]).exits(2);
}

#[test]
fn a_rule_is_made_from_a_job_tested_used_and_removed() {
    let it = with_approved();
    let add = ["policy", "add", "--from-job", "count", "--free-file", "params.json"];
    assert_snapshot!(it.alice(&add).ok().all());
    assert_snapshot!(it.alice(&["policy", "list"]).ok().all());
    let listed = it.alice(&["policy", "list", "--json"]).ok().json();
    assert_eq!(listed["rules"][0]["name"], "count");
    assert_eq!(listed["rules"][0]["peers"], serde_json::json!([BOB]));

    submit(&it, "later", 2021);
    assert_eq!(status(&it, "later"), "inbox");
    assert_snapshot!(it.alice(&["policy", "test", "later"]).exits(4).all());
    let file = it.path(FILE);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("max: 2020", "max: 2030 # as agreed")).unwrap();
    assert_snapshot!(it.alice(&["policy", "test", "later"]).ok().all());
    let tested = it.alice(&["policy", "test", "later", "--json"]).ok().json();
    assert_eq!(tested["schema"], "syft/policy-test/1");
    assert_eq!(tested["decision"], "approve");
    assert_eq!(tested["rules"][0]["matches"], true);
    assert_eq!(tested["isolation"], "L2");
    assert_eq!(tested["limits"]["wall"], 300);
    it.alice(&["sync"]).ok();
    assert_eq!(status(&it, "later"), "approved");
    let shown = it.alice(&["job", "show", "later"]).ok();
    assert!(shown.stdout.contains("by rule"), "{}", shown.stdout);
    let shown = it.alice(&["job", "show", "later", "--json"]).ok().json();
    assert_eq!(shown["rules"], serde_json::json!(["count"]));

    let refused = it.alice(&["job", "run", "later", "--allow-isolation", "L1"]).exits(4);
    assert!(refused.stderr.contains("no rule approves for a box below L2"), "{}", refused.all());
    let removed = it.alice(&["policy", "remove", "1", "--json"]).ok().json();
    assert_eq!(removed["rule"], "count");
    assert_snapshot!(it.alice(&["job", "run", "later"]).exits(4).all());
    let log = it.alice(&["audit", "log", "--json"]).ok().json();
    let entries = log["entries"].as_array().unwrap().clone();
    let actions = entries.iter().map(|entry| entry["action"].as_str().unwrap());
    let of_policy: Vec<&str> = actions.filter(|action| action.starts_with("policy.")).collect();
    assert_eq!(of_policy, ["policy.added", "policy.changed", "policy.removed"]);
}

#[test]
fn rules_of_datasets_and_peers_are_listed_and_a_bad_file_says_where() {
    let it = with_approved();
    it.write(
        FILE,
        "datasets:\n  census: {k: 10, outputs: [csv, json], logs: never, errors: never}\n  other: {k: 6}\npeers:\n\
         - {name: ours, domains: [uni.org]}\njobs:\n\
         - {name: ask, decide: manual, datasets: [census]}\n",
    );
    assert_snapshot!(it.alice(&["policy", "list"]).ok().all());
    it.write(FILE, "jobs:\n- name: weekly\n  isolation: L1\n");
    assert_snapshot!(it.alice(&["policy", "list"]).exits(4).all());
    let error = it.alice(&["policy", "test", "count", "--json"]).exits(4).json_error();
    assert_eq!(error["code"], "policy_file");
    it.alice(&["sync"]).ok();
}

#[test]
fn a_request_is_accepted_by_rule_on_a_folder_only_if_the_rule_believes_it() {
    let it = TestBox::new();
    it.write(FILE, "peers:\n- {name: ours, domains: [uni.org]}\n");
    it.bob(&["peer", "add", ALICE]).ok();
    let state = || {
        it.alice(&["sync"]).ok();
        let peers = it.alice(&["peer", "list", "--json"]).ok().json();
        peers["peers"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "requested_by_peer");
    it.write(FILE, "peers:\n- {name: ours, domains: [uni.org], identity: claimed}\n");
    assert_eq!(state(), "accepted");
}

#[test]
fn what_the_rule_of_a_dataset_keeps_is_not_released() {
    let it = TestBox::connected();
    it.census("any");
    it.bob(&["sync"]).ok();
    let script = it.write("ask.sh", "echo 1 > outputs/n.pkl\necho 1 > outputs/n.csv\n");
    let submit = ["job", "submit", &script, "--to", ALICE, "--name", "ask"];
    it.bob(&[&submit[..], &["--dataset", "alice@hospital.org/census"]].concat()).ok();
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "ask"]).ok();
    it.alice(&["job", "run", "ask", "--allow-isolation", "L1"]).ok();
    it.write(FILE, "datasets:\n  census: {outputs: [csv], logs: never}\n");
    assert_snapshot!(it.alice(&["job", "release", "ask", "--outputs"]).exits(4).all());
    assert_snapshot!(it.alice(&["job", "release", "ask", "--logs"]).exits(4).all());
    it.alice(&["job", "release", "ask", "--file", "n.csv"]).ok();
}

#[test]
fn the_doctor_looks_at_the_rules() {
    let it = with_approved();
    let rules = |code: i32| {
        let checks = it.alice(&["doctor", "--json"]);
        assert_eq!(checks.code, code, "{}", checks.stdout);
        let checks = checks.json()["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "rules")
    };
    assert_eq!(rules(0), None);
    it.alice(&["policy", "add", "--from-job", "count"]).ok();
    assert_eq!(rules(0).unwrap()["detail"], "1 rule");
    it.write(FILE, "jobs:\n- {name: a, digest: no}\n");
    let told = rules(4).unwrap()["detail"].as_str().unwrap().to_owned();
    assert!(told.contains("private/policy.yaml"), "{told}");
    it.bob(&["doctor", "--json"]).ok();
}

#[test]
fn r6_a_rule_is_shown_with_no_character_that_turns_others_around() {
    let it = TestBox::connected();
    it.write("count/run.sh", "cat params.json\n");
    // In JSON it needs not stand as what it is.
    it.write("count/params.json", "{\"word\": \"a\\u202eb\"}\n");
    let folder = it.path("count").display().to_string();
    it.bob(&["job", "submit", &folder, "--to", ALICE, "--name", "count"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    let add = ["policy", "add", "--from-job", "count", "--free-file", "params.json"];
    let said = it.alice(&add).ok();
    assert!(said.raw.contains("‹U+202E›") && !said.raw.contains('\u{202e}'), "{}", said.raw);
}
