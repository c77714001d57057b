//! A corpus of hostile jobs, each at every level of isolation that this machine
//! offers, as root and as an ordinary user; and the same jobs without a box, which
//! shows that what they attempt is possible.
//!
//! A program of its own: it adopts each process that a job leaves behind, looks through
//! all processes of the machine for them, and opens files for its jobs to find.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests"
)]

mod box_common;
#[path = "hostile_jobs/mod.rs"]
mod corpus;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use box_common::boxed;
use box_common::user::{as_user, namespaces};
use corpus::{Case, Holds, check, corpus};
use rustix::process::{geteuid, getpid, set_child_subreaper};
use syft_job::sandbox::{IsolationLevel, LimitKind, Sandbox, probe};

/// What stands in the environment of the runner and of its caller.
const CANARY: &str = "HOSTILE_CANARY";
/// Which part of the corpus a runner takes.
const PART: &str = "HOSTILE_PART";
/// One for each processor of a small machine. Each runs one job at a time, so that
/// whoever is left is known to be of that job.
const PARTS: usize = 2;

#[test]
fn the_corpus_is_whole() {
    let names: Vec<&str> = corpus().iter().map(|case| case.name).collect();
    assert!(names.len() >= 180, "{}", names.len());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for row in ["x1_", "x2_", "x3_", "x4_", "x5_", "x6_", "x7_", "x8_", "x9_", "x10_", "r11_"] {
        assert!(names.iter().any(|name| name.starts_with(row)), "{row}");
    }
}

#[test]
fn every_case_is_held_at_every_level() {
    let mut boxes = None;
    in_runners("every_case_is_held_at_every_level", |case, canary, number| {
        let boxes = boxes.get_or_insert_with(every_box);
        let able = boxes.iter().filter(|sandbox| sandbox.level() >= case.from);
        let each = able.flat_map(|sandbox| {
            let broken = check::in_box(case, &**sandbox, canary, number);
            let level = sandbox.level();
            broken.into_iter().map(move |what| format!("at {level} in {sandbox:?}: {what}"))
        });
        each.collect()
    });
}

#[test]
fn every_case_is_held_at_every_level_for_an_ordinary_user() {
    one_at_a_time(|| as_user("every_case_is_held_at_every_level", || {}));
}

#[test]
fn every_attempt_works_without_a_box() {
    in_runners("every_attempt_works_without_a_box", check::outside);
}

#[test]
fn every_attempt_works_without_a_box_for_an_ordinary_user() {
    one_at_a_time(|| as_user("every_attempt_works_without_a_box", || {}));
}

/// The boxes that hold on this machine for this user. That one is missing is no
/// silent matter.
fn every_box() -> Vec<Box<dyn Sandbox>> {
    let folder = tempfile::tempdir().unwrap();
    let found = probe(&boxed(), folder.path());
    assert_eq!(found.level, IsolationLevel::L1, "{found:?}");
    let mut boxes: Vec<Box<dyn Sandbox>> = vec![Box::new(boxed())];
    boxes.extend(namespaces().into_iter().map(|made| Box::new(made) as Box<dyn Sandbox>));
    boxes
}

/// Two processors are enough for one part of the corpus each.
fn one_at_a_time(body: impl FnOnce()) {
    static BUSY: Mutex<()> = Mutex::new(());
    let _free = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
    body();
}

/// Hands each case to `each`, which says what is wrong, in processes of their own.
fn in_runners(test: &str, mut each: impl FnMut(&Case, &str, usize) -> Vec<String>) {
    let set = |name: &str| std::env::var(name).ok();
    let (Some(canary), Some(part)) = (set(CANARY), set(PART)) else {
        return one_at_a_time(|| all_parts(test));
    };
    set_child_subreaper(Some(getpid())).unwrap();
    check::sees_what_gets_out(&canary);
    let mut wrong = Vec::new();
    let cases: Vec<(usize, Case)> = corpus().into_iter().enumerate().collect();
    let part: usize = part.parse().unwrap();
    for (number, case) in cases.iter().filter(|(number, case)| part_of(*number, case) == part) {
        let found = each(case, &canary, *number);
        wrong.extend(found.into_iter().map(|what| format!("{}: {what}", case.name)));
        println!("\ntried {}", case.name);
    }
    assert!(wrong.is_empty(), "as user {}:\n{}", geteuid().as_raw(), wrong.join("\n"));
}

/// Storms of processes go into one part: the kernel counts all processes of a user, so
/// that of two at a time each would keep the other from passing its limit.
fn part_of(number: usize, case: &Case) -> usize {
    if matches!(case.holds, Holds::Hits(LimitKind::Processes)) { 0 } else { number % PARTS }
}

fn all_parts(test: &str) {
    let mut canary = [0; 16];
    std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut canary).unwrap();
    let canary = format!("canary{:x}", u128::from_ne_bytes(canary));
    let runners: Vec<Child> = (0..PARTS).map(|part| runner(test, &canary, part)).collect();
    let ended = runners.into_iter().map(|runner| runner.wait_with_output().unwrap());
    let (mut tried, mut all_well, mut said) = (BTreeSet::new(), true, String::new());
    for ended in ended.collect::<Vec<_>>() {
        all_well &= ended.status.success();
        said.push_str(&String::from_utf8_lossy(&ended.stderr));
        let out = String::from_utf8_lossy(&ended.stdout);
        tried.extend(out.lines().filter_map(|line| line.strip_prefix("tried ")).map(str::to_owned));
    }
    assert!(all_well, "{said}");
    eprint!("{said}");
    let all = corpus().iter().map(|case| case.name.to_owned()).collect();
    assert_eq!(tried, all);
}

/// A runner that was called by a shell.
fn runner(test: &str, canary: &str, part: usize) -> Child {
    Command::new("/bin/bash")
        .args(["-c", "\"$@\"; exit $?", "caller"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CANARY, canary)
        .env(PART, part.to_string())
        .env("RUST_BACKTRACE", "0")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
