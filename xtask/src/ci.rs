//! `cargo xtask ci`: the steps that must all pass, each with a heading and its time.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::cargo;
use crate::interop::{self, Amount};
use crate::{dist, stores, tidy};

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What every change must pass.
    Usual,
    /// The same with many more property cases, the program as it is given out, a server of
    /// Azure, and all that can be compared with the Python peer.
    Full,
}

/// One `cargo` call.
#[derive(Debug)]
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// A step that was taken.
#[derive(Debug)]
struct Done {
    name: &'static str,
    good: bool,
    time: Duration,
}

const FMT: Step =
    Step { name: "format", arguments: &["fmt", "--all", "--check"], environment: &[] };

const CLIPPY: Step = Step {
    name: "clippy",
    arguments: &[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--locked",
        "--",
        "-D",
        "warnings",
    ],
    environment: &[],
};

/// All of them, also after one that fails: what else fails says why.
const TESTS: &[&str] =
    &["test", "--workspace", "--all-targets", "--all-features", "--locked", "--no-fail-fast"];

const TEST: Step =
    Step { name: "tests", arguments: TESTS, environment: &[("PROPTEST_CASES", "32")] };

const TEST_FULL: Step = Step {
    name: "tests, many property cases",
    arguments: TESTS,
    environment: &[("PROPTEST_CASES", "4096")],
};

const DOCTEST: Step = Step {
    name: "doctests",
    arguments: &["test", "--workspace", "--doc", "--all-features", "--locked"],
    environment: &[],
};

const DOC: Step = Step {
    name: "documentation",
    arguments: &["doc", "--workspace", "--no-deps", "--all-features", "--locked"],
    environment: &[("RUSTDOCFLAGS", "-D warnings")],
};

/// What needs no server of a store.
const FIRST: &[&Step] = &[&FMT, &CLIPPY];

fn rest(extent: Extent) -> &'static [&'static Step] {
    match extent {
        Extent::Usual => &[&TEST, &DOCTEST, &DOC],
        Extent::Full => &[&TEST_FULL, &DOCTEST, &DOC],
    }
}

/// Runs the steps in order, stops at the first that fails, and says how long each took.
pub(crate) fn run(root: &Path, extent: Extent) -> bool {
    let mut done = Vec::new();
    stores::forget_not_run(root);
    // The network is waited for while the processors are busy.
    let installing = stores::begin(root, extent == Extent::Full);
    // Tidy goes first: it takes a second.
    let mut good = timed("tidy", &mut done, || tidy::run(root));
    good = good && in_order(FIRST, &mut done, root);
    // Also after a failure: what is half made is tidied away.
    good &= timed("stores", &mut done, || installing.join().unwrap_or(false));
    good = good && in_order(rest(extent), &mut done, root);
    if good && extent == Extent::Full {
        good = timed("dist", &mut done, || dist::run(root));
    }
    if good {
        let amount = match extent {
            Extent::Usual => Amount::USUAL,
            Extent::Full => Amount::FULL,
        };
        good = timed("interop", &mut done, || interop::run(root, amount));
    }
    println!("\n== summary");
    for step in &done {
        println!("{:>8.1} s  {}", step.time.as_secs_f64(), step.name);
    }
    for line in stores::not_run(root) {
        println!("{line}");
    }
    for step in done.iter().filter(|step| !step.good) {
        println!("{}: FAILED", step.name);
    }
    if good {
        println!("all passed");
    }
    good
}

/// Runs the steps until one fails.
fn in_order(steps: &[&Step], done: &mut Vec<Done>, root: &Path) -> bool {
    steps.iter().all(|step| timed(step.name, done, || perform(step, root)))
}

fn timed(name: &'static str, done: &mut Vec<Done>, work: impl FnOnce() -> bool) -> bool {
    println!("\n== {name}");
    let start = Instant::now();
    let good = work();
    let time = start.elapsed();
    println!("-- {name}: {} in {:.1} s", if good { "ok" } else { "FAILED" }, time.as_secs_f64());
    done.push(Done { name, good, time });
    good
}

fn perform(step: &Step, root: &Path) -> bool {
    let status = cargo(root).args(step.arguments).envs(step.environment.iter().copied()).status();
    match status {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("could not start cargo: {error}");
            false
        }
    }
}
