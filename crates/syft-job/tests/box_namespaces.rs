//! What namespaces around the warden add, and each trap that they have.
//!
//! A program of its own: it looks for its jobs among all processes of the machine, is
//! killed as the runner of one, and is started again, all of it as an ordinary user and
//! parts as the root of a namespace.
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
#[allow(dead_code, unreachable_pub, reason = "it has more than this program needs")]
#[path = "it/common/mod.rs"]
mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use box_common::user::{as_user, in_bubblewrap, in_namespaces};
use box_common::{Run, boxed, doors_are_shut, the_network_is_told_as_a_reason, unboxed};
use common::{OWNER, Pair, dataset, email, name, quiet};
use rustix::process::{Pid, getpgid};
use syft_job::sandbox::{
    Exit, IsolationLevel, LimitKind, Limits, LogStream, Sandbox, Stop, WardenSandbox, best, probe,
};
use syft_job::{Error, Intake, RunOptions, Script, Submission};

const MIB: u64 = 1024 * 1024;

/// Runs a script that prints GOT if it gets through, in namespaces and without a box.
fn denied_by_the_box_alone(sandbox: &WardenSandbox, script: impl Fn(&Run) -> String) -> String {
    let run = Run::new();
    let inside = run.run(sandbox, &script(&run));
    assert!(!inside.out().contains("GOT"), "got out of the box: {}", inside.out());
    let run = Run::new();
    let outside = run.run(&unboxed(), &script(&run));
    assert!(outside.out().contains("GOT"), "the attempt itself is broken: {}", outside.err());
    inside.err()
}

/// A bubblewrap that is another than the box takes it for.
fn bwrap(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("bwrap");
    fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The bubblewrap that boxes the job of this run.
fn bwrap_of(run: &Run) -> Option<String> {
    let root = run.root().to_str().unwrap();
    processes(|line| line.starts_with("/usr/bin/bwrap\0") && line.contains(root)).pop()
}

/// Processes by their arguments, which end with a zero each.
fn processes(wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let names = fs::read_dir("/proc").unwrap().flatten().map(|it| it.file_name());
    let pids = names.filter_map(|name| name.into_string().ok()).filter(|name| {
        let line = fs::read(format!("/proc/{name}/cmdline")).unwrap_or_default();
        wanted(&String::from_utf8_lossy(&line))
    });
    pids.collect()
}

fn parent_of(pid: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t"));
    parent.unwrap().to_owned()
}

/// A daemon that has left its session, its parent and its streams, and says so.
struct Daemon {
    seconds: String,
}

impl Daemon {
    fn new(test: u32) -> Self {
        Daemon { seconds: format!("{test}{}", std::process::id()) }
    }

    fn start(&self, and_then: &str) -> String {
        let sleep = format!("exec sleep {}", self.seconds);
        format!(
            "setsid bash -c '(echo on > ../outputs/on; {sleep}) < /dev/null > /dev/null 2>&1 &'
             until [[ -s ../outputs/on ]]; do :; done; {and_then}"
        )
    }

    /// Waits until the daemon has become what it is known by: it says that it is on
    /// just before.
    fn comes_alive(&self) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while !self.is_alive() && Instant::now() < end {
            std::thread::yield_now();
        }
        self.is_alive()
    }

    fn must_die(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        while self.is_alive() {
            assert!(Instant::now() < end, "the daemon outlives its job");
            std::thread::yield_now();
        }
    }

    fn is_alive(&self) -> bool {
        !self.pids().is_empty()
    }

    fn pids(&self) -> Vec<String> {
        processes(|line| line == format!("sleep\0{}\0", self.seconds))
    }
}

#[test]
fn each_trap_is_seen_by_the_probe_before_landlock_hides_it() {
    in_bubblewrap("each_trap_is_seen_by_the_probe_before_landlock_hides_it", |sandbox| {
        let folder = tempfile::tempdir().unwrap();
        let shown = format!("/.warden --ro-bind {0} {0} --remount-ro ", folder.path().display());
        let mut traps = vec![
            ("--as-pid-1 ", "", "nothing of the runner's environment is there"),
            ("--as-pid-1 ", "", "no processes but the box's own"),
            ("--remount-ro /proc ", "", "the kernel's settings are read-only"),
            ("--disable-userns ", "", "a namespace in this one is refused"),
            ("/.warden --remount-ro ", &*shown, "this user's files are not there"),
        ];
        let devices = fs::read_to_string("/proc/net/dev").unwrap();
        if devices.lines().skip(2).any(|device| !device.trim_start().starts_with("lo:")) {
            let share = "--unshare-all --share-net ";
            traps.push(("--unshare-all ", share, "no network device but loopback"));
        }
        let whole = probe(&sandbox, folder.path());
        assert_eq!(whole.level, IsolationLevel::L2, "{whole:?}");
        assert!(whole.seccomp && whole.landlock_abi >= 1 && whole.no_namespaces.is_none());
        for (one, other, what) in traps {
            assert!(whole.reasons.iter().any(|held| held.contains(what)), "{whole:?}");
            let change = format!("X='{one}'; Y='{other}'; A=\"$* \"");
            let script = format!("{change}; L=canary exec /usr/bin/bwrap ${{A/$X/$Y}}");
            let open = sandbox.clone().with_bwrap(bwrap(folder.path(), &script));
            let found = probe(&open, folder.path());
            assert_eq!(found.level, IsolationLevel::L0, "{one}");
            let not_so = |it: &String| it.starts_with("NOT so: ") && it.contains(what);
            assert!(found.reasons.iter().any(not_so), "{one}: {found:?}");
        }
    });
}

#[test]
fn x1_bubblewrap_itself_has_no_environment() {
    in_bubblewrap("x1_bubblewrap_itself_has_no_environment", |sandbox| {
        let run = Run::new();
        let mut seen = Vec::new();
        let mut log = |_: LogStream, _: &[u8]| {
            seen.push(fs::read(format!("/proc/{}/environ", bwrap_of(&run).unwrap())).unwrap());
        };
        run.run_job(&sandbox, &run.job("echo on; read -t 1 < <(sleep 1)"), &mut log).unwrap();
        assert_eq!(seen, [Vec::<u8>::new()]);
    });
}

#[test]
fn x1_the_environment_is_exactly_what_was_given_and_tmp_is_private() {
    in_namespaces("x1_the_environment_is_exactly_what_was_given_and_tmp_is_private", |sandbox| {
        let mut run = Run::below(Path::new("/var/tmp"));
        let tmp = run.path("tmp").to_str().unwrap().to_owned();
        run.environment.extend(["HOME", "TMPDIR"].map(|name| (name.to_owned(), tmp.clone())));
        let mut job = run.job("");
        job.command = vec!["/usr/bin/env".into()];
        let mut out = Vec::new();
        let mut log = |_, bytes: &[u8]| out.extend_from_slice(bytes);
        run.run_job(&sandbox, &job, &mut log).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, "HOME=/tmp\nPATH=/usr/bin:/bin\nTMPDIR=/tmp\n");
        let ran = run.run(&sandbox, "echo mine > /dev/shm/box-test; ls -A /tmp; cat ~/box-test");
        assert_eq!((ran.out().as_str(), ran.err().as_str()), ("box-test\nmine\n", ""));
        assert!(!Path::new("/tmp/box-test").exists());
        assert_eq!(fs::read_dir(run.path("tmp")).unwrap().count(), 0);
    });
}

#[test]
fn x1_home_other_datasets_and_the_machine_are_not_there() {
    in_namespaces("x1_home_other_datasets_and_the_machine_are_not_there", |sandbox| {
        let attempts = [
            "cat ../home/secret && echo GOT",
            "stat ../home/secret && echo GOT",
            "ln -s ../home/secret s; cat s && echo GOT",
            "stat ../other/data.csv && echo GOT",
            "stat /etc/passwd && echo GOT",
            "stat /sys/kernel && echo GOT",
            "stat /var/log && echo GOT",
        ];
        for attempt in attempts {
            let said = denied_by_the_box_alone(&sandbox, |run| {
                fs::create_dir_all(run.path("other")).unwrap();
                fs::write(run.path("other/data.csv"), "rows").unwrap();
                attempt.to_owned()
            });
            assert!(said.contains("No such file or directory"), "{said}");
        }
        let runner = std::process::id();
        denied_by_the_box_alone(&sandbox, |_| {
            format!("[[ -n $(< /proc/{runner}/environ) ]] && echo GOT")
        });
        denied_by_the_box_alone(&sandbox, |_| "cat /proc/$PPID/status && echo GOT".to_owned());
        // What the first process of a namespace was started with, shows nowhere.
        let ran = Run::new().run(&sandbox, "cat /proc/1/environ; echo $PPID");
        assert_eq!(ran.out(), "1\n", "{}", ran.err());
    });
}

#[test]
fn x2_no_network() {
    in_namespaces("x2_no_network", |sandbox| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = denied_by_the_box_alone(&sandbox, |_| {
            format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo GOT")
        });
        assert!(said.contains("Operation not permitted"), "{said}");
        let said =
            denied_by_the_box_alone(&sandbox, |_| "ls /sys/class/net && echo GOT".to_owned());
        assert!(said.contains("No such file or directory"), "{said}");
    });
}

#[test]
fn x2_a_job_that_phones_home_and_fails_is_told_why() {
    in_namespaces("x2_a_job_that_phones_home_and_fails_is_told_why", |sandbox| {
        the_network_is_told_as_a_reason(&sandbox);
    });
}

#[test]
fn x3_daemons_die_with_the_job() {
    in_namespaces("x3_daemons_die_with_the_job", |sandbox| {
        for (end, exit) in [("exec sleep 60", Exit::TimedOut), ("exit 0", Exit::Code(0))] {
            let mut run = Run::new();
            run.limits.wall = Duration::from_millis(2_000);
            let daemon = Daemon::new(1);
            let mut lived = false;
            let mut log = |_: LogStream, _: &[u8]| lived |= daemon.comes_alive();
            let job = run.job(&daemon.start(&format!("echo on; read -t 0.3 < <(sleep 1); {end}")));
            let (report, _) = run.run_job(&sandbox, &job, &mut log).unwrap();
            assert_eq!(report.exit, exit);
            assert!(lived && !daemon.is_alive());
        }
    });
}

#[test]
fn x3_a_killed_bubblewrap_takes_the_job_along() {
    in_bubblewrap("x3_a_killed_bubblewrap_takes_the_job_along", |sandbox| {
        let (run, daemon) = (Run::new(), Daemon::new(2));
        let mut lived = false;
        let mut log = |_: LogStream, _: &[u8]| {
            lived = daemon.comes_alive();
            let killed = Command::new("kill").args(["-9", &bwrap_of(&run).unwrap()]).status();
            assert!(killed.unwrap().success());
        };
        let broken =
            run.run_job(&sandbox, &run.job(&daemon.start("echo on; exec sleep 60")), &mut log);
        assert!(matches!(&broken, Err(Error::Box(_))), "{broken:?}");
        assert!(lived);
        daemon.must_die();
    });
}

#[test]
fn x3_a_killed_warden_takes_the_job_along() {
    in_namespaces("x3_a_killed_warden_takes_the_job_along", |sandbox| {
        let (run, daemon) = (Run::new(), Daemon::new(4));
        let mut lived = false;
        let mut log = |_: LogStream, _: &[u8]| {
            lived = daemon.comes_alive();
            // Its parent is the first process of its namespace, and that one's, outside.
            let outside = parent_of(&parent_of(&daemon.pids()[0]));
            let killed = Command::new("kill").args(["-9", &outside]).status();
            assert!(killed.unwrap().success());
        };
        let job = run.job(&daemon.start("echo on; exec sleep 60"));
        let broken = run.run_job(&sandbox, &job, &mut log);
        assert!(matches!(&broken, Err(Error::Box(_))), "{broken:?}");
        assert!(lived);
        daemon.must_die();
    });
}

#[test]
fn what_a_terminal_signals_is_not_bubblewrap_and_a_stop_is_no_failure() {
    let test = "what_a_terminal_signals_is_not_bubblewrap_and_a_stop_is_no_failure";
    in_bubblewrap(test, |mut sandbox| {
        let stop = Stop::new().unwrap();
        sandbox.set_stop(stop.clone());
        let run = Run::new();
        let mut group_and_leader = Vec::new();
        let mut log = |_: LogStream, _: &[u8]| {
            let bwrap = bwrap_of(&run).unwrap();
            let pid = Pid::from_raw(bwrap.parse().unwrap()).unwrap();
            group_and_leader = vec![getpgid(Some(pid)).unwrap(), pid];
            stop.stop();
            let killed = Command::new("kill").args(["-INT", &bwrap]).status();
            assert!(killed.unwrap().success());
        };
        let stopped = run.run_job(&sandbox, &run.job("echo on; exec sleep 60"), &mut log);
        assert!(matches!(&stopped, Err(Error::Stopped)), "{stopped:?}");
        assert_eq!(group_and_leader[0], group_and_leader[1]);
        assert!(sandbox.is_stopped());
    });
}

#[test]
fn x1_below_tmp_only_what_is_granted_of_a_dataset_is_there() {
    in_namespaces("x1_below_tmp_only_what_is_granted_of_a_dataset_is_there", |sandbox| {
        let run = Run::below(Path::new("/tmp"));
        fs::create_dir(run.path("granted/more")).unwrap();
        fs::write(run.path("granted/more/rows.csv"), "more rows\n").unwrap();
        for beside in ["private_metadata.yaml", ".notes"] {
            fs::write(run.path("granted").join(beside), "the owner's\n").unwrap();
        }
        let mut job = run.job(
            "cd ../granted; ls -A; cat data.csv more/rows.csv private_metadata.yaml .notes
             echo x > new; echo x > more/new; rm data.csv; exit 0",
        );
        job.readable = vec![run.path("granted/data.csv"), run.path("granted/more")];
        job.listable = vec![run.path("granted")];
        let mut said = (String::new(), String::new());
        let mut log = |stream, bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            match stream {
                LogStream::Stdout => said.0.push_str(&text),
                LogStream::Stderr => said.1.push_str(&text),
            }
        };
        run.run_job(&sandbox, &job, &mut log).unwrap();
        assert_eq!(said.0, "data.csv\nmore\ngranted rows\nmore rows\n", "{}", said.1);
        assert_eq!(said.1.matches("No such file or directory").count(), 2, "{}", said.1);
        assert_eq!(said.1.matches("Read-only file system").count(), 3, "{}", said.1);
    });
}

#[test]
fn x3_a_killed_runner_takes_its_job_along() {
    let test = "x3_a_killed_runner_takes_its_job_along";
    in_namespaces(test, |sandbox| {
        // This test starts itself as the runner that is killed.
        if let Some(seconds) = std::env::var_os("BOX_TEST_DAEMON") {
            let daemon = Daemon { seconds: seconds.into_string().unwrap() };
            let run = Run::new();
            run.run_job(&sandbox, &run.job(&daemon.start("exec sleep 60")), &mut quiet).unwrap();
            return;
        }
        let (daemon, leftovers) = (Daemon::new(3), tempfile::tempdir().unwrap());
        let mut runner = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env("TMPDIR", leftovers.path())
            .env("BOX_TEST_DAEMON", &daemon.seconds)
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while !daemon.is_alive() {
            assert!(Instant::now() < end, "the job did not start");
            std::thread::yield_now();
        }
        runner.kill().unwrap();
        runner.wait().unwrap();
        daemon.must_die();
    });
}

#[test]
fn x4_x5_nobody_waits_for_a_stream() {
    in_namespaces("x4_x5_nobody_waits_for_a_stream", |sandbox| {
        let mut run = Run::new();
        let start = Instant::now();
        let held = run.run(&sandbox, "sleep 9 & echo said; exit 0");
        assert_eq!((held.out().as_str(), held.report.exit), ("said\n", Exit::Code(0)));
        run.limits.wall = Duration::from_millis(700);
        let half = run.run(&sandbox, "printf half; exec sleep 9");
        assert_eq!((half.out().as_str(), half.report.exit), ("half", Exit::TimedOut));
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    });
}

#[test]
fn x6_limits_are_kept_and_reported_by_name() {
    in_namespaces("x6_limits_are_kept_and_reported_by_name", |sandbox| {
        type Hit = (LimitKind, fn(&mut Limits), &'static str);
        let hits: [Hit; 9] = [
            (LimitKind::Wall, |of| of.wall = Duration::from_millis(300), "sleep 30; sleep 30"),
            (
                LimitKind::Cpu,
                |of| of.cpu_seconds = 1,
                "(while :; do :; done) & while :; do :; done",
            ),
            (
                LimitKind::Memory,
                |of| of.memory_bytes = 96 * MIB,
                "s=0123456789; while :; do s=$s$s || exit 1; done",
            ),
            (
                LimitKind::Processes,
                |of| of.processes = 20,
                "for i in {1..60}; do sleep 9 & done; wait",
            ),
            (
                LimitKind::OpenFiles,
                |of| of.open_files = 100,
                "while exec {fd}< /dev/null; do :; done; read -t 0.3 < <(sleep 1)",
            ),
            (LimitKind::FileSize, |of| of.file_bytes = MIB, "head -c 3000000 /dev/zero > /tmp/big"),
            (
                LimitKind::Scratch,
                |of| of.scratch_bytes = MIB,
                "head -c 5000000 /dev/zero > /tmp/big; exec sleep 30",
            ),
            (
                LimitKind::Outputs,
                |of| of.outputs_bytes = MIB,
                "head -c 3000000 /dev/zero > ../outputs/big",
            ),
            (LimitKind::Log, |of| of.log_bytes = 1000, "head -c 3000000 /dev/zero"),
        ];
        for (limit, change, script) in hits {
            let mut run = Run::new();
            change(&mut run.limits);
            let ran = run.run(&sandbox, script);
            let named: Vec<_> = ran.report.limits_hit.iter().map(|hit| hit.limit).collect();
            assert_eq!(named, [limit], "{:?}\n{}", ran.report, ran.err());
        }
        // Whatever the warden would miss, the temporary folder has an end.
        let mut run = Run::new();
        run.limits.scratch_bytes = 0;
        let ran = run.run(&sandbox, "head -c 200000000 /dev/zero > /tmp/big; exit 0");
        assert!(ran.report.hit(LimitKind::Scratch), "{:?}", ran.report);
        run.limits.scratch_bytes = u64::MAX;
        assert_eq!(run.run(&sandbox, "echo x > /tmp/x").report.exit, Exit::Code(0));
    });
}

#[test]
fn x6_what_is_granted_from_below_tmp_counts_for_no_limit() {
    in_namespaces("x6_what_is_granted_from_below_tmp_counts_for_no_limit", |sandbox| {
        let mut run = Run::below(Path::new("/tmp"));
        fs::write(run.path("granted/big.csv"), vec![b'x'; 3_000_000]).unwrap();
        (run.limits.file_bytes, run.limits.scratch_bytes) = (MIB, MIB);
        let script = "wc -c < ../granted/big.csv; echo x > $TMPDIR/x; cat ../home/secret; exit 0";
        let ran = run.run(&sandbox, script);
        assert_eq!((ran.out().as_str(), ran.report.exit), ("3000000\n", Exit::Code(0)));
        assert!(ran.report.limits_hit.is_empty(), "{:?}", ran.report);
        assert!(ran.err().contains("home/secret: No such file"), "{}", ran.err());
    });
}

#[test]
fn x7_links_and_fifos_are_not_collected() {
    in_namespaces("x7_links_and_fifos_are_not_collected", |sandbox| {
        let run = Run::new();
        let script = "cd ../outputs; ln -s ../home/secret link; mkfifo fifo; echo x > file
            echo y > one; ln one two; mknod device c 1 3; chmod u+s file; echo $?";
        let ran = run.run(&sandbox, script);
        assert!(ran.err().contains("mknod"), "{}", ran.err());
        let files: Vec<&str> = ran.outputs.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(files, ["file"]);
        let left: Vec<&str> = ran.outputs.skipped.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(left, ["fifo", "link", "one", "two"]);
    });
}

#[test]
fn x8_what_is_granted_is_read_only() {
    in_namespaces("x8_what_is_granted_is_read_only", |sandbox| {
        let said = denied_by_the_box_alone(&sandbox, |_| {
            "cat ../granted/data.csv; echo x >> ../granted/data.csv && echo GOT".to_owned()
        });
        assert!(said.contains("Read-only file system"), "{said}");
        denied_by_the_box_alone(&sandbox, |_| {
            "ln ../granted/data.csv ../outputs/rows && echo GOT".to_owned()
        });
        let ran = Run::new().run(&sandbox, "for f in / /usr /dev /etc; do : > $f/new; done");
        let refused =
            ran.err().lines().filter(|line| line.contains("Read-only file system")).count();
        assert_eq!(refused, 4, "{}", ran.err());
    });
}

#[test]
fn x10_the_kernels_settings_namespaces_and_mounts_are_out_of_reach() {
    in_namespaces("x10_the_kernels_settings_namespaces_and_mounts_are_out_of_reach", |sandbox| {
        let setting = "/proc/sys/kernel/core_pattern";
        let before = fs::read(setting).unwrap();
        let script = format!(
            "echo z > {setting} && echo GOT; unshare -U true && echo GOT
             unshare -m true && echo GOT; mount -t tmpfs none /tmp && echo GOT
             mount --bind /usr ../outputs && echo GOT; mknod d c 1 3 && echo GOT
             while read -r name value; do echo \"$name $value\"; done < /proc/self/status"
        );
        let ran = Run::new().run(&sandbox, &script);
        assert!(!ran.out().contains("GOT"), "{}", ran.out());
        assert_eq!(fs::read(setting).unwrap(), before);
        assert!(ran.err().contains("Read-only file system"), "{}", ran.err());
        for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert!(ran.out().contains(&format!("{name}: 0000000000000000\n")), "{}", ran.out());
        }
        assert!(ran.out().contains("NoNewPrivs: 1\n") && ran.out().contains("Seccomp: 2\n"));
    });
}

#[test]
fn x10_the_kernels_less_worn_doors_are_shut() {
    in_namespaces("x10_the_kernels_less_worn_doors_are_shut", |sandbox| {
        doors_are_shut(&sandbox);
    });
}

#[test]
fn x10_a_job_that_kills_all_it_can_kills_only_itself() {
    in_namespaces("x10_a_job_that_kills_all_it_can_kills_only_itself", |sandbox| {
        for abi in [7, 5] {
            for script in ["kill -9 0", "kill -9 -1; kill -9 $PPID; kill -9 $$"] {
                let ran = Run::new().run(&sandbox.clone().with_landlock_at_most(abi), script);
                assert_eq!(ran.report.exit, Exit::Signal(9), "{}", ran.err());
            }
        }
    });
}

#[test]
fn a_box_is_made_whatever_the_umask_is() {
    let test = "a_box_is_made_whatever_the_umask_is";
    let of_own = format!("{:?}", boxed().in_namespaces());
    in_namespaces(test, |sandbox| {
        if format!("{sandbox:?}") != of_own {
            return;
        }
        let warden = box_common::user::warden().into_os_string();
        let script = ["-c", "umask 077; exec \"$0\""].map(std::ffi::OsString::from);
        let careful = WardenSandbox::new("/bin/sh".into(), [&script[..], &[warden]].concat());
        let ran = Run::new().run(
            &careful.in_namespaces(),
            "cat ../granted/data.csv; : > /dev/null; echo x > ../outputs/x",
        );
        assert_eq!(ran.out(), "granted rows\n", "{}", ran.err());
        assert_eq!((ran.err().as_str(), ran.outputs.files.len()), ("", 1));
    });
}

#[test]
fn p11_a_grant_that_became_a_link_is_not_followed() {
    let test = "p11_a_grant_that_became_a_link_is_not_followed";
    let of_own = format!("{:?}", boxed().in_namespaces());
    in_namespaces(test, |sandbox| {
        if format!("{sandbox:?}") != of_own {
            return;
        }
        let run = Run::new();
        std::os::unix::fs::symlink(run.path("home"), run.path("granted/there")).unwrap();
        for granted in ["granted/there", "granted/there/secret"] {
            let mut job = run.job("echo x > ../outputs/ran");
            job.readable = vec![run.path(granted)];
            let refused = run.run_job(&sandbox, &job, &mut quiet).unwrap_err();
            assert!(matches!(refused, Error::Isolation { .. }), "{refused}");
            assert!(refused.to_string().contains("could not hand on"), "{refused}");
            assert!(!run.kept("ran").exists());
        }
    });
}

#[test]
fn x10_what_root_runs_is_not_roots_and_can_read_what_it_is_handed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let run = Run::new();
    // Two owners, of whom nobody else may read: the job's user can be but one of them.
    fs::create_dir(run.path("granted/mixed")).unwrap();
    for (file, owner) in [("mixed/of-root", 0), ("mixed/of-other", 1234), ("of-other", 1234)] {
        let path = run.path("granted").join(file);
        fs::write(&path, format!("{file}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner), Some(owner)).unwrap();
    }
    let program = run.path("granted/mixed/of-root");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let mut job = run.job(
        "cat ../granted/of-other ../granted/mixed/*; read -r in out n < /proc/self/uid_map
        echo $in $out $n $UID $(id -G); echo x > ../outputs/x; stat -c %u ../granted/of-other x
        [[ -x ../granted/mixed/of-root && ! -x ../granted/mixed/of-other ]] && echo starts
        cat ../home/secret; echo z > /proc/sys/kernel/core_pattern; echo x > ../granted/new",
    );
    job.readable = ["of-other", "mixed"].map(|name| run.path("granted").join(name)).to_vec();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut log = |stream, bytes: &[u8]| match stream {
        LogStream::Stdout => out.extend_from_slice(bytes),
        LogStream::Stderr => err.extend_from_slice(bytes),
    };
    let sandbox = boxed().in_namespaces();
    let (report, outputs) = run.run_job(&sandbox, &job, &mut log).unwrap();
    let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap());
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[..3], ["of-other", "mixed/of-other", "mixed/of-root"], "{out}\n{err}");
    assert_eq!(lines[5], "starts", "{out}\n{err}");
    let user = lines[4];
    assert_eq!(lines[3], format!("{user} {user} 1 {user} {user}"), "{out}\n{err}");
    assert!(user.parse::<u32>().unwrap() >= 0x7000_0000, "{out}");
    assert!(err.contains("secret: No such file") && err.contains("Read-only"), "{err}");
    assert_eq!((report.level, outputs.files.len()), (IsolationLevel::L2, 1));
    // What was handed on is as it was.
    let owner = |file: &str| fs::metadata(run.path("granted").join(file)).unwrap().uid();
    assert_eq!([owner("of-other"), owner("mixed/of-root")], [1234, 0]);
    assert!(!run.path("granted/new").exists());
}

#[test]
fn root_of_nothing_else_gets_no_namespaces_and_is_told_why() {
    let test = "root_of_nothing_else_gets_no_namespaces_and_is_told_why";
    let is_of_a_namespace = || {
        let map = fs::read_to_string("/proc/self/uid_map").unwrap();
        map.split_whitespace().ne(["0", "0", "4294967295"])
    };
    if !is_of_a_namespace() {
        return as_user(test, || {
            let root = ["--user", "--map-root-user"];
            let is_possible = Command::new("unshare").args(root).arg("true").status().unwrap();
            let again = || {
                let tests = std::env::current_exe().unwrap();
                let mut command = Command::new("unshare");
                command.args(root).arg(tests).args(["--exact", test]);
                command.status().unwrap().success()
            };
            assert!(!is_possible.success() || again());
        });
    }
    let run = Run::new();
    let found = best(boxed(), run.root());
    assert_eq!(found.probe.level, IsolationLevel::L1);
    let why = found.probe.no_namespaces.unwrap();
    assert!(why.contains("bubblewrap was not tried as root"), "{why}");
    assert!(why.contains("can be no other user"), "{why}");
    let job = run.job("echo x > ../outputs/ran");
    let refused = run.run_job(&boxed().in_namespaces(), &job, &mut quiet).unwrap_err();
    assert!(matches!(&refused, Error::Isolation { needed, .. } if needed == "L2"), "{refused}");
    assert!(!run.kept("ran").exists());
}

#[test]
fn without_a_bubblewrap_that_works_the_box_is_the_next_best() {
    as_user("without_a_bubblewrap_that_works_the_box_is_the_next_best", || {
        let run = Run::new();
        let none = run.path("none");
        let refusing = bwrap(run.root(), "echo 'bwrap: No permissions to do so' >&2; exit 1");
        let mute = run.path("mute");
        fs::copy(bwrap(&run.path("home"), "exit 0"), &mute).unwrap();
        let whys = [
            (none, "none is not there; install bubblewrap"),
            (refusing, "bwrap: No permissions to do so"),
            (mute, "bwrap ended without a word"),
        ];
        for (program, why) in whys {
            let warden = boxed().with_bwrap(program);
            let next_best = probe(&warden.clone().in_namespaces(), run.root()).level;
            let next_best = next_best.max(IsolationLevel::L1);
            let found = best(warden.clone(), run.root());
            assert_eq!(found.probe.level, next_best, "{:?}", found.probe);
            assert_eq!(found.sandbox.level(), next_best);
            let job = run.job("echo x > ../outputs/ran");
            let refused = run.run_job(&warden.in_bubblewrap(), &job, &mut quiet).unwrap_err();
            assert!(matches!(&refused, Error::Isolation { needed, .. } if needed == "L2"));
            assert!(refused.to_string().contains(why), "{refused}");
            assert!(!run.path("outputs/ran").exists());
        }
    });
}

#[test]
fn x1_what_every_job_may_read_grants_no_box() {
    in_namespaces("x1_what_every_job_may_read_grants_no_box", |sandbox| {
        let run = Run::new();
        let mut job = run.job("echo x > ../outputs/ran");
        job.readable.push("/usr/share".into());
        let refused = run.run_job(&sandbox, &job, &mut quiet).unwrap_err();
        assert!(matches!(&refused, Error::Isolation { needed, .. } if needed == "L2"), "{refused}");
        assert!(refused.to_string().contains("is below /usr"), "{refused}");
    });
}

#[test]
fn a_job_in_the_best_box_has_its_level_recorded() {
    in_namespaces("a_job_in_the_best_box_has_its_level_recorded", |_| {
        let pair = Pair::new();
        let folder = format!("{OWNER}/private/datasets/census");
        for file in ["a.csv", "b.csv", "private_metadata.yaml"] {
            pair.owner.write(&format!("{folder}/{file}"), format!("{file}\n"));
        }
        let script = "printf '%s\\n' \"$HOME $TMPDIR\"; cd \"$SYFT_DATASET_CENSUS\"; ls; cat *
            echo 3 | python3 -c 'print(int(input()) + 4)' > \"$SYFT_OUTPUTS/seven\"";
        let mut submission = Submission::new(email(OWNER), Script::Text(script.to_owned()));
        submission.name = Some(name("count"));
        submission.datasets = vec![dataset("census")];
        pair.submit(&submission);
        let Intake::Received { id, .. } = pair.intake("count") else { panic!("not received") };
        pair.approve(&id);
        let scratch = tempfile::tempdir().unwrap();
        let sandbox = best(boxed(), scratch.path()).sandbox;
        let options = RunOptions { minimum: IsolationLevel::L2, ..RunOptions::default() };
        let run = pair.owner.store.run(&id, &options, &*sandbox, &mut quiet).unwrap();
        let job = pair.owner.store.received(&id).unwrap();
        let said = [job.stdout(), job.stderr()].map(|log| log.unwrap().unwrap().text());
        let names = "/tmp /tmp\na.csv\nb.csv\nprivate_metadata.yaml\na.csv\nb.csv\n";
        assert_eq!(said[0], names, "{}", said[1]);
        assert!(said[1].contains("Permission denied"), "{}", said[1]);
        let finished = run.finished.unwrap();
        assert_eq!((run.started.level, finished.level), (IsolationLevel::L2, IsolationLevel::L2));
        assert_eq!(finished.outputs.iter().map(|file| file.size).collect::<Vec<_>>(), [2]);
        assert_eq!(job.isolation(), Some(IsolationLevel::L2));
    });
}

#[test]
fn x6_in_a_control_group_the_kernel_is_told_the_limits_and_counts_all_processes() {
    let test = "x6_in_a_control_group_the_kernel_is_told_the_limits_and_counts_all_processes";
    in_namespaces(test, |sandbox| {
        let mut run = Run::new();
        run.limits.memory_bytes = 512 * MIB;
        run.limits.processes = 40;
        // What a kernel would make of it: each group is a folder with these files.
        let groups = run.path("home");
        let counted = sandbox.clone().in_control_group_of(groups.clone());
        let ran = run.run(&counted, "echo counted");
        assert_eq!((ran.out().as_str(), ran.report.level), ("counted\n", IsolationLevel::L3));
        let made = fs::read_dir(&groups).unwrap().flatten().map(|it| it.path());
        let group = made.filter(|path| path.is_dir()).last().unwrap();
        let told = |file: &str| fs::read_to_string(group.join(file)).unwrap();
        assert_eq!(told("cgroup.procs"), "0");
        assert!(told("memory.max").parse::<u64>().unwrap() >= 512 * MIB);
        assert!(told("pids.max").parse::<u64>().unwrap() >= 40);
        // Where no group can be made, nothing runs.
        let none = sandbox.in_control_group_of(run.path("none"));
        let refused = run.run_job(&none, &run.job("echo x > ../outputs/ran"), &mut quiet);
        let refused = refused.unwrap_err();
        assert!(matches!(&refused, Error::Isolation { needed, .. } if needed == "L3"), "{refused}");
        assert!(!run.kept("ran").exists());
    });
}
