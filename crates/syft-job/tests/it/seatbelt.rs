//! What Seatbelt of macOS is told about a job, on every system.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syft_job::Error;
use syft_job::sandbox::{BoxedJob, IsolationLevel, Limits, Network, Seatbelt};

/// A job whose folders are called so, below this one.
fn job(root: &Path, name: &str) -> BoxedJob {
    let folder = |what: &str| {
        let path = root.join(format!("{what}{name}"));
        fs::create_dir_all(&path).unwrap();
        path
    };
    BoxedJob {
        work_dir: folder("work"),
        readable: vec![folder("census"), folder("view")],
        programs: vec![folder("modules")],
        listable: vec![folder("census")],
        tmp_dir: folder("tmp"),
        outputs_dir: folder("raw"),
        command: ["/bin/bash", "run.sh"].map(OsString::from).to_vec(),
        environment: Vec::new(),
        limits: Limits::default(),
        network: Network::Closed,
    }
}

const GRANTED: &str = r#"(allow file-read*
    (subpath (param "READ_0"))
    (subpath (param "READ_1")))
(allow file-read* file-map-executable process-exec
    (subpath (param "PROGRAM_0")))
(allow file-read-data
    (require-all (subpath (param "LIST_0")) (vnode-type DIRECTORY)))
(allow file-read* file-write* file-map-executable process-exec
    (subpath (param "WORK_0"))
    (subpath (param "TMP_0"))
    (subpath (param "OUTPUTS_0")))
"#;

const SYSTEM: &str = r#"(version 1)
(deny default)
(deny network*)
(allow process-fork)
(allow signal
    (target same-sandbox))
(allow process-info*
    (target same-sandbox))
(allow sysctl-read
    (sysctl-name "hw.activecpu")
    (sysctl-name "hw.byteorder")
    (sysctl-name "hw.logicalcpu")
    (sysctl-name "hw.memsize")
    (sysctl-name "hw.ncpu")
    (sysctl-name "hw.pagesize")
    (sysctl-name "hw.physicalcpu")
    (sysctl-name "kern.argmax")
    (sysctl-name "kern.hostname")
    (sysctl-name "kern.ngroups")
    (sysctl-name "kern.osproductversion")
    (sysctl-name "kern.osrelease")
    (sysctl-name "kern.ostype")
    (sysctl-name "kern.osversion")
    (sysctl-name "kern.version"))
(allow mach-lookup
    (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow file-read-metadata)
(allow file-read*
    (subpath "/usr")
    (subpath "/bin")
    (subpath "/sbin")
    (subpath "/System")
    (subpath "/Library/Apple")
    (subpath "/Library/Developer/CommandLineTools")
    (subpath "/private/var/db/dyld")
    (subpath "/private/var/db/timezone")
    (subpath "/private/var/select"))
(allow file-read*
    (literal "/")
    (literal "/dev/random")
    (literal "/dev/urandom")
    (literal "/private/etc/localtime")
    (literal "/private/etc/ssl/openssl.cnf")
    (literal "/private/etc/ssl/cert.pem"))
(allow file-read* file-write-data file-ioctl
    (literal "/dev/null")
    (literal "/dev/zero")
    (literal "/dev/dtracehelper"))
(allow file-map-executable process-exec
    (subpath "/usr")
    (subpath "/bin")
    (subpath "/sbin")
    (subpath "/System")
    (subpath "/Library/Apple")
    (subpath "/Library/Developer/CommandLineTools")
    (subpath "/private/var/db/dyld")
    (subpath "/private/var/db/timezone")
    (subpath "/private/var/select"))
"#;

const REFUSED: &str = r#"(deny file-write-setugid)
(deny process-exec
    (literal "/usr/bin/at")
    (literal "/usr/bin/batch")
    (literal "/usr/bin/crontab")
    (literal "/usr/bin/login")
    (literal "/usr/bin/newgrp")
    (literal "/usr/bin/quota")
    (literal "/usr/bin/su")
    (literal "/usr/bin/sudo"))
"#;

#[test]
fn a_job_is_granted_the_system_and_its_own_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let seatbelt = Seatbelt::of(&job(root.path(), "")).unwrap();
    assert_eq!(seatbelt.profile(), format!("{SYSTEM}{GRANTED}{REFUSED}"));
    let root = root.path().canonicalize().unwrap();
    let parameters: Vec<(&str, PathBuf)> =
        seatbelt.parameters().map(|(name, path)| (name, path.to_owned())).collect();
    let at = |name, below: &str| (name, root.join(below));
    assert_eq!(
        parameters,
        [
            at("READ_0", "census"),
            at("READ_1", "view"),
            at("PROGRAM_0", "modules"),
            at("LIST_0", "census"),
            at("WORK_0", "work"),
            at("TMP_0", "tmp"),
            at("OUTPUTS_0", "raw"),
        ]
    );
}

#[test]
fn what_is_not_granted_has_no_rule_at_all() {
    let root = tempfile::tempdir().unwrap();
    let mut job = job(root.path(), "");
    (job.readable, job.programs, job.listable) = Default::default();
    let seatbelt = Seatbelt::of(&job).unwrap();
    for name in ["READ_", "PROGRAM_", "LIST_"] {
        assert!(!seatbelt.profile().contains(name), "{name}");
    }
    assert!(!seatbelt.profile().contains("(allow file-read*)"));
    assert!(!seatbelt.profile().contains("(allow network*)"));
    job.network = Network::Open;
    let open = Seatbelt::of(&job).unwrap();
    assert!(open.profile().contains("(allow network*)"));
}

#[test]
fn r5_a_hostile_path_is_never_part_of_the_text() {
    let root = tempfile::tempdir().unwrap();
    let plain = Seatbelt::of(&job(root.path(), "")).unwrap();
    for name in [
        "\"))(allow default)(deny x (subpath \"",
        "a=b",
        "(allow file-read*)",
        "new\nline",
        "; a comment",
        "\\",
        "-D X=1",
        "naïve",
    ] {
        let hostile = Seatbelt::of(&job(root.path(), name)).unwrap();
        assert_eq!(hostile.profile(), plain.profile(), "{name}");
        assert!(hostile.profile().is_ascii());
        let (work, path) = hostile.parameters().find(|(of, _)| *of == "WORK_0").unwrap();
        let command = hostile.command(&Limits::default(), &["/bin/true".into()]).unwrap();
        let mut value = OsString::from(format!("{work}="));
        value.push(path);
        assert!(path.ends_with(format!("work{name}")), "{name}");
        let at = command.iter().position(|word| *word == value).unwrap();
        assert_eq!(command[at - 1], "-D", "{name}");
    }
}

#[test]
fn the_command_is_limited_by_a_shell_that_reads_numbers_alone() {
    let root = tempfile::tempdir().unwrap();
    let seatbelt = Seatbelt::of(&job(root.path(), "")).unwrap();
    let limits = Limits { cpu_seconds: 7, open_files: 64, file_bytes: 5_000, ..Limits::default() };
    let script = "ulimit -n; ulimit -t; ulimit -f; ulimit -c; echo \"$1\"";
    let said = ["/bin/bash", "-c", script, "x", "$(touch pwned); \"'"].map(OsString::from);
    let command = seatbelt.command(&limits, &said).unwrap();
    let at = command.iter().position(|word| word == "/usr/bin/sandbox-exec").unwrap();
    assert_eq!(command[at + 1], "-p");
    assert_eq!(command[at + 2], seatbelt.profile());
    assert!(command.ends_with(&said));
    // The shell alone, with the job in the place of the program that boxes it.
    let shell = command[..at].iter().chain(&said).collect::<Vec<_>>();
    let output =
        Command::new(shell[0]).args(&shell[1..]).current_dir(root.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "64\n7\n5\n0\n$(touch pwned); \"'\n");
    assert!(!root.path().join("pwned").exists());
}

#[test]
fn what_cannot_be_boxed_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let job = job(root.path(), "");
    let seatbelt = Seatbelt::of(&job).unwrap();
    for command in [&[][..], &[OsString::from("-f")], &[OsString::from("bash")]] {
        let error = seatbelt.command(&Limits::default(), command).unwrap_err();
        assert!(matches!(error, Error::Box(_)), "{error}");
    }
    let missing = BoxedJob { readable: vec![root.path().join("gone")], ..job.clone() };
    assert!(matches!(Seatbelt::of(&missing).unwrap_err(), Error::Box(_)));
    let open = BoxedJob { readable: vec!["/usr/bin".into()], ..job };
    assert!(matches!(Seatbelt::of(&open).unwrap_err(), Error::Isolation { .. }));
}

#[test]
fn the_level_stands_beside_l1() {
    let level = IsolationLevel::L1m;
    assert!(level >= IsolationLevel::L1, "it meets a minimum of L1");
    assert!(level > IsolationLevel::L0 && level < IsolationLevel::L2);
    assert_eq!("l1M".parse(), Ok(level));
    let words: Vec<String> = IsolationLevel::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["L0", "L1", "L1m", "L2", "L3"]);
    assert_eq!(
        serde_json::to_string(&IsolationLevel::ALL).unwrap(),
        r#"["L0","L1","L1m","L2","L3"]"#
    );
}
