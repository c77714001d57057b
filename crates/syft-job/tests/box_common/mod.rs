//! A box around a bash script, for the tests of this folder.
#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod user;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use syft_core::{DirDisk, Disk as _, HomePath};
use syft_job::sandbox::{
    BoxReport, BoxedJob, LimitKind, Limits, LogSink, LogStream, Network, Sandbox, WardenSandbox,
};
use syft_job::{Collected, OutputsCollector, Result};
use tempfile::TempDir;

/// A run's folders, and a home beside them that the job has no business with.
pub(crate) struct Run {
    root: TempDir,
    pub(crate) limits: Limits,
    pub(crate) readable: Vec<PathBuf>,
    pub(crate) environment: Vec<(String, String)>,
}

pub(crate) struct Ran {
    pub(crate) report: BoxReport,
    pub(crate) outputs: Collected,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Ran {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

pub(crate) fn boxed() -> WardenSandbox {
    WardenSandbox::new(user::warden(), Vec::new())
}

/// The box of a run, made without the help of another program.
pub(crate) fn walled() -> WardenSandbox {
    boxed().in_namespaces()
}

pub(crate) fn unboxed() -> WardenSandbox {
    boxed().without_box()
}

/// Tries doors of the kernel that a job has no business with, in Python, and prints
/// for each the number of the error. The arguments are such that the kernel, where
/// it lets the call through, has something to say about them before it looks at who
/// calls.
pub(crate) fn tries_doors() -> String {
    let (vsock, netlink) = (libc::AF_VSOCK, libc::AF_NETLINK);
    let doors = [
        ("keyctl", libc::SYS_keyctl, "0xffff, 0, 0, 0, 0".to_owned()),
        ("vsock", libc::SYS_socket, format!("{vsock}, 1, 0")),
        ("netlink", libc::SYS_socket, format!("{netlink}, 3, 0")),
        ("io_uring_setup", libc::SYS_io_uring_setup, "1, None".to_owned()),
        // Of user mode alone, with a flag that there is not.
        ("userfaultfd", libc::SYS_userfaultfd, "0x101".to_owned()),
        // Larger than what it takes.
        ("bpf", libc::SYS_bpf, "0, None, 1 << 20".to_owned()),
        ("tiocsti", libc::SYS_ioctl, "0, ctypes.c_ulong(0x5412), b'x'".to_owned()),
        // The kernel takes the lower half of the request.
        ("tiocsti_64", libc::SYS_ioctl, "0, ctypes.c_ulong(0x5412 | 1 << 32), b'x'".to_owned()),
    ];
    let mut script = "exec python3 - <<'END'\nimport ctypes\n\
        libc = ctypes.CDLL(None, use_errno=True)\n\
        def door(name, *args):\n    \
            errno = ctypes.get_errno() if libc.syscall(*args) < 0 else 0\n    \
            print(name, errno)\n"
        .to_owned();
    for (name, call, args) in doors {
        script.push_str(&format!("door('{name}', {call}, {args})\n"));
    }
    script + "END\n"
}

/// All of these doors are shut by the box, and by nothing else but the kernel's own
/// settings.
pub(crate) fn doors_are_shut(sandbox: &dyn Sandbox) {
    let shut = |line: &&str| line.ends_with(&format!(" {}", libc::EPERM));
    let inside = Run::new().run(sandbox, &tries_doors());
    let inside = (inside.out(), inside.err());
    assert_eq!(inside.0.lines().filter(shut).count(), 8, "{}\n{}", inside.0, inside.1);
    assert_eq!(inside.0.lines().count(), 8, "{}\n{}", inside.0, inside.1);
    let outside = Run::new().run(&unboxed(), &tries_doors()).out();
    let by_setting = ["io_uring_setup", "userfaultfd", "bpf"];
    for line in outside.lines().filter(shut) {
        assert!(by_setting.iter().any(|door| line.starts_with(door)), "{outside}");
    }
    assert_eq!(outside.lines().count(), 8, "{outside}");
}

/// That a job failed after it had asked for the network is told; not that it asked and
/// did without, nor that it failed after it asked for a service of this machine.
pub(crate) fn the_network_is_told_as_a_reason(sandbox: &dyn Sandbox) {
    let asks = "exec 3<> /dev/tcp/127.0.0.1/9";
    let unix = "python3 -c 'import socket; socket.socket(socket.AF_UNIX)'";
    for (script, told) in [
        (format!("{asks} || exit 4"), true),
        (format!("({asks}) & wait; exit 4"), true),
        (format!("{asks} || exit 0"), false),
        (format!("{unix} || exit 4"), false),
        ("exit 4".to_owned(), false),
    ] {
        let ran = Run::new().run(sandbox, &script);
        assert_eq!(ran.report.hit(LimitKind::Network), told, "{script}: {:?}", ran.report);
    }
}

impl Run {
    pub(crate) fn new() -> Self {
        Run::below(&std::env::temp_dir())
    }

    pub(crate) fn below(folder: &Path) -> Self {
        let root = tempfile::Builder::new().prefix("box").tempdir_in(folder).unwrap();
        for folder in ["work", "tmp", "outputs", "granted", "home", "owner"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("granted/data.csv"), "granted rows\n").unwrap();
        fs::write(root.path().join("home/secret"), "the secret\n").unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let limits = Limits { wall: Duration::from_secs(20), ..Limits::default() };
        let readable = vec![root.path().join("granted")];
        let environment = vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
        Run { root, limits, readable, environment }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn job(&self, script: &str) -> BoxedJob {
        fs::write(self.path("work/run.sh"), script).unwrap();
        BoxedJob {
            work_dir: self.path("work"),
            readable: self.readable.clone(),
            programs: Vec::new(),
            listable: Vec::new(),
            tmp_dir: self.path("tmp"),
            outputs_dir: self.path("outputs"),
            command: ["/bin/bash", "run.sh"].map(OsString::from).to_vec(),
            environment: self.environment.clone(),
            limits: self.limits.clone(),
            network: Network::Closed,
        }
    }

    pub(crate) fn run(&self, sandbox: &dyn Sandbox, script: &str) -> Ran {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut log = |stream, bytes: &[u8]| match stream {
            LogStream::Stdout => stdout.extend_from_slice(bytes),
            LogStream::Stderr => stderr.extend_from_slice(bytes),
        };
        let (report, outputs) = self.run_job(sandbox, &self.job(script), &mut log).unwrap();
        Ran { report, outputs, stdout, stderr }
    }

    /// Runs a job and keeps what it produced, of this run of it alone.
    pub(crate) fn run_job(
        &self,
        sandbox: &dyn Sandbox,
        job: &BoxedJob,
        log: &mut dyn LogSink,
    ) -> Result<(BoxReport, Collected)> {
        let disk = DirDisk::open(&self.path("owner")).unwrap();
        let to = HomePath::parse("kept").unwrap();
        disk.remove_dir_all(&to).unwrap();
        let mut outputs = OutputsCollector::new(&job.limits, &disk, &to);
        let report = sandbox.run(job, log, &mut outputs)?;
        Ok((report, outputs.finish()))
    }

    /// Where an output of the last run is kept.
    pub(crate) fn kept(&self, name: &str) -> PathBuf {
        self.path("owner/kept").join(name)
    }
}
