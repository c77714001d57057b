//! Outputs in which something is found, from the run to the release.

use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

const SCRIPT: &str = "\
cd \"$SYFT_OUTPUTS\"
printf 'age,sex\\n31,f\\n47,m\\n' > 'two rows.csv'
printf 'mean_age\\n42\\n' > mean.csv
";

/// A job of bob, approved, which leaves a row of alice's data beside an answer.
fn approved() -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    it.bob(&["sync"]).ok();
    let script = it.write("ask.sh", SCRIPT);
    let submit = ["job", "submit", &script, "--to", ALICE, "--name", "ask"];
    it.bob(&[&submit[..], &["--dataset", "alice@hospital.org/census"]].concat()).ok();
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "ask"]).ok();
    it
}

/// What was said, whatever box there is.
fn told(said: &str) -> String {
    said.lines()
        .filter(|line| !line.starts_with("  box "))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn what_is_found_is_held_told_and_leaves_by_name() {
    let it = approved();
    let ran = it.alice(&["job", "run", "ask", "--share-outputs", "--allow-isolation", "L1"]);
    assert_snapshot!(told(&ran.ok().all()));
    assert_snapshot!(it.alice(&["job", "outputs", "ask"]).ok().all());
    let shown = it.alice(&["job", "show", "ask", "--json"]).ok().json();
    assert_eq!(shown["held"], serde_json::json!(["two rows.csv"]));
    assert_eq!(shown["findings"][0]["file"], "two rows.csv");
    assert_eq!(shown["findings"][0]["severity"], "finding");
    assert_eq!(shown["findings"][0]["dataset"], "census");
    assert_eq!(shown["waiting_for"]["who"], ALICE);
    let queue = it.alice(&["review", "--json"]).ok().json();
    assert_eq!(queue["jobs"][0]["held"], shown["held"]);

    // The scientist has one half and waits for the other.
    let half = it.bob(&["job", "show", "ask", "--json"]).ok().json();
    assert_eq!(half["outputs"].as_array().unwrap().len(), 1);
    assert_eq!(half["waiting_for"]["who"], ALICE);
    assert!(half["findings"].is_null() && half["held"].is_null());

    assert_snapshot!(it.alice(&["job", "release", "ask", "--file", "two rows.csv"]).ok().all());
    let released = it.alice(&["job", "release", "ask", "--outputs", "--json"]).ok().json();
    assert_eq!(released["findings"], shown["findings"]);
    assert!(released["waiting_for"].is_null());
    let log = it.alice(&["audit", "log", "--json"]).ok().json().to_string();
    assert!(log.contains("two rows.csv row"), "{log}");
    let whole = it.bob(&["job", "show", "ask", "--json"]).ok().json();
    assert_eq!(whole["outputs"].as_array().unwrap().len(), 2);
    assert!(whole["waiting_for"].is_null());
}

#[test]
fn an_earlier_run_is_told_by_what_was_seen_in_it_and_releases_nothing_of_the_latest() {
    let it = approved();
    let how = ["--share-outputs", "--allow-isolation", "L1"];
    it.alice(&[&["job", "run", "ask"][..], &how].concat()).ok();
    it.alice(&[&["job", "rerun", "ask"][..], &how].concat()).ok();
    let of = |args: &[&str]| it.alice(&[&["job", "outputs", "ask"][..], args].concat()).ok();
    // Nobody has looked at it, as if it had run before there was a check.
    let first = of(&["--run", "1", "--json"]).json()["run"].as_str().unwrap().to_owned();
    let checked = it.path("alice/.syft/runs").join(first).join("checked.json");
    std::fs::remove_file(&checked).unwrap();
    let earlier = of(&["--run", "1"]).stdout;
    assert!(earlier.contains("copy of a private row"), "{earlier}");
    assert!(checked.exists() && !earlier.contains("syft job release"), "{earlier}");
    let latest = of(&[]).stdout;
    assert!(latest.contains("syft job release"), "{latest}");
}
