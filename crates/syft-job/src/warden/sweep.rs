use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait};

use super::{sys, tree};

/// More processes than a job could have without a box in which the sweep is one step.
const MOST_PROCESSES: usize = 100_000;

/// Waits for all children that have ended, orphans of the job among them, and
/// hands on how each ended. `false` once there is no child left.
pub(super) fn reap(mut ended: impl FnMut(Pid, WaitStatus)) -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => ended(pid, status),
            Ok(None) => return true,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Kills all that descends from this process, until there is nothing left: an
/// orphan becomes its child and is found in the next round (`threats.md` X3).
///
/// With `signals_scoped` each round is one step in the kernel from which nothing
/// forks away. Without it, each round walks the tree; a job that forks faster
/// than that is stopped by the limit on processes, where the kernel keeps it.
pub(super) fn sweep(signals_scoped: bool, mut ended: impl FnMut(Pid, WaitStatus)) -> bool {
    /// A process that hangs in the kernel cannot be killed; nobody waits for ever.
    const PATIENCE: Duration = Duration::from_secs(10);
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    while reap(&mut ended) {
        if start.elapsed() > PATIENCE {
            return false;
        }
        if signals_scoped {
            sys::kill_all_reachable();
        } else {
            let found = tree::sample(MOST_PROCESSES).processes;
            found.into_iter().filter_map(Pid::from_raw).for_each(kill);
        }
        tree::own_children().into_iter().for_each(kill);
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
    true
}

fn kill(pid: Pid) {
    // It may be gone already.
    let _ = kill_process(pid, Signal::KILL);
}
