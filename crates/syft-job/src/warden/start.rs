use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getrlimit, getuid, set_parent_process_death_signal, setrlimit,
    setsid,
};

use super::confine::JobDomain;
use super::orders::JobOrders;
use super::sys;
use crate::sandbox::Limits;

/// Room above the limit on processes, in which the warden sees that it was passed
/// and says so, before the kernel refuses.
const PROCESS_SLACK: u64 = 64;

/// The limits that the kernel keeps for each process of the job.
pub(super) fn kernel_limits(limits: &Limits) -> Vec<(Resource, u64)> {
    let mut kept = vec![
        (Resource::As, limits.memory_bytes),
        // The warden counts all processes together and is there first.
        (Resource::Cpu, limits.cpu_seconds.saturating_add(2)),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, limits.open_files),
        (Resource::Msgqueue, 0),
    ];
    // It counts all processes of the user, and does not bind uid 0 at all.
    if !getuid().is_root() {
        let most = tasks_of_user().saturating_add(limits.processes).saturating_add(PROCESS_SLACK);
        kept.push((Resource::Nproc, most));
    }
    kept
}

/// Of one byte the kernel makes no core file and, unlike of none, starts no program of
/// the machine's that would take it.
pub(super) fn forbid_core_files() -> io::Result<()> {
    limit(Resource::Core, 1)
}

/// Starts the job's main process, in its domain and under its limits.
pub(super) fn start(
    orders: &JobOrders,
    kernel_limits: Vec<(Resource, u64)>,
    domain: Option<JobDomain>,
) -> Result<Pid, String> {
    let (program, args) =
        orders.command.split_first().ok_or_else(|| "the job has no command".to_owned())?;
    let mut command = Command::new(program);
    command.args(args).env_clear().current_dir(&orders.work_dir).stdin(Stdio::null());
    command.envs(orders.environment.iter().map(|(name, value)| (name, value)));
    let mut domain = domain;
    sys::before_exec(&mut command, move || {
        // A session of its own, so that a signal to its group spares the warden.
        setsid()?;
        if let Some(domain) = domain.take() {
            domain.enter()?;
        }
        set_parent_process_death_signal(Some(Signal::KILL))?;
        kernel_limits.iter().try_for_each(|(resource, most)| limit(*resource, *most))
    });
    let child = command
        .spawn()
        .map_err(|error| format!("could not start {}: {error}", program.to_string_lossy()))?;
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| "no process id".to_owned())
}

/// Never above what the runner itself may use.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let most = getrlimit(resource).maximum.map_or(most, |own| own.min(most));
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Processes and threads of this user, about.
fn tasks_of_user() -> u64 {
    let own = getuid().as_raw();
    let tasks = |entry: fs::DirEntry| {
        let found = fs::metadata(entry.path().join("task")).ok()?;
        // A folder has two links, and one more for each folder in it.
        (found.uid() == own).then(|| found.nlink().saturating_sub(2))
    };
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(tasks).sum()
}
