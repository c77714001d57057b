use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, UdpSocket};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::process::{geteuid, getpid, getppid};
use rustix::thread::UnshareFlags;

use super::confine::{Confined, Grants, can_signal_parent, confine};
use super::orders::{Reply, TrialOrders, Tried};
use super::sys;

/// Confines this process as a job is, and tries to get out.
pub(super) fn tried(orders: &TrialOrders) -> Reply {
    let secret = &orders.secret;
    // What else confines this process would refuse most of this as well: the
    // namespaces are tried alone.
    let mut held = if orders.in_namespaces { of_namespaces(secret) } else { Vec::new() };
    let Confined { abi, job_domain, .. } = match confine(&Grants::nothing(), orders.newest_abi) {
        Ok(confined) => confined,
        Err(reason) => return Reply::NoBox(reason),
    };
    if let Err(error) = job_domain.enter() {
        return Reply::NoBox(error.to_string());
    }
    held.extend(attempts(secret, abi));
    Reply::Tried(Tried { landlock_abi: abi, attempts: held })
}

/// What namespaces give by themselves.
fn of_namespaces(secret: &OsStr) -> Vec<(String, bool)> {
    let is_absent =
        fs::symlink_metadata(secret).is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
    vec![
        ("this user's files are not there".to_owned(), is_absent),
        ("there are no processes but the box's own".to_owned(), getpid().is_init()),
        ("whoever is in here is not root outside".to_owned(), is_not_root()),
        ("there is no network device but loopback".to_owned(), has_loopback_alone()),
        ("the kernel's settings are read-only".to_owned(), has_read_only_settings()),
        ("nothing of the runner's environment is there".to_owned(), has_no_environment()),
        // Last: where it succeeds, this process is elsewhere.
        (
            "a namespace in this one is refused".to_owned(),
            sys::unshare(UnshareFlags::NEWUSER).is_err(),
        ),
    ]
}

/// Neither by its own number nor by the one that it has outside.
fn is_not_root() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let mut outside = map.lines().map(|line| line.split_whitespace().nth(1));
    let is_mapped = !map.trim().is_empty();
    is_mapped && !geteuid().is_root() && outside.all(|number| number.is_some_and(|it| it != "0"))
}

/// As they are mounted, whoever tries to write them.
fn has_read_only_settings() -> bool {
    let found = statvfs("/proc/sys/kernel");
    found.is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

fn has_loopback_alone() -> bool {
    let devices = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    // Two lines of headings.
    let mut devices = devices.lines().skip(2).map(str::trim_start).peekable();
    devices.peek().is_some() && devices.all(|device| device.starts_with("lo:"))
}

/// The first process of a namespace is what shows the environment of whoever made
/// it; the folder that it is in is no secret.
fn has_no_environment() -> bool {
    fs::read("/proc/1/environ")
        .is_ok_and(|all| all.split(|byte| *byte == 0).all(|one| one.is_empty() || one == b"PWD=/"))
}

fn attempts(secret: &OsStr, abi: u32) -> Vec<(String, bool)> {
    let mut attempts = vec![
        ("reading a file of this user is refused".to_owned(), refused(File::open(secret))),
        (
            "writing a file of this user is refused".to_owned(),
            refused(File::options().append(true).open(secret)),
        ),
        ("a UDP socket is refused".to_owned(), refused(UdpSocket::bind("127.0.0.1:0"))),
        ("a TCP socket is refused".to_owned(), refused(TcpListener::bind("127.0.0.1:0"))),
        (
            "/proc and /sys are refused".to_owned(),
            refused(fs::read_dir("/proc")) && refused(fs::read_dir("/sys")),
        ),
        ("the system's programs can be read".to_owned(), fs::read_dir("/usr/bin").is_ok()),
    ];
    if let Some(parent) = getppid() {
        let environment = format!("/proc/{}/environ", parent.as_raw_nonzero());
        attempts.push((
            "the runner's environment is refused".to_owned(),
            refused(fs::read(environment)),
        ));
        if abi >= 6 {
            attempts.push(("a signal to the runner is refused".to_owned(), !can_signal_parent()));
        }
    }
    attempts
}

/// Not to be touched, or, inside namespaces, not there at all.
fn refused<T>(outcome: io::Result<T>) -> bool {
    use io::ErrorKind::{NotFound, PermissionDenied};
    outcome.is_err_and(|error| matches!(error.kind(), NotFound | PermissionDenied))
}
