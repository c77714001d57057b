//! A machine whose kernel makes no box: Landlock is taken away from the programs
//! that a thread starts.

use std::collections::BTreeMap;
use std::thread;

use crate::common::{ALICE, Said, TestBox};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

/// `landlock_create_ruleset`, on every architecture.
const LANDLOCK: i64 = 444;
/// `ENOSYS`, as a kernel answers that does not know the call.
const UNKNOWN_CALL: u32 = 38;

/// What somebody types on such a machine.
fn without_landlock(it: &TestBox, who: &str, args: &[&str]) -> Said {
    let filter = SeccompFilter::new(
        BTreeMap::from([(LANDLOCK, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(UNKNOWN_CALL),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    thread::scope(|scope| {
        let typed = scope.spawn(|| {
            apply_filter(&program).unwrap();
            it.syft(who, args, &[])
        });
        typed.join().unwrap()
    })
}

#[test]
fn a_job_is_refused_until_its_owner_allows_it_once() {
    let it = TestBox::connected();
    let script = it.write("hello.sh", "echo hello\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "hello"]).ok();
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "hello"]).ok();

    let said = without_landlock(&it, "alice", &["job", "run", "hello"]).exits(4);
    assert!(said.stderr.contains("this kernel does not offer Landlock"), "{}", said.stderr);
    assert!(said.stderr.contains("can read your home folder and use the network"));
    let next = " --allow-isolation L0";
    assert!(said.stderr.lines().any(|line| line.trim_end().ends_with(next)), "{}", said.stderr);
    let list = it.alice(&["job", "list", "--json"]).ok().json();
    assert_eq!(list["jobs"][0]["status"], "approved");

    let allow = ["job", "run", "hello", "--allow-isolation", "L0", "--json"];
    let ran = without_landlock(&it, "alice", &allow).ok().json();
    assert_eq!(ran["jobs"][0]["status"], "done");
    assert_eq!(ran["jobs"][0]["isolation"], "L0");
}

#[test]
fn a_script_that_cannot_be_tried_on_the_mock_is_sent_all_the_same() {
    let it = TestBox::connected();
    it.census(crate::common::BOB);
    it.bob(&["sync"]).ok();
    it.write("hello.sh", "echo hello\n");
    let on = format!("{ALICE}/census");
    let said = without_landlock(&it, "bob", &["job", "rehearse", "hello.sh", "--on", &on]).exits(4);
    assert!(said.stderr.contains("this kernel does not offer Landlock"), "{}", said.stderr);
    let run = ["run", "hello.sh", "--on", &on, "--no-wait"];
    let said = without_landlock(&it, "bob", &run).ok();
    assert!(
        said.stderr.contains("note: not tried on the mock: no box of level"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.contains("is on its way"), "{}", said.stdout);
}

#[test]
fn the_demo_says_what_it_cannot_show() {
    let it = TestBox::empty();
    let said = without_landlock(&it, "nobody", &["demo", "--json"]).exits(4);
    assert!(said.stderr.contains("No box can be made on this machine"), "{}", said.stderr);
    let said = said.json();
    assert_eq!(said["isolation"], "L0");
    let verdicts: Vec<&str> =
        said["proofs"].as_array().unwrap().iter().map(|p| p["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["holds", "cannot_be_shown", "holds"]);
}
