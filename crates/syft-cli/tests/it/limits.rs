//! What an owner says that a job may use is what is approved, and what it gets.

use crate::common::{ALICE, TestBox};
use insta::assert_snapshot;

/// A job of bob in alice's inbox.
fn inbox(script: &str) -> TestBox {
    let it = TestBox::connected();
    let script = it.write("ask.sh", script);
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "ask"]).ok();
    it.alice(&["sync"]).ok();
    it
}

#[test]
fn the_limits_that_are_said_are_shown_and_bound_by_the_approval() {
    let it = inbox("ulimit -n\n");
    let said = ["--memory", "512MiB", "--open-files", "64"];
    assert_snapshot!(it.alice(&[&["review", "ask"], &said[..]].concat()).ok().all());
    it.alice(&[&["job", "approve", "ask"], &said[..]].concat()).ok();
    assert_snapshot!(it.alice(&["job", "show", "ask"]).ok().all());
    let shown = it.alice(&["job", "show", "ask", "--json"]).ok().json();
    assert_eq!(shown["limits"]["memory_bytes"], 512 << 20);
    assert_eq!(shown["limits"]["open_files"], 64);
    assert_eq!(shown["limits"]["wall"], 300);
    it.alice(&["job", "run", "ask"]).ok();
    assert_eq!(it.alice(&["job", "logs", "ask"]).ok().stdout, "64\n");
}

#[test]
fn x6_who_sees_a_limit_reached_is_told_what_lets_the_job_have_more() {
    let it = inbox("[ \"$(ulimit -n)\" -gt 100 ] || sleep 60\n");
    it.alice(&["job", "approve", "ask", "--wall", "1s", "--open-files", "64"]).ok();
    let ran = it.alice(&["job", "run", "ask"]).exits(7);
    let shown = it.alice(&["job", "show", "ask"]).ok();
    for said in [&ran.stdout, &shown.stdout] {
        assert!(said.contains("limit reached: wall time: killed after 1 s"), "{said}");
        assert!(said.contains(" --wall 2s --open-files 64\n"), "{said}");
    }
    assert_eq!(
        it.alice(&["job", "show", "ask", "--json"]).ok().json()["limits_hit"][0]["limit"],
        "wall"
    );
    it.alice(&["job", "approve", "ask", "--wall", "1s", "--open-files", "64"]).exits(6);
    assert_snapshot!(it.alice(&["job", "approve", "ask", "--open-files", "256"]).ok().all());
    it.alice(&["job", "rerun", "ask"]).ok();
    assert_eq!(it.alice(&["job", "list", "--json"]).ok().json()["jobs"][0]["status"], "done");
}

#[test]
fn a_rehearsal_has_the_limits_that_are_said_and_says_how_to_give_it_more() {
    let it = inbox("sleep 60\n");
    let said = it.alice(&["job", "rehearse", "ask", "--wall", "1s"]).exits(7);
    assert!(said.stdout.contains("limit reached: wall time: killed after 1 s"), "{}", said.stdout);
    assert!(said.stdout.contains(" --wall 2s\n"), "{}", said.stdout);
}

#[test]
fn x6_what_is_no_limit_is_refused() {
    let it = inbox("true\n");
    for bad in ["--wall=0", "--memory=lots", "--memory=2PiB", "--processes=0", "--cpu=1.5h"] {
        for command in [&["job", "approve", "ask", bad][..], &["review", "ask", bad]] {
            it.alice(command).exits(2);
        }
    }
    assert_eq!(it.alice(&["job", "list", "--json"]).ok().json()["jobs"][0]["status"], "inbox");
}
