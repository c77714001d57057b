//! The processes of a job, found by who started whom: there is no namespace that ends
//! with them. A process that leaves its parents between two looks is not found.
#![expect(unsafe_code, reason = "two calls of the system, each a few lines with its reason")]

use std::collections::BTreeMap;
use std::io;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::sandbox::attend::{Early, Keeper};
use crate::sandbox::{LimitHit, LimitKind, Stop};

/// When a process began, which tells it from a later one of the same number.
type Began = (u64, u64);

/// All processes of a job that were seen, and when each began.
pub(super) struct Family {
    main: i32,
    seen: BTreeMap<i32, Began>,
    most: u64,
    stop: Option<Stop>,
}

impl Family {
    /// That of a process which leads its group.
    pub(super) fn of(main: u32, most: u64, stop: Option<Stop>) -> Self {
        let main = i32::try_from(main).unwrap_or(0);
        let seen = began(main).map(|began| (main, began)).into_iter().collect();
        Family { main, seen, most, stop }
    }

    /// Looks for children of all that were seen; returns how many are alive.
    fn find(&mut self) -> usize {
        let mut pending: Vec<i32> = self.seen.keys().copied().collect();
        while let Some(parent) = pending.pop() {
            for child in children(parent) {
                if let (false, Some(began)) = (self.seen.contains_key(&child), began(child)) {
                    self.seen.insert(child, began);
                    pending.push(child);
                }
            }
        }
        self.seen.retain(|pid, since| began(*pid) == Some(*since));
        self.seen.len()
    }
}

impl Keeper for Family {
    fn look(&mut self) -> Option<Early> {
        if self.stop.as_ref().is_some_and(Stop::is_stopped) {
            return Some(Early::Stopped);
        }
        let alive = self.find();
        (alive as u64 > self.most).then(|| {
            let detail = format!("{alive} at the same time");
            Early::Limit(LimitHit { limit: LimitKind::Processes, detail })
        })
    }

    fn end(&mut self, child: &mut Child) -> io::Result<()> {
        /// A process that hangs in the kernel cannot be killed; nobody waits for ever.
        const PATIENCE: Duration = Duration::from_secs(10);
        let start = Instant::now();
        loop {
            let alive = self.find();
            if let Some(group) = Pid::from_raw(self.main) {
                // It may be gone already.
                let _ = kill_process_group(group, Signal::KILL);
            }
            for pid in self.seen.keys().copied().filter_map(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
            // One that is dead and not waited for counts as alive.
            let is_over = child.try_wait()?.is_some() && alive == 0;
            if is_over || start.elapsed() > PATIENCE {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The children of a process, at most as many as a job may have by far.
fn children(parent: i32) -> Vec<i32> {
    const MOST: usize = 4096;
    let mut pids = vec![0_i32; MOST];
    let size = i32::try_from(std::mem::size_of_val(pids.as_slice())).unwrap_or(0);
    // SAFETY: the buffer is as long as the size says, and the call writes whole
    // numbers into it.
    let found = unsafe { libc::proc_listchildpids(parent, pids.as_mut_ptr().cast(), size) };
    pids.truncate(usize::try_from(found).unwrap_or(0));
    pids.retain(|pid| *pid > 0);
    pids
}

/// When a process that is alive began.
fn began(pid: i32) -> Option<Began> {
    // SAFETY: all zeros is a valid value of this plain struct of numbers.
    let mut info: libc::proc_bsdinfo = unsafe { std::mem::zeroed() };
    let size = i32::try_from(std::mem::size_of_val(&info)).ok()?;
    let target = (&raw mut info).cast();
    // SAFETY: the pointer is to a live local of the type that this question fills, and
    // the size is its.
    let filled = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, target, size) };
    (filled == size).then_some((info.pbi_start_tvsec, info.pbi_start_tvusec))
}
