//! Each limit holds, and the report names the one that was hit.
//!
//! A program of its own: the jobs use up processors and memory, and must meet their own
//! limit before that of the clock, whatever else is tested.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod box_common;

use std::fs;
use std::time::{Duration, Instant};

use box_common::{Ran, Run, boxed, unboxed};
use syft_job::sandbox::{
    BoundedLog, Exit, IsolationLevel, LimitKind, Limits, PlainSandbox, Sandbox,
};

const MIB: u64 = 1024 * 1024;

/// Runs a script under changed limits, with and without a box, and wants this
/// limit named and no other.
fn hits(limit: LimitKind, change: impl Fn(&mut Limits), script: &str) -> [(Run, Ran); 2] {
    [boxed(), unboxed()].map(|sandbox| {
        let mut run = Run::new();
        change(&mut run.limits);
        let start = Instant::now();
        let ran = run.run(&sandbox, script);
        let named: Vec<_> = ran.report.limits_hit.iter().map(|hit| hit.limit).collect();
        assert_eq!(named, [limit], "{:?}\n{}", ran.report, ran.err());
        assert!(ran.report.hit(limit));
        assert!(start.elapsed() < Duration::from_secs(15));
        (run, ran)
    })
}

#[test]
fn x6_wall_time() {
    let change = |limits: &mut Limits| limits.wall = Duration::from_millis(200);
    for (_, ran) in
        hits(LimitKind::Wall, change, "trap '' TERM INT HUP; echo on; sleep 60; sleep 60")
    {
        assert_eq!(ran.report.exit, Exit::TimedOut);
        assert!(ran.report.duration >= Duration::from_millis(200));
        assert!(ran.report.duration < Duration::from_secs(3), "{:?}", ran.report);
    }
}

#[test]
fn x6_cpu_time_of_all_processes_together() {
    let script = "spin() { while :; do :; done; }; spin & spin & spin & spin";
    for (_, ran) in hits(LimitKind::Cpu, |limits| limits.cpu_seconds = 1, script) {
        assert_eq!(ran.report.exit, Exit::Signal(9));
    }
}

#[test]
fn x6_memory_of_one_process() {
    let script = "s=0123456789; while :; do s=$s$s || exit 1; done";
    for (_, ran) in hits(LimitKind::Memory, |limits| limits.memory_bytes = 96 * MIB, script) {
        assert!(!ran.report.exit.is_success());
    }
}

#[test]
fn x6_memory_of_all_processes_together() {
    let script = "for i in 1 2 3 4; do
        ( s=0123456789abcdef; for j in {1..21}; do s=$s$s; done; echo full; exec 1>&-; read -t 30 < <(sleep 30) ) & 
        done; wait";
    for (_, ran) in hits(LimitKind::Memory, |limits| limits.memory_bytes = 120 * MIB, script) {
        assert!(!ran.report.exit.is_success());
    }
}

#[test]
fn x6_processes() {
    let script = "for i in {1..60}; do sleep 30 & done; wait";
    for (_, ran) in hits(LimitKind::Processes, |limits| limits.processes = 20, script) {
        assert_eq!(ran.report.exit, Exit::Signal(9));
    }
    // A storm: each process starts two more, to a depth of 9.
    let storm =
        "f() { if (( $1 > 0 )); then f $(( $1 - 1 )) & f $(( $1 - 1 )) & fi; exec sleep 30; }; f 9";
    hits(LimitKind::Processes, |limits| limits.processes = 64, storm);
}

#[test]
fn x6_open_files() {
    let script = "while exec {fd}< /dev/null; do :; done; sleep 0.3; exit 0";
    for (_, ran) in hits(LimitKind::OpenFiles, |limits| limits.open_files = 100, script) {
        assert!(ran.err().contains("Too many open files"), "{}", ran.err());
    }
}

#[test]
fn x6_file_size() {
    let script = "head -c 3000000 /dev/zero > ../outputs/big; exit 0";
    for (run, _) in hits(LimitKind::FileSize, |limits| limits.file_bytes = MIB, script) {
        assert_eq!(fs::metadata(run.path("outputs/big")).unwrap().len(), MIB);
    }
}

#[test]
fn x6_scratch_space() {
    let script = "head -c 5000000 /dev/zero > ../tmp/big; exec sleep 30";
    for (_, ran) in hits(LimitKind::Scratch, |limits| limits.scratch_bytes = MIB, script) {
        assert_eq!(ran.report.exit, Exit::Signal(9));
    }
}

#[test]
fn x6_outputs() {
    let bytes = "head -c 3000000 /dev/zero > ../outputs/big; ";
    let small = |limits: &mut Limits| limits.outputs_bytes = MIB;
    for (_, ran) in hits(LimitKind::Outputs, small, &format!("{bytes} exec sleep 30")) {
        assert_eq!(ran.report.exit, Exit::Signal(9));
    }
    for (_, ran) in hits(LimitKind::Outputs, small, &format!("{bytes} exit 0")) {
        assert_eq!(ran.report.exit, Exit::Code(0));
    }
    let files = "for i in {1..50}; do echo x > ../outputs/$i; done; exit 0";
    hits(LimitKind::Outputs, |limits| limits.outputs_files = 10, files);
}

/// Five megabytes written to the given place, and then a long sleep.
const FILL: &str = "head -c 5000000 /dev/zero >";

fn scratch_is_named(script: &str) {
    for (_, ran) in hits(LimitKind::Scratch, |limits| limits.scratch_bytes = MIB, script) {
        assert_eq!(ran.report.exit, Exit::Signal(9));
    }
}

#[test]
fn x6_space_in_a_folder_that_cannot_be_listed() {
    scratch_is_named(&format!("mkdir -m 300 ../tmp/d; {FILL} ../tmp/d/big; exec sleep 20"));
    let script = format!("mkdir -m 300 ../outputs/d; {FILL} ../outputs/d/big; exec sleep 20");
    for (_, ran) in hits(LimitKind::Outputs, |limits| limits.outputs_bytes = MIB, &script) {
        assert_eq!(ran.report.exit, Exit::Signal(9));
    }
}

#[test]
fn x6_space_of_files_that_were_deleted_while_open() {
    let open = "exec 3> ../tmp/big; rm ../tmp/big";
    scratch_is_named(&format!("{open}; {FILL}&3; exec sleep 20"));
    // Held by a thread of a program that nobody may read, and so nobody may look into.
    let hidden = "perl -e 'use Fcntl; sysopen(F, \"s\", O_CREAT|O_WRONLY, 0111); \
        open(S, \"<\", \"/bin/sleep\"); binmode S; print F $_ while <S>'";
    scratch_is_named(&format!("{hidden}; {open}; {FILL}&3; exec ./s 20"));
    // Held by nothing but a mapping.
    let mmap = libc::SYS_mmap;
    scratch_is_named(&format!(
        "{FILL} ../tmp/big; exec perl -e 'open(F, \"<\", \"../tmp/big\"); \
         syscall({mmap}, 0, 4096, 1, 1, fileno(F), 0); close F; \
         unlink(\"../tmp/big\"); sleep 20'"
    ));
}

#[test]
fn x6_space_in_deep_folders() {
    let deep = |name: &str, depth: u32| {
        format!(
            "perl -e 'for (1..{depth}) {{ mkdir \"{name}\"; chdir \"{name}\" }} \
             open(F, \">\", \"big\"); print F \"x\" x 5000000; close F; sleep 20'"
        )
    };
    // Longer than any path may be; then deeper than anybody walks.
    scratch_is_named(&deep(&"d".repeat(200), 40));
    scratch_is_named(&deep("d", 400));
}

#[test]
fn x6_more_entries_than_are_walked_are_too_many() {
    let script = "mkdir ../outputs/{1..1500}; exec sleep 20";
    for (_, ran) in hits(LimitKind::Outputs, |limits| limits.outputs_files = 10, script) {
        assert_eq!(ran.report.exit, Exit::Signal(9));
        let detail = &ran.report.limits_hit[0].detail;
        assert_eq!(detail, "more than can be counted");
    }
}

#[test]
fn x6_files_in_use_are_no_reason_to_end_a_job() {
    // Made and removed all the time, deleted while open, linked twice, a short deep tree.
    let script = "exec 3> ../tmp/open; rm ../tmp/open; echo x >&3; echo x > a; ln a b
        mkdir -p c/c/c/c/c/c/c/c/c/c/c/c; end=$((SECONDS + 2))
        while (( SECONDS < end )); do d=$(mktemp -d ../tmp/XXXX); echo x > $d/x; rm -r $d; done";
    for sandbox in [boxed(), unboxed()] {
        let ran = Run::new().run(&sandbox, script);
        assert_eq!(ran.report.exit, Exit::Code(0), "{:?}\n{}", ran.report, ran.err());
        assert!(ran.report.limits_hit.is_empty(), "{:?}", ran.report);
    }
}

#[test]
fn x6_no_wall_time_is_too_long_to_be_kept() {
    for sandbox in [&boxed() as &dyn Sandbox, &unboxed(), &PlainSandbox] {
        let mut run = Run::new();
        run.limits.wall = Duration::MAX;
        assert_eq!(run.run(sandbox, "exit 3").report.exit, Exit::Code(3));
    }
    assert_eq!(Limits::LONGEST_WALL, Duration::from_secs(30 * 24 * 60 * 60));
}

#[test]
fn x9_a_long_log_is_cut_in_the_middle() {
    let script = "echo first; head -c 3000000 /dev/zero; echo; echo last";
    for (_, ran) in hits(LimitKind::Log, |limits| limits.log_bytes = 1000, script) {
        assert_eq!(ran.report.stdout_bytes, 3_000_012);
        let mut log = BoundedLog::new(1000);
        ran.stdout.chunks(777).for_each(|chunk| log.push(chunk));
        assert_eq!((log.total(), log.dropped()), (3_000_012, 2_999_012));
        let mut whole = BoundedLog::new(1000);
        whole.push(&ran.stdout);
        let kept = log.into_bytes();
        assert_eq!(kept, whole.into_bytes());
        assert!(kept.starts_with(b"first\n") && kept.ends_with(b"\nlast\n"));
        assert!(kept.len() < 1100);
    }
    let mut short = BoundedLog::new(1000);
    short.push(b"all of it");
    assert_eq!((short.dropped(), short.into_bytes()), (0, b"all of it".to_vec()));
}

#[test]
fn limits_and_levels_have_one_written_form() {
    let written = serde_json::to_string(&Limits::default()).unwrap();
    assert!(written.starts_with(r#"{"wall":300,"cpu_seconds":600,"#), "{written}");
    assert_eq!(serde_json::from_str::<Limits>(&written).unwrap(), Limits::default());
    assert_eq!(serde_json::from_str::<Limits>("{}").unwrap(), Limits::default());
    assert!(serde_json::from_str::<Limits>(r#"{"wall":-1}"#).is_err());
    assert!(serde_json::from_str::<Limits>(r#"{"wal":1}"#).is_err());
    for level in IsolationLevel::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
        assert!(!level.in_words().is_empty());
    }
    assert!(IsolationLevel::L0 < IsolationLevel::L1 && IsolationLevel::L2 < IsolationLevel::L3);
    assert!("L4".parse::<IsolationLevel>().is_err());
}
