use std::fs::{self, File};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Mode;
use rustix::process::{WaitOptions, getpid, set_child_subreaper, setsid, umask, waitpid};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout, stdin};
use rustix::thread::set_no_new_privs;

use super::confine::{Confined, Grants, confine};
use super::enclosure::{self, Side};
use super::orders::{JobOrders, Orders, Reply, Task, read_frame, write_frame};
use super::watch::{scratch_use, watch};
use super::{outputs, start, sys, tree, trial};
use crate::sandbox::LimitKind;

/// Serves one runner: one order, and what came of it.
pub(super) fn serve() -> io::Result<()> {
    let mut control = take_control()?;
    write_frame(&mut control, &Reply::Begun)?;
    let Orders { enclosure, task } = read_frame(&mut control)?;
    if let Err(reason) = check_threads() {
        return write_frame(&mut control, &Reply::NoBox(reason));
    }
    match enclosure.map(|view| enclosure::enter(&view)) {
        None | Some(Ok(Side::Inside)) => {}
        Some(Ok(Side::Outside(child))) => {
            // The runner talks to the child alone.
            drop(control);
            return Ok(waitpid(Some(child), WaitOptions::empty()).map(|_| ())?);
        }
        Some(Err(reason)) => return write_frame(&mut control, &Reply::NoBox(reason)),
    }
    let reply = match task {
        Task::Job(orders) => run(&orders, &control),
        Task::Trial(orders) => match prepare() {
            Ok(()) => {
                write_frame(&mut control, &Reply::Started)?;
                trial::tried(&orders)
            }
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

/// What forks needs to be alone.
fn check_threads() -> Result<(), String> {
    if fs::read_dir("/proc/self/task").map_err(|error| format!("no /proc: {error}"))?.count() != 1 {
        return Err("the warden was started in a process with several threads".to_owned());
    }
    Ok(())
}

/// What comes first at every level.
fn prepare() -> Result<(), String> {
    let failed = |what: &'static str| move |error| format!("could not {what}: {error}");
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
    start::forbid_core_files().map_err(|error| format!("could not set a limit: {error}"))?;
    umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}

fn run(orders: &JobOrders, mut control: &UnixStream) -> Reply {
    if let Err(reason) = prepare().and_then(|()| bring_work(orders)) {
        return Reply::NoBox(reason);
    }
    let kernel_limits = start::kernel_limits(&orders.limits);
    let confined = match orders.confined.then(|| confine(&Grants::of(orders), orders.newest_abi)) {
        Some(Err(reason)) => return Reply::NoBox(reason),
        Some(Ok(confined)) => Some(confined),
        None => None,
    };
    let landlock_abi = confined.as_ref().map(|confined| confined.abi);
    let signals_scoped = confined.as_ref().is_some_and(|confined| confined.signals_scoped);
    let (domain, socket_requests) = confined
        .map(|Confined { job_domain, socket_requests, .. }| (job_domain, socket_requests))
        .unzip();
    let socket_requests = socket_requests.flatten();
    let before = scratch_use(orders);
    if is_hung_up(control) || write_frame(&mut control, &Reply::Started).is_err() {
        return Reply::Failed("the runner is gone".to_owned());
    }
    let watched = start::start(orders, kernel_limits, domain).and_then(|main| {
        // The job has its own handles of these: the streams end when it has ended.
        release_output();
        watch(orders, main, before, signals_scoped, socket_requests, control)
    });
    let sent = watched.and_then(|mut ended| {
        ended.landlock_abi = landlock_abi;
        let folder = Path::new(&orders.outputs_dir);
        let cut = outputs::send(folder, &orders.limits, control).map_err(|e| e.to_string())?;
        if cut {
            ended.hit(LimitKind::Outputs, "not all of them are kept".to_owned());
        }
        Ok(ended)
    });
    match sent {
        Ok(ended) => Reply::Ended(ended),
        Err(reason) => Reply::Failed(reason),
    }
}

/// Whether the runner is gone: it says nothing more once its orders are read.
fn is_hung_up(control: &UnixStream) -> bool {
    let mut fds = [PollFd::new(control, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Fills the folder that the job works in, where it is not the working copy itself.
fn bring_work(orders: &JobOrders) -> Result<(), String> {
    let Some(from) = &orders.work_from else { return Ok(()) };
    enclosure::copy_folder(Path::new(from), Path::new(&orders.work_dir))
        .map_err(|error| format!("could not copy the job: {error}"))
}

fn release_output() {
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = dup2_stdout(&null);
        let _ = dup2_stderr(&null);
    }
}
