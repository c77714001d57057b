use std::io::Write;
use std::net::TcpListener;
use std::thread;

use crate::common::{ALICE, BOB, TestBox};

const HOSTILE: &str = include_str!("../../demo/hostile.sh");

#[test]
fn the_demo_ends_with_three_proofs() {
    let it = TestBox::empty();
    let said = it.syft("nobody", &["demo"], &[]).ok();
    for line in [
        "Jobs run in a box of level L2.",
        "Proof 1: the answer is the true one, byte for byte",
        "  benign,357,12.15                  benign,357,12.15",
        "  malignant,212,17.46               malignant,212,17.46",
        "Proof 2: a hostile job was stopped by the kernel",
        "  other-dataset       denied (No such file or directory)",
        "  home                denied (No such file or directory)",
        "  parent-process      denied (Permission denied)",
        "  network             denied (Operation not permitted)",
        "  listener            0 connections arrived",
        "Proof 3: the ledger names everything that left the owner",
    ] {
        assert!(said.stdout.lines().any(|said| said == line), "{line}\n{}", said.stdout);
    }
    assert_eq!(said.stdout.matches("=> holds").count(), 3, "{}", said.stdout);
    let canaries = "canaries in 0, private rows in 0, unreleased outputs and logs in 0";
    assert!(said.stdout.contains(canaries), "{}", said.stdout);
    assert!(said.stdout.contains("analysis/outputs/summary.csv"), "{}", said.stdout);
}

#[test]
fn the_demo_can_be_kept_and_never_overwrites() {
    let it = TestBox::empty();
    let said = it.syft("nobody", &["demo", "--json", "--keep", "kept"], &[]).ok().json();
    assert_eq!(said["schema"], "syft/demo/1");
    assert_eq!(said["isolation"], "L2", "{said}");
    assert!(said["proofs"].as_array().unwrap().iter().all(|proof| proof["verdict"] == "holds"));
    let kept = std::fs::read(it.path("kept/results/summary.csv")).unwrap();
    assert_eq!(kept, include_bytes!("../../demo/expected.csv"));
    let again = it.syft("nobody", &["demo", "--json", "--keep", "kept"], &[]).exits(6);
    assert_eq!(again.json_error()["code"], "folder_not_empty");
}

/// The attacks are real: without the box each of them gets what it wants, and the
/// same bytes in the box get nothing.
#[test]
fn x1_x2_the_same_hostile_job_gets_through_without_the_box() {
    let it = TestBox::connected();
    for name in ["patients", "salaries"] {
        let mock = it.write(&format!("mock/{name}.csv"), "a\n1\n");
        let private = it.write(&format!("private/{name}.csv"), &format!("a\nsecret {name}\n"));
        let create = ["dataset", "create", name, "--mock", &mock, "--private", &private];
        it.alice(&[&create[..], &["--share", BOB]].concat()).ok();
    }
    it.write("alice/.syft/canary.txt", "only for alice\n");
    let greeter = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = greeter.local_addr().unwrap().port().to_string();
    thread::spawn(move || {
        for caller in greeter.incoming() {
            let _ = writeln!(caller.unwrap(), "hello from outside");
        }
    });
    let home = it.path("alice").display().to_string();
    let script = HOSTILE.replace("@OWNER_HOME@", &home).replace("@PORT@", &port);
    let script = it.write("hostile.sh", &script);
    let dataset = format!("{ALICE}/patients");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "hostile", "--dataset", &dataset])
        .ok();
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "hostile"]).ok();

    let open = it.alice(&["job", "run", "hostile", "--allow-isolation", "L0", "--json"]).ok();
    assert!(open.stderr.contains("can read your home folder"), "{}", open.stderr);
    assert_eq!(open.json()["jobs"][0]["isolation"], "L0");
    let got = attempts(&it, "open");
    assert_eq!(got.len(), 4);
    let through = |line: &String| line.contains(": got ") && !line.ends_with("got 0 bytes");
    assert!(got.iter().all(through), "{got:?}");
    let loot = |name: &str| std::fs::read_to_string(it.path("open").join(name)).unwrap();
    assert_eq!(loot("other-dataset.loot"), "a\nsecret salaries\n");
    assert_eq!(loot("home.loot"), "only for alice\n");
    assert_eq!(loot("network.loot"), "hello from outside\n");

    let boxed = it.alice(&["job", "rerun", "hostile", "--json"]).ok();
    let level = boxed.json()["jobs"][0]["isolation"].clone();
    assert_eq!(level, it.level());
    let got = attempts(&it, "boxed");
    assert_eq!(got.len(), 4);
    let denied = |line: &String| {
        line.ends_with("denied (Permission denied)")
            || line.ends_with("denied (Operation not permitted)")
            || (level == "L2" && line.ends_with("denied (No such file or directory)"))
    };
    assert!(got.iter().all(denied), "{got:?}");
}

/// What the latest run wrote about its attempts.
fn attempts(it: &TestBox, folder: &str) -> Vec<String> {
    it.alice(&["job", "outputs", "hostile", "-o", folder]).ok();
    let text = std::fs::read_to_string(it.path(folder).join("attempts.txt")).unwrap();
    text.lines().map(str::to_owned).collect()
}
