use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, UdpSocket};

use rustix::process::getppid;

use super::confine::{Confined, Grants, can_signal_parent, confine};
use super::orders::{Reply, TrialOrders, Tried};

/// Confines this process as a job is, and tries to get out.
pub(super) fn tried(orders: &TrialOrders) -> Reply {
    let Confined { abi, job_domain, .. } = match confine(&Grants::default(), orders.newest_abi) {
        Ok(confined) => confined,
        Err(reason) => return Reply::NoBox(reason),
    };
    if let Err(error) = job_domain.enter() {
        return Reply::NoBox(error.to_string());
    }
    Reply::Tried(Tried { landlock_abi: abi, attempts: attempts(&orders.secret, abi) })
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

fn refused<T>(outcome: io::Result<T>) -> bool {
    outcome.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
