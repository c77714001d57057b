//! Homes in the layout of PySyft: the story in it, the way into it and back, and
//! boxes that PySyft made.

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::{ALICE, BOB, Said, TestBox};
use insta::assert_snapshot;
use serde_json::Value;

const COUNT: &str = "\
#!/bin/bash
set -eu
echo counting
tail -n +2 \"$SYFT_DATASET_CENSUS\" | wc -l > \"$SYFT_OUTPUTS/count.txt\"
";

fn login(it: &TestBox, who: &str, email: &str, layout: &str) -> Said {
    let url = it.url();
    it.syft(who, &["login", "--email", email, "--transport", &url, "--layout", layout], &[])
}

/// Both in this layout, connected, and a dataset shared.
fn ready(alice: &str, bob: &str) -> TestBox {
    let it = TestBox::empty();
    login(&it, "alice", ALICE, alice).ok();
    login(&it, "bob", BOB, bob).ok();
    it.bob(&["peer", "add", ALICE]).ok();
    it.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
    it.bob(&["sync"]).ok();
    it.census(BOB);
    it.bob(&["sync"]).ok();
    it.write("count.sh", COUNT);
    it
}

/// From the submission to the released answer.
fn a_job_runs(it: &TestBox) {
    let dataset = format!("{ALICE}/census");
    let submit =
        ["job", "submit", "count.sh", "--to", ALICE, "--name", "count", "--dataset", &dataset];
    it.bob(&submit).ok();
    it.alice(&["job", "approve", "count"]).ok();
    it.alice(&["job", "run", "count"]).ok();
    it.alice(&["job", "release", "count", "--outputs", "--logs"]).ok();
    it.bob(&["job", "outputs", "count", "-o", "answer"]).ok();
    assert_eq!(std::fs::read_to_string(it.path("answer/count.txt")).unwrap(), "8\n");
}

/// The paths below a datasite, sorted, a line each.
fn paths(datasite: &Path) -> String {
    let mut found = Vec::new();
    let mut pending = vec![datasite.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let below = path.strip_prefix(datasite).unwrap();
                found.push(below.display().to_string());
            }
        }
    }
    found.sort();
    found.join("\n")
}

#[test]
fn the_story_leaves_in_both_homes_what_pysyft_has_there() {
    let it = ready("pysyft", "pysyft");
    a_job_runs(&it);
    assert_snapshot!(paths(&it.path("alice").join(ALICE)), @r"
    app_data/job/inbox/bob@uni.org/syft.pub.yaml
    app_data/job/inbox/bob@uni.org/v1/count/code/script.sh
    app_data/job/inbox/bob@uni.org/v1/count/config.yaml
    app_data/job/inbox/bob@uni.org/v1/count/run.sh
    app_data/job/review/bob@uni.org/syft.pub.yaml
    app_data/job/review/bob@uni.org/v1/count/outputs/count.txt
    app_data/job/review/bob@uni.org/v1/count/receipt.yaml
    app_data/job/review/bob@uni.org/v1/count/returncode.txt
    app_data/job/review/bob@uni.org/v1/count/state.yaml
    app_data/job/review/bob@uni.org/v1/count/stderr.txt
    app_data/job/review/bob@uni.org/v1/count/stdout.txt
    private/syft_datasets/census/census.csv
    private/syft_datasets/census/private_metadata.yaml
    private/syft_datasets/census/syft.pub.yaml
    public/syft_datasets/census/census_mock.csv
    public/syft_datasets/census/dataset.yaml
    public/syft_datasets/census/syft.pub.yaml
    ");
    assert_snapshot!(paths(&it.path("bob").join(ALICE)), @r"
    app_data/job/inbox/bob@uni.org/v1/count/code/script.sh
    app_data/job/inbox/bob@uni.org/v1/count/config.yaml
    app_data/job/inbox/bob@uni.org/v1/count/run.sh
    app_data/job/review/bob@uni.org/v1/count/outputs/count.txt
    app_data/job/review/bob@uni.org/v1/count/receipt.yaml
    app_data/job/review/bob@uni.org/v1/count/returncode.txt
    app_data/job/review/bob@uni.org/v1/count/state.yaml
    app_data/job/review/bob@uni.org/v1/count/stderr.txt
    app_data/job/review/bob@uni.org/v1/count/stdout.txt
    public/syft_datasets/census/census_mock.csv
    public/syft_datasets/census/dataset.yaml
    ");
    let rules = |side: &str| {
        let path = format!("alice/{ALICE}/app_data/job/{side}/{BOB}/syft.pub.yaml");
        std::fs::read_to_string(it.path(&path)).unwrap()
    };
    assert_snapshot!(rules("inbox"), @r"
    rules:
    - access:
        admin: []
        read: []
        write:
        - bob@uni.org
      pattern: '**'
    terminal: false
    ");
    assert_snapshot!(rules("review"), @r"
    rules:
    - access:
        admin: []
        read:
        - bob@uni.org
        write: []
      pattern: '**'
    terminal: false
    ");
}

#[test]
fn a_datasite_moves_into_the_layout_and_back_with_all_that_is_in_it() {
    let it = ready("native", "native");
    a_job_runs(&it);
    let script = it.write("wait.sh", "echo later\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "wait"]).ok();
    it.alice(&["sync"]).ok();
    let list = |who: &str, what: &str| it.syft(who, &[what, "list", "--json"], &[]).ok().json();
    let before = BTreeMap::from([
        ("jobs", list("alice", "job")),
        ("jobs of bob", list("bob", "job")),
        ("datasets", list("alice", "dataset")),
    ]);
    let native = paths(&it.path("alice").join(ALICE));
    assert_snapshot!(login(&it, "alice", ALICE, "pysyft").ok().all(), @r"
    Logged in as alice@hospital.org
      home   $BOX/alice
      role   both
      store  file://$BOX/shared
      words  <WORDS>
    Your datasite was moved from the layout native into the layout pysyft: jobs and datasets are where that one has them.

    Next, ask a data owner to become a peer:
        syft peer add EMAIL
    ");
    let moved = paths(&it.path("alice").join(ALICE));
    assert!(!moved.contains("\njobs/") && !moved.contains("/datasets/"), "{moved}");
    assert!(
        moved.contains("app_data/job/review/bob@uni.org/v1/count/outputs/count.txt"),
        "{moved}"
    );
    it.alice(&["sync"]).ok();
    it.bob(&["sync"]).ok();
    it.bob(&["sync"]).ok();
    let same = |layout: &str| {
        assert_eq!(list("alice", "job"), before["jobs"], "{layout}");
        assert_eq!(list("alice", "dataset"), before["datasets"], "{layout}");
        assert_eq!(list("bob", "job"), before["jobs of bob"], "{layout}");
    };
    same("pysyft");
    // The job that waited runs as it was sent, and its submitter gets the answer.
    login(&it, "alice", ALICE, "native").ok();
    it.alice(&["sync"]).ok();
    it.bob(&["sync"]).ok();
    it.bob(&["sync"]).ok();
    same("native");
    assert_eq!(paths(&it.path("alice").join(ALICE)), native);
    it.alice(&["job", "approve", "wait"]).ok();
    it.alice(&["job", "run", "wait"]).ok();
    it.alice(&["job", "release", "wait", "--logs"]).ok();
    assert!(it.bob(&["job", "logs", "wait"]).ok().stdout.contains("later"));
}

#[test]
fn a_native_scientist_and_an_owner_in_the_other_layout_understand_each_other() {
    for (alice, bob) in [("pysyft", "native"), ("native", "pysyft")] {
        let it = ready(alice, bob);
        a_job_runs(&it);
    }
}

#[test]
fn a_layout_that_there_is_not_is_named() {
    let it = TestBox::empty();
    let said = login(&it, "alice", ALICE, "nested");
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("there are native and pysyft"), "{}", said.stderr);
}

/// The box of an owner as PySyft wrote it: its jobs and what became of them.
fn python_box(it: &TestBox) -> String {
    let table = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let fixture = |name: &str| {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../syft-job/tests/fixtures/pysyft");
        table(&std::fs::read_to_string(folder.join(name)).unwrap())
    };
    let home = "SyftBox_do@org.example";
    let put = |folder: &str, files: &Value| {
        for file in files.as_array().unwrap() {
            let path = format!("{home}/{folder}/{}", file["path"].as_str().unwrap());
            it.write(&path, file["text"].as_str().unwrap());
        }
    };
    for job in fixture("submissions.json")["jobs"].as_array().unwrap() {
        if let Some(folder) = job["dir"].as_str() {
            put(folder, &job["files"]);
        }
    }
    // As it stands after an approval, a rejection and a result.
    let steps = fixture("owner_lifecycle.json")["steps"].clone();
    for step in [0, 2, 3] {
        put("do@org.example", &steps[step]["files"]);
    }
    home.to_owned()
}

/// Name and state of each job, as `job list` says.
fn states(it: &TestBox, home: &str) -> Vec<(String, String)> {
    let said = it.syft(home, &["job", "list", "--json"], &[]).ok().json();
    let word = |job: &Value, key: &str| job[key].as_str().unwrap().to_owned();
    let jobs = said["jobs"].as_array().unwrap().iter();
    let mut states: Vec<_> = jobs.map(|job| (word(job, "name"), word(job, "status"))).collect();
    states.sort();
    states
}

#[test]
fn a_box_of_pysyft_is_opened_as_it_lies_there_and_stays_what_it_is() {
    let it = TestBox::empty();
    let home = python_box(&it);
    let before = paths(&it.path(&home).join("do@org.example"));
    assert_snapshot!(it.syft(&home, &["whoami"], &[]).ok().all(), @"
    do@org.example
      home      $BOX/SyftBox_do@org.example
      datasite  $BOX/SyftBox_do@org.example/do@org.example
      role      both
      store     none: nobody has logged in here
      layout    pysyft
      sealing   auto
      packages  index
    ");
    // What was approved there and has not run waits for a decision here.
    let expected = [
        ("bash job", "inbox"),
        ("explicit", "inbox"),
        ("py-file", "inbox"),
        ("py_folder", "rejected"),
        ("py_uv", "done"),
    ]
    .map(|(name, state)| (name.to_owned(), state.to_owned()));
    assert_eq!(states(&it, &home), expected);
    assert_eq!(paths(&it.path(&home).join("do@org.example")), before);
    let explain = ["perm", "explain", "app_data/job/inbox/ds@uni.example/v1/x", "ds@uni.example"];
    assert!(it.syft(&home, &explain, &[]).ok().stdout.contains("write: yes"));
    let synced = it.syft(&home, &["sync"], &[]).exits(2);
    assert!(synced.stderr.contains("login --email"), "{}", synced.stderr);
    // A login names no layout, and the box keeps its own.
    let url = it.url();
    let login = ["login", "--email", "do@org.example", "--transport", &url];
    it.syft(&home, &login, &[]).ok();
    assert_eq!(states(&it, &home), expected);
}

#[test]
fn a_box_of_pysyft_in_which_jobs_have_ended_is_not_made_native() {
    for listed in [false, true] {
        let it = TestBox::empty();
        let home = python_box(&it);
        if listed {
            states(&it, &home);
        }
        let before = paths(&it.path(&home).join("do@org.example"));
        let refused = login(&it, &home, "do@org.example", "native").exits(6);
        assert!(refused.stderr.contains("ended in PySyft"), "{}", refused.stderr);
        assert_eq!(paths(&it.path(&home).join("do@org.example")), before);
        assert_eq!(states(&it, &home).len(), 5);
    }
}

/// What a scientist has there is the copies of others.
#[test]
fn the_box_of_a_scientist_is_one_of_pysyft_by_its_name() {
    let it = TestBox::empty();
    login(&it, "SyftBox_new@uni.org", "new@uni.org", "pysyft").ok();
    let url = it.url();
    std::fs::create_dir_all(it.path("SyftBox_bare@uni.org")).unwrap();
    let bare = ["login", "--email", "bare@uni.org", "--transport", &url];
    it.syft("SyftBox_bare@uni.org", &bare, &[]).ok();
    let said = it.syft("SyftBox_bare@uni.org", &["whoami", "--json"], &[]).ok().json();
    assert_eq!(said["layout"], "pysyft");
}

/// What no file governs is its owner's alone in the one layout, and stays so.
#[test]
fn a_change_of_layout_publishes_nothing() {
    let it = ready("pysyft", "pysyft");
    it.write(&format!("alice/{ALICE}/public/draft.csv"), "x\n");
    login(&it, "alice", ALICE, "native").ok();
    for _ in 0..2 {
        it.alice(&["sync"]).ok();
        it.bob(&["sync"]).ok();
        login(&it, "alice", ALICE, "native").ok();
    }
    assert!(!it.path(&format!("bob/{ALICE}/public/draft.csv")).exists());
}
