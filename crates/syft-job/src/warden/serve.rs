use std::fs::{self, File};
use std::io;
use std::os::unix::net::UnixStream;

use rustix::fs::Mode;
use rustix::process::{getpid, set_child_subreaper, setsid, umask};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout, stdin};
use rustix::thread::set_no_new_privs;

use super::confine::{Confined, Grants, confine};
use super::orders::{Ended, JobOrders, Orders, Reply, read_frame, write_frame};
use super::watch::{scratch_use, watch};
use super::{start, sys, tree, trial};

/// Serves one runner: one order, and what came of it.
pub(super) fn serve() -> io::Result<()> {
    let mut control = take_control()?;
    write_frame(&mut control, &Reply::Begun)?;
    let reply = match read_frame(&mut control)? {
        Orders::Job(orders) => run(&orders, &control),
        Orders::Trial(orders) => match prepare() {
            Ok(()) => trial::tried(&orders),
            Err(reason) => Reply::NoBox(reason),
        },
    };
    write_frame(&mut control, &reply)
}

/// Takes the runner's socket from standard input, which becomes `/dev/null`.
fn take_control() -> io::Result<UnixStream> {
    let control = rustix::io::fcntl_dupfd_cloexec(stdin(), 3)?;
    dup2_stdin(File::open("/dev/null")?)?;
    sys::close_on_exec_from(3)?;
    Ok(UnixStream::from(control))
}

/// What comes first at every level.
fn prepare() -> Result<(), String> {
    let failed = |what: &'static str| move |error| format!("could not {what}: {error}");
    if fs::read_dir("/proc/self/task").map_err(|error| format!("no /proc: {error}"))?.count() != 1 {
        return Err("the warden was started in a process with several threads".to_owned());
    }
    if !tree::is_readable() {
        return Err("this kernel does not tell the children of a process".to_owned());
    }
    // What started it may have started a session for it.
    if !sys::leads_session() {
        setsid().map_err(failed("start a session"))?;
    }
    // Before the capabilities are dropped: the kernel counts no processes of root's, and
    // a storm of them would keep the warden from ending it.
    sys::run_first();
    set_no_new_privs(true).map_err(failed("give up new privileges"))?;
    set_child_subreaper(Some(getpid())).map_err(failed("become the subreaper"))?;
    umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}

fn run(orders: &JobOrders, control: &UnixStream) -> Reply {
    if let Err(reason) = prepare() {
        return Reply::NoBox(reason);
    }
    let kernel_limits = start::kernel_limits(&orders.limits);
    let (signals_scoped, landlock_abi, domain) = if orders.confined {
        match confine(&Grants::of(orders), orders.newest_abi) {
            Ok(Confined { signals_scoped, abi, job_domain }) => {
                (signals_scoped, Some(abi), Some(job_domain))
            }
            Err(reason) => return Reply::NoBox(reason),
        }
    } else {
        (false, None, None)
    };
    let before = scratch_use(orders);
    let watched = start::start(orders, kernel_limits, domain).and_then(|main| {
        // The job has its own handles of these: the streams end when it has ended.
        release_output();
        watch(orders, main, before, signals_scoped, control)
    });
    match watched {
        Ok(ended) => Reply::Ended(Ended { landlock_abi, ..ended }),
        Err(reason) => Reply::Failed(reason),
    }
}

fn release_output() {
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = dup2_stdout(&null);
        let _ = dup2_stderr(&null);
    }
}
