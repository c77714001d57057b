use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, WaitStatus, pidfd_open};

use super::disk_use::{DiskUse, disk_use, disk_use_with_nameless};
use super::orders::{Ended, JobOrders};
use super::sockets::SocketRequests;
use super::{sweep, sys, tree};
use crate::sandbox::{Exit, LimitHit, LimitKind, Limits};

/// Time between two looks at the job; more if a look takes long.
const PROCESS_PERIOD: Duration = Duration::from_millis(25);
const DISK_PERIOD: Duration = Duration::from_millis(400);
/// Of the working copy and the temporary folder; more are too many to look at.
const MOST_ENTRIES: usize = 200_000;
/// What a job hides counts as too much.
const UNCOUNTED: &str = "more than can be counted";

/// Watches a job whose main process is `main` to its end, and kills what is left.
pub(super) fn watch(
    orders: &JobOrders,
    main: Pid,
    before: DiskUse,
    signals_scoped: bool,
    socket_requests: Option<SocketRequests>,
    control: &UnixStream,
) -> Result<Ended, String> {
    let mut watch = Watch::new(orders, main, before, socket_requests);
    watch.until_end(control);
    let mut last = None;
    let swept = sweep::sweep(signals_scoped, |pid, status| {
        if pid == main {
            last = Some(status);
        }
    });
    if !swept {
        return Err("a process of the job cannot be killed: it hangs in the kernel".to_owned());
    }
    watch.status = watch.status.or(last);
    Ok(watch.ended())
}

struct Watch<'a> {
    limits: &'a Limits,
    orders: &'a JobOrders,
    main: Pid,
    start: Instant,
    /// What stood in the working copy and the temporary folder at the start.
    before: DiskUse,
    hits: Vec<LimitHit>,
    status: Option<WaitStatus>,
    peak_address_bytes: u64,
    socket_requests: Option<SocketRequests>,
    /// Whether one of them was for the network.
    asked_for_network: bool,
    next_processes: Instant,
    next_disk: Instant,
}

impl<'a> Watch<'a> {
    fn new(
        orders: &'a JobOrders,
        main: Pid,
        before: DiskUse,
        socket_requests: Option<SocketRequests>,
    ) -> Self {
        let start = Instant::now();
        Watch {
            limits: &orders.limits,
            orders,
            main,
            start,
            before,
            hits: Vec::new(),
            status: None,
            peak_address_bytes: 0,
            socket_requests,
            asked_for_network: false,
            next_processes: start,
            next_disk: start + DISK_PERIOD,
        }
    }

    /// Returns when the main process has ended, a limit asks for the end, or the
    /// runner is gone.
    fn until_end(&mut self, control: &UnixStream) {
        let handle = pidfd_open(self.main, PidfdFlags::empty()).ok();
        loop {
            let main = self.main;
            let mut status = None;
            let alive = sweep::reap(|pid, ended| {
                if pid == main {
                    status = Some(ended);
                }
            });
            self.status = self.status.or(status);
            if self.status.is_some() || !alive {
                return;
            }
            if self.start.elapsed() >= self.limits.wall_kept() {
                let detail = format!("killed after {} s", self.limits.wall_kept().as_secs_f64());
                return self.hit(LimitKind::Wall, detail);
            }
            if self.look() {
                return;
            }
            let mut waiting = vec![PollFd::new(control, PollFlags::IN)];
            if let Some(handle) = &handle {
                waiting.push(PollFd::from_borrowed_fd(handle.as_fd(), PollFlags::IN));
            }
            if let Some(requests) = &self.socket_requests {
                waiting.push(PollFd::from_borrowed_fd(requests.listener().as_fd(), PollFlags::IN));
            }
            let wake = Timespec::try_from(self.pause()).ok();
            let _ = poll(&mut waiting, wake.as_ref());
            let is_ready = |fd: Option<&PollFd<'_>>| fd.is_some_and(|fd| !fd.revents().is_empty());
            let is_asked = is_ready(waiting.get(1 + usize::from(handle.is_some())));
            // The runner says nothing more: what comes is the end of the stream.
            if is_ready(waiting.first()) {
                return;
            }
            if let (true, Some(requests)) = (is_asked, &self.socket_requests) {
                self.asked_for_network |= requests.refuse_one();
            }
        }
    }

    fn pause(&self) -> Duration {
        let next = self.next_processes.min(self.next_disk);
        let left = self.limits.wall_kept().saturating_sub(self.start.elapsed());
        next.saturating_duration_since(Instant::now()).min(left)
    }

    /// Looks at what the job uses, where it is time; `true` if it must end.
    fn look(&mut self) -> bool {
        let now = Instant::now();
        let mut must_end = false;
        if now >= self.next_processes {
            must_end |= self.look_at_processes();
            self.next_processes = now + PROCESS_PERIOD.max(now.elapsed() * 8);
        }
        if now >= self.next_disk {
            must_end |= self.look_at_disk();
            self.next_disk = now + DISK_PERIOD.max(now.elapsed() * 8);
        }
        must_end
    }

    fn look_at_processes(&mut self) -> bool {
        // One too many is enough to know.
        let most = usize::try_from(self.limits.processes).unwrap_or(usize::MAX).saturating_add(1);
        let seen = tree::sample(most);
        self.peak_address_bytes = self.peak_address_bytes.max(seen.peak_address_bytes);
        if seen.open_files >= self.limits.open_files.div_ceil(10).saturating_mul(9) {
            let detail = format!("a process had {} files open", seen.open_files);
            self.hit(LimitKind::OpenFiles, detail);
        }
        if seen.tasks > self.limits.processes {
            let detail = format!("killed with more than {} at once", self.limits.processes);
            self.hit(LimitKind::Processes, detail);
            return true;
        }
        if seen.resident_bytes > self.limits.memory_bytes {
            let detail = format!("killed with {} bytes in use", seen.resident_bytes);
            self.hit(LimitKind::Memory, detail);
            return true;
        }
        if tree::is_short_of_memory() {
            self.hit(LimitKind::Memory, "killed: the machine has hardly any left".to_owned());
            return true;
        }
        let cpu = seen.cpu + sys::reaped_usage().0;
        if cpu.as_secs() >= self.limits.cpu_seconds {
            self.hit(LimitKind::Cpu, format!("killed after {} s", self.limits.cpu_seconds));
            return true;
        }
        false
    }

    fn look_at_disk(&mut self) -> bool {
        let outputs = disk_use(&[Path::new(&self.orders.outputs_dir)], &[], self.most_entries());
        let mut must_end = false;
        let most = (self.limits.outputs_bytes, self.limits.outputs_files);
        if outputs.is_partial || outputs.bytes > most.0 || outputs.files > most.1 {
            let detail = format!("{} bytes in {} files", outputs.bytes, outputs.files);
            self.hit(
                LimitKind::Outputs,
                if outputs.is_partial { UNCOUNTED.into() } else { detail },
            );
            must_end = true;
        }
        let (folders, except) = scratch_folders(self.orders);
        let scratch = disk_use_with_nameless(&folders, &except, MOST_ENTRIES);
        let more = scratch.bytes.saturating_sub(self.before.bytes) > self.limits.scratch_bytes;
        if scratch.is_partial || more {
            let detail = format!("more than {} bytes", self.limits.scratch_bytes);
            self.hit(LimitKind::Scratch, if more { detail } else { UNCOUNTED.into() });
            must_end = true;
        }
        // A file that is exactly as long as a file may be was cut there.
        if outputs.longest.max(scratch.longest) >= self.limits.file_bytes {
            let detail = format!("a file has {} bytes", self.limits.file_bytes);
            self.hit(LimitKind::FileSize, detail);
        }
        must_end
    }

    fn most_entries(&self) -> usize {
        usize::try_from(self.limits.outputs_files.saturating_mul(4)).unwrap_or(usize::MAX).max(1024)
    }

    fn hit(&mut self, limit: LimitKind, detail: String) {
        if !self.hits.iter().any(|hit| hit.limit == limit) {
            self.hits.push(LimitHit { limit, detail });
        }
    }

    /// The last look, when nothing runs any more.
    fn ended(mut self) -> Ended {
        self.look_at_disk();
        let exit = self.exit();
        let ended_by =
            |signal: i32| exit == Exit::Signal(signal) || exit == Exit::Code(128 + signal);
        if ended_by(libc::SIGXFSZ) {
            self.hit(LimitKind::FileSize, "a process was stopped writing".to_owned());
        }
        let (cpu, resident) = sys::reaped_usage();
        if ended_by(libc::SIGXCPU) || cpu.as_secs() >= self.limits.cpu_seconds {
            self.hit(LimitKind::Cpu, format!("{} s used", cpu.as_secs()));
        }
        self.judge_memory(exit, resident);
        if self.asked_for_network && !exit.is_success() {
            let detail = "the job asked for it and failed; no job has one".to_owned();
            self.hit(LimitKind::Network, detail);
        }
        Ended { exit, limits_hit: self.hits, landlock_abi: None }
    }

    /// A refused allocation is seen by nobody but the process. That a job failed
    /// near the limit is what can be said, and it is said so.
    fn judge_memory(&mut self, exit: Exit, resident: u64) {
        let near = self.peak_address_bytes >= self.limits.memory_bytes / 10 * 9
            || resident >= self.limits.memory_bytes / 2;
        if near && !exit.is_success() && exit != Exit::TimedOut {
            let seen = resident.max(self.peak_address_bytes);
            let detail = format!("the job failed when a process had used {seen} bytes");
            self.hit(LimitKind::Memory, detail);
        }
    }

    fn exit(&self) -> Exit {
        if self.hits.iter().any(|hit| hit.limit == LimitKind::Wall) {
            return Exit::TimedOut;
        }
        let code = self.status.and_then(WaitStatus::exit_status).map(Exit::Code);
        let signal = self.status.and_then(WaitStatus::terminating_signal).map(Exit::Signal);
        code.or(signal).unwrap_or(Exit::Signal(libc::SIGKILL))
    }
}

/// What stands in the working copy and the temporary folder.
pub(super) fn scratch_use(orders: &JobOrders) -> DiskUse {
    let (folders, except) = scratch_folders(orders);
    disk_use(&folders, &except, MOST_ENTRIES)
}

/// The working copy and the temporary folder; and what is not the job's in them: the
/// outputs, which are counted on their own, and, where a home lies in the temporary
/// folder, what was granted from it.
fn scratch_folders(orders: &JobOrders) -> ([&Path; 2], Vec<&Path>) {
    let folders = [Path::new(&orders.work_dir), Path::new(&orders.tmp_dir)];
    let granted = orders.readable.iter().chain(&orders.listable).map(Path::new);
    let mut except: Vec<&Path> =
        granted.filter(|path| folders.iter().any(|folder| path.starts_with(folder))).collect();
    except.push(Path::new(&orders.outputs_dir));
    (folders, except)
}
