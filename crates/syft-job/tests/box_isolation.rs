//! What a job in a box cannot do, and that the same code does it without the box.
//!
//! A program of its own: jobs that kill all they can run beside it, it is killed as the
//! runner of a job, and it is started as the first process of a namespace.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

mod box_common;

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use box_common::{Run, boxed, doors_are_shut, the_network_is_told_as_a_reason, unboxed};
use syft_job::Error;
use syft_job::sandbox::{
    BoxedJob, Exit, IsolationLevel, LogStream, PlainSandbox, Sandbox, WardenSandbox, join_outputs,
    probe,
};

/// Runs a script that prints GOT if it gets through, in a box and without one.
fn denied_by_the_box_alone(script: impl Fn(&Run) -> String) {
    let run = Run::new();
    let inside = run.run(&boxed(), &script(&run));
    assert!(!inside.out().contains("GOT"), "got out of the box: {}", inside.out());
    let run = Run::new();
    let outside = run.run(&unboxed(), &script(&run));
    assert!(outside.out().contains("GOT"), "the attempt itself is broken: {}", outside.err());
}

#[test]
fn x1_another_dataset_is_not_read() {
    denied_by_the_box_alone(|run| {
        fs::create_dir_all(run.path("other")).unwrap();
        fs::write(run.path("other/data.csv"), "rows").unwrap();
        "cat ../other/data.csv && echo GOT".to_owned()
    });
}

#[test]
fn x1_the_home_is_not_read() {
    denied_by_the_box_alone(|run| format!("cat {}/home/secret && echo GOT", run.root().display()));
    denied_by_the_box_alone(|_| "ls ../home && echo GOT".to_owned());
    denied_by_the_box_alone(|_| "ln -s ../home/secret s; cat s && echo GOT".to_owned());
}

#[test]
fn x1_the_runners_environment_is_not_read() {
    let runner = std::process::id();
    denied_by_the_box_alone(|_| format!("[[ -n $(< /proc/{runner}/environ) ]] && echo GOT"));
    denied_by_the_box_alone(|_| "cat /proc/$PPID/status && echo GOT".to_owned());
    denied_by_the_box_alone(|_| "ls /proc && echo GOT".to_owned());
    denied_by_the_box_alone(|_| "ls /sys && echo GOT".to_owned());
}

#[test]
fn x1_the_environment_is_exactly_what_was_given() {
    let mut run = Run::new();
    run.environment.push(("SYFT_IS_IN_JOB".to_owned(), "true".to_owned()));
    for sandbox in [boxed(), unboxed()] {
        let mut job = run.job("");
        job.command = vec!["/usr/bin/env".into()];
        let mut out = Vec::new();
        let mut log = |_, bytes: &[u8]| out.extend_from_slice(bytes);
        run.run_job(&sandbox, &job, &mut log).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "PATH=/usr/bin:/bin\nSYFT_IS_IN_JOB=true\n");
    }
}

#[test]
fn x1_attributes_of_foreign_files_are_not_read() {
    let named = [libc::SYS_getxattr, libc::SYS_lgetxattr];
    let listed = [libc::SYS_listxattr, libc::SYS_llistxattr];
    let note = |run: &Run| {
        fs::write(run.path("work/run.sh"), "").unwrap();
        for file in ["home/secret", "work/run.sh"] {
            let flags = rustix::fs::XattrFlags::empty();
            rustix::fs::setxattr(run.path(file), "user.note", b"n", flags).unwrap();
        }
    };
    let got = "open(F, \"<\", \"run.sh\"); my ($p, $n, $b) = \
        (\"../home/secret\", \"user.note\", \"x\" x 100); print \"GOT\" if 0 <= ";
    for call in named {
        denied_by_the_box_alone(|run| {
            note(run);
            format!("perl -e '{got} syscall({call}, $p, $n, $b, 100)'")
        });
    }
    for call in listed {
        denied_by_the_box_alone(|run| {
            note(run);
            format!("perl -e '{got} syscall({call}, $p, $b, 100)'")
        });
    }
    let by_handle = [
        format!("syscall({}, fileno(F), $n, $b, 100)", libc::SYS_fgetxattr),
        format!("syscall({}, fileno(F), $b, 100)", libc::SYS_flistxattr),
    ];
    for call in by_handle {
        denied_by_the_box_alone(|run| {
            note(run);
            format!("perl -e '{got} {call}'")
        });
    }
}

#[test]
fn x6_no_file_is_hidden_in_memory_or_on_its_way() {
    let (plain, secret) = (libc::SYS_memfd_create, 447);
    denied_by_the_box_alone(|_| {
        format!(
            "perl -e '$n = \"x\"; print \"GOT\" if syscall({plain}, $n, 0) >= 0; \
             print \"GOT\" if syscall({secret}, 0) >= 0'"
        )
    });
    let send = libc::SYS_sendmsg;
    denied_by_the_box_alone(|_| {
        format!(
            "perl -e 'use Socket; socketpair(A, B, AF_UNIX, SOCK_STREAM, 0); $b = \"x\"; \
             $iov = pack(\"P Q\", $b, 1); $m = pack(\"Q L x4 P Q Q Q l x4\", 0, 0, $iov, 1, 0, 0, 0); \
             print \"GOT\" if syscall({send}, fileno(A), $m, 0) == 1'"
        )
    });
    // What programs use instead still works.
    let ran = Run::new().run(&boxed(), "cat <<< here; cat << 'END'\ndocument\nEND\n");
    assert_eq!(ran.out(), "here\ndocument\n", "{}", ran.err());
}

#[test]
fn x2_no_network() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    denied_by_the_box_alone(|_| format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo GOT"));
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = udp.local_addr().unwrap().port();
    denied_by_the_box_alone(|_| format!("echo x > /dev/udp/127.0.0.1/{port} && echo GOT"));
    // One word came by UDP: the one from outside the box.
    udp.set_nonblocking(true).unwrap();
    assert!(udp.recv(&mut [0; 8]).is_ok());
    assert!(udp.recv(&mut [0; 8]).is_err());
}

#[test]
fn x2_a_job_that_phones_home_and_fails_is_told_why() {
    the_network_is_told_as_a_reason(&boxed());
}

#[test]
fn x8_nothing_is_written_outside() {
    let attempts = [
        "echo x > ../home/new",
        "echo x >> ../home/secret",
        ": > ../home/secret",
        "truncate -s 0 ../home/secret",
        "rm ../home/secret",
        "mv ../home/secret here",
        "mv run.sh ../home/secret",
        "mkdir ../home/folder",
        "ln -s x ../home/link",
        "ln ../home/secret hard",
        "echo x >> ../granted/data.csv",
        "ln ../granted/data.csv ../outputs/rows",
        "echo x > ../new",
    ];
    for attempt in attempts {
        denied_by_the_box_alone(|_| format!("{attempt} && echo GOT"));
    }
}

#[test]
fn x8_modes_and_times_of_foreign_files_do_not_change() {
    let script = "chmod 777 ../home/secret ../granted/data.csv; touch -d @0 ../home/secret";
    let state = |run: &Run| {
        let of = |name: &str| fs::metadata(run.path(name)).unwrap();
        (of("home/secret").mode(), of("home/secret").mtime(), of("granted/data.csv").mode())
    };
    for (sandbox, changes) in [(boxed(), false), (unboxed(), true)] {
        let run = Run::new();
        let before = state(&run);
        run.run(&sandbox, script);
        assert_eq!(state(&run) != before, changes);
    }
}

#[test]
fn x10_the_kernels_less_worn_doors_are_shut() {
    doors_are_shut(&boxed());
}

#[test]
fn x10_signals_reach_neither_the_runner_nor_the_warden() {
    let runner = std::process::id();
    denied_by_the_box_alone(|_| format!("kill -0 {runner} && echo GOT"));
    denied_by_the_box_alone(|_| "kill -0 $PPID && echo GOT".to_owned());
}

#[test]
fn x10_a_job_that_kills_all_it_can_kills_only_itself() {
    for abi in [7, 5] {
        for script in ["kill -9 0", "kill -9 -1; kill -9 $PPID; kill -9 $$"] {
            let ran = Run::new().run(&boxed().with_landlock_at_most(abi), script);
            assert_eq!(ran.report.exit, Exit::Signal(9), "{}", ran.err());
        }
    }
}

#[test]
fn x10_no_file_has_the_kernel_signal_the_warden() {
    let script = "WARDEN=$PPID perl -e 'pipe(R, W); fcntl(R, 8, $ENV{WARDEN} + 0); fcntl(R, 10, 9); \
        fcntl(R, 4, 020000); syswrite(W, \"x\"); select(undef, undef, undef, 0.05)'; echo fine";
    for abi in 1..=7 {
        let run = Run::new();
        let mut out = Vec::new();
        let mut log = |_: LogStream, bytes: &[u8]| out.extend_from_slice(bytes);
        let sandbox = boxed().with_landlock_at_most(abi);
        let ended = run.run_job(&sandbox, &run.job(script), &mut log);
        let exit = ended.map(|(report, _)| report.exit).ok();
        assert_eq!(exit, Some(Exit::Code(0)), "Landlock {abi}");
        assert_eq!(String::from_utf8(out).unwrap(), "fine\n", "Landlock {abi}");
    }
}

#[test]
fn x10_no_capability_no_new_privilege_no_unfiltered_call() {
    let script = "while read -r name value; do echo \"$name $value\"; done < /proc/self/status";
    let status = Run::new().run(&boxed(), script).out();
    let zero = "0000000000000000";
    for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert!(status.contains(&format!("{name}: {zero}\n")), "{status}");
    }
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        assert!(status.contains(&format!("CapBnd: {zero}\n")), "{status}");
    }
    assert!(status.contains("NoNewPrivs: 1\n"), "{status}");
    assert!(status.contains("Seccomp: 2\n"), "{status}");
    let unshare = Run::new().run(&boxed(), "unshare -U true");
    assert!(unshare.err().contains("Operation not permitted"), "{}", unshare.err());
}

#[test]
fn a_boxed_job_works_with_what_it_was_granted() {
    let run = Run::new();
    fs::create_dir_all(run.path("work/code/outputs")).unwrap();
    fs::write(run.path("work/code/outputs/old"), "sent by the submitter").unwrap();
    join_outputs(&run.path("work"), &run.path("outputs")).unwrap();
    let script = "set -e
        cat ../granted/data.csv | tr a-z A-Z > outputs/upper.txt
        ( cd code && echo from code > outputs/code.txt )
        echo tmp > ../tmp/file; mkdir d; mv ../tmp/file d/; rm -r d
        read -r x < <(echo $((6 * 7))); printf '%s\\n' \"$x\"
        echo '#!/bin/sh' > tool; cp -p tool tool2; chmod +x tool2; touch tool2; head -c 4 /dev/urandom | wc -c
        mkfifo f; (echo through > f &) ; cat f";
    let ran = run.run(&boxed(), script);
    assert_eq!((ran.report.exit, ran.err()), (Exit::Code(0), String::new()));
    assert_eq!(ran.out(), "42\n4\nthrough\n");
    assert_eq!(ran.report.level, IsolationLevel::L1);
    assert!(ran.report.limits_hit.is_empty(), "{:?}", ran.report);
    let read = |name: &str| fs::read_to_string(run.path("outputs").join(name)).unwrap();
    assert_eq!(read("upper.txt"), "GRANTED ROWS\n");
    assert_eq!(read("code.txt"), "from code\n");
    assert!(!run.path("outputs/old").exists());
}

#[test]
fn a_single_granted_file_grants_not_its_folder() {
    let mut run = Run::new();
    fs::write(run.path("granted/other.csv"), "other").unwrap();
    run.readable = vec![run.path("granted/data.csv")];
    let ran = run.run(&boxed(), "cat ../granted/data.csv; cat ../granted/other.csv; ls ../granted");
    assert_eq!(ran.out(), "granted rows\n");
}

#[test]
fn the_end_is_reported_as_it_was() {
    for sandbox in [boxed(), unboxed()] {
        let run = Run::new();
        assert_eq!(run.run(&sandbox, "exit 7").report.exit, Exit::Code(7));
        assert_eq!(run.run(&sandbox, "kill -9 $$").report.exit, Exit::Signal(9));
        assert_eq!(run.run(&sandbox, "(exit 3) & wait $!").report.exit, Exit::Code(3));
    }
    assert_eq!(Run::new().run(&PlainSandbox, "echo a; exit 7").report.exit, Exit::Code(7));
}

#[test]
fn x9_output_is_bytes() {
    for sandbox in [&boxed() as &dyn Sandbox, &unboxed(), &PlainSandbox] {
        let ran = Run::new().run(sandbox, r"printf '\xff\x00\xfe'; printf 'e\x80' >&2");
        assert_eq!((ran.stdout, ran.stderr), (b"\xff\x00\xfe".to_vec(), b"e\x80".to_vec()));
        assert_eq!((ran.report.stdout_bytes, ran.report.stderr_bytes), (3, 2));
    }
}

/// A daemon that has left its session, its parent and its streams.
const DAEMON: &str = "setsid bash -c '(echo $BASHPID > ../outputs/pid; exec sleep 60) \
    < /dev/null > /dev/null 2>&1 &'; until [[ -s ../outputs/pid ]]; do :; done; ";

fn is_alive(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/cmdline", pid.trim()))
        .is_ok_and(|command| command.contains("sleep"))
}

#[test]
fn x3_daemons_die_with_the_job() {
    for (end, exit) in [("exec sleep 60", Exit::TimedOut), ("exit 0", Exit::Code(0))] {
        for sandbox in [boxed(), unboxed(), boxed().with_landlock_at_most(5)] {
            let mut run = Run::new();
            run.limits.wall = Duration::from_millis(700);
            let start = Instant::now();
            let ran = run.run(&sandbox, &format!("{DAEMON}{end}"));
            assert_eq!(ran.report.exit, exit, "{}", ran.err());
            assert!(start.elapsed() < Duration::from_secs(5));
            assert!(!is_alive(&fs::read_to_string(run.path("outputs/pid")).unwrap()));
        }
    }
    let run = Run::new();
    run.run(&PlainSandbox, &format!("{DAEMON}exit 0"));
    let pid = fs::read_to_string(run.path("outputs/pid")).unwrap();
    assert!(is_alive(&pid), "without a warden the daemon must survive");
    assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success());
}

#[test]
fn x3_a_killed_runner_takes_its_job_along() {
    // This test starts itself as the runner that is killed.
    if let Some(root) = std::env::var_os("BOX_TEST_ROOT") {
        let run = Run::new();
        let outputs = PathBuf::from(root);
        let mut job = run.job(&DAEMON.replace("../outputs", outputs.to_str().unwrap()));
        fs::write(
            run.path("work/run.sh"),
            fs::read_to_string(run.path("work/run.sh")).unwrap() + "sleep 60",
        )
        .unwrap();
        job.outputs_dir = outputs;
        let mut no_log = |_: LogStream, _: &[u8]| {};
        run.run_job(&boxed(), &job, &mut no_log).unwrap();
        return;
    }
    let (outputs, leftovers) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut runner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "x3_a_killed_runner_takes_its_job_along"])
        .env("TMPDIR", leftovers.path())
        .env("BOX_TEST_ROOT", outputs.path())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    let pid = loop {
        assert!(Instant::now() < end, "the job did not start");
        match fs::read_to_string(outputs.path().join("pid")) {
            Ok(pid) if pid.ends_with('\n') && is_alive(&pid) => break pid,
            _ => std::thread::yield_now(),
        }
    };
    runner.kill().unwrap();
    runner.wait().unwrap();
    while is_alive(&pid) {
        assert!(Instant::now() < end, "the daemon outlives its runner");
        std::thread::yield_now();
    }
}

#[test]
fn x4_x5_nobody_waits_for_a_stream() {
    for sandbox in [&boxed() as &dyn Sandbox, &unboxed(), &PlainSandbox] {
        let mut run = Run::new();
        let start = Instant::now();
        let held = run.run(sandbox, "sleep 9 & echo said; exit 0");
        assert_eq!((held.out().as_str(), held.report.exit), ("said\n", Exit::Code(0)));
        run.limits.wall = Duration::from_millis(400);
        let half = run.run(sandbox, "printf half; exec sleep 9");
        assert_eq!((half.out().as_str(), half.report.exit), ("half", Exit::TimedOut));
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    }
}

#[test]
fn older_landlock_still_makes_a_box() {
    let runner = std::process::id();
    let script = format!(
        "cat ../home/secret && echo GOT; echo x >> ../home/secret && echo GOT
         : > ../home/secret && echo GOT; mv ../home/secret . && echo GOT
         perl -e 'truncate(\"../home/secret\", 0)'
         perl -e 'use Fcntl; sysopen(F, \"../home/secret\", O_RDONLY|O_TRUNC)'
         exec 3<>/dev/tcp/127.0.0.1/9 && echo GOT; kill -0 {runner} && echo GOT
         kill -0 $PPID && echo GOT; kill -0 -- -$PPID && echo GOT
         echo fine"
    );
    for abi in 1..=6 {
        let run = Run::new();
        let ran = run.run(&boxed().with_landlock_at_most(abi), &script);
        assert_eq!(ran.out(), "fine\n", "Landlock {abi}");
        assert_eq!(fs::read_to_string(run.path("home/secret")).unwrap(), "the secret\n");
    }
}

#[test]
fn where_no_box_can_be_made_nothing_runs() {
    let run = Run::new();
    let mut no_log = |_: LogStream, _: &[u8]| {};
    let job = run.job("echo x > ../outputs/ran");
    let refused = run.run_job(&boxed().with_landlock_at_most(0), &job, &mut no_log).unwrap_err();
    assert!(matches!(&refused, Error::Isolation { needed, .. } if needed == "L1"), "{refused}");
    assert!(refused.to_string().contains("Landlock"), "{refused}");
    assert!(!run.path("outputs/ran").exists());
    // Programs that are no wardens.
    for program in ["/bin/true", "/nowhere/warden"] {
        let other = WardenSandbox::new(program.into(), Vec::new());
        assert!(matches!(run.run_job(&other, &job, &mut no_log), Err(Error::Box(_))));
    }
    let mut absent = run.job("");
    absent.command = vec!["/usr/bin/no-such-program".into()];
    let failed = run.run_job(&boxed(), &absent, &mut no_log).unwrap_err();
    assert!(failed.to_string().contains("no-such-program"), "{failed}");
}

#[test]
fn x1_what_every_job_may_read_grants_no_box() {
    let granted: [fn(&mut BoxedJob); 3] = [
        |job| job.readable.push("/usr/share".into()),
        |job| job.listable.push("/bin".into()),
        |job| job.tmp_dir = job.work_dir.join("link"),
    ];
    for grant in granted {
        let run = Run::new();
        std::os::unix::fs::symlink("/usr/share", run.path("work/link")).unwrap();
        let mut job = run.job("echo x > ../outputs/ran");
        grant(&mut job);
        let mut no_log = |_: LogStream, _: &[u8]| {};
        let refused = run.run_job(&boxed(), &job, &mut no_log).unwrap_err();
        assert!(matches!(&refused, Error::Isolation { needed, .. } if needed == "L1"), "{refused}");
        assert!(refused.to_string().contains("is below /usr"), "{refused}");
        assert!(!run.path("outputs/ran").exists());
    }
}

#[test]
fn a_listable_folder_shows_names_and_not_what_is_in_them() {
    let run = Run::new();
    fs::write(run.path("granted/private_metadata.yaml"), "whose").unwrap();
    let mut job = run.job("ls ../granted; cat ../granted/*");
    job.readable = vec![run.path("granted/data.csv")];
    job.listable = vec![run.path("granted")];
    let mut out = Vec::new();
    let mut log = |stream, bytes: &[u8]| {
        if stream == LogStream::Stdout {
            out.extend_from_slice(bytes);
        }
    };
    run.run_job(&boxed(), &job, &mut log).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out, "data.csv\nprivate_metadata.yaml\ngranted rows\n");
}

#[test]
fn x10_the_report_says_what_this_kernel_leaves_open() {
    let open = " and signal your other programs";
    let newest = Run::new().run(&boxed(), "exit 0").report;
    let at_most = |abi| Run::new().run(&boxed().with_landlock_at_most(abi), "exit 0").report;
    assert_eq!(at_most(5).landlock_abi, Some(5));
    assert!(at_most(5).in_words().ends_with(open));
    let found = newest.landlock_abi.unwrap();
    assert_eq!(newest.in_words().ends_with(open), found < 6);
    let without = Run::new().run(&unboxed(), "exit 0").report;
    assert_eq!((without.landlock_abi, without.in_words().contains(open)), (None, false));
}

#[test]
fn the_probe_finds_what_holds() {
    let folder = tempfile::tempdir().unwrap();
    let found = probe(&boxed(), folder.path());
    assert_eq!(found.level, IsolationLevel::L1, "{found:?}");
    assert!(found.seccomp && found.landlock_abi >= 1 && found.reasons.len() > 5, "{found:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let without = probe(&boxed().with_landlock_at_most(0), folder.path());
    assert_eq!((without.level, without.landlock_abi), (IsolationLevel::L0, 0));
    assert!(without.reasons[0].contains("Landlock"), "{without:?}");
}

/// As in a container that a program was started into: the first process of its
/// session is outside, and has no number inside.
#[test]
fn a_box_is_made_where_the_session_began_outside() {
    let inside = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    if !Command::new("unshare").args(inside).arg("true").status().unwrap().success() {
        // The reason was printed: this machine lets nobody be first in a namespace.
        return;
    }
    let test = std::env::current_exe().unwrap();
    let probe = ["--exact", "the_probe_finds_what_holds", "--test-threads=1"];
    let said = Command::new("unshare").args(inside).arg(test).args(probe).output().unwrap();
    let out = String::from_utf8_lossy(&said.stdout);
    assert!(out.contains("test the_probe_finds_what_holds ... ok"), "{out}");
}

#[test]
fn what_a_job_makes_belongs_to_the_owner_alone() {
    let run = Run::new();
    run.run(&boxed(), "echo x > ../outputs/file");
    let mode = fs::metadata(run.path("outputs/file")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
