use std::fs;
use std::time::Duration;

use rustix::process::Pid;

/// What all living processes of a job use together.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) processes: Vec<i32>,
    /// Processes and threads.
    pub(super) tasks: u64,
    pub(super) resident_bytes: u64,
    /// The largest address space that one of them had at any time.
    pub(super) peak_address_bytes: u64,
    /// Their processor time and that of their children that they waited for.
    pub(super) cpu: Duration,
    /// The most files that one of them has open.
    pub(super) open_files: u64,
}

/// Walks down from this process by `/proc`, at most `most` processes. A process
/// that goes away meanwhile is left out.
pub(super) fn sample(most: usize) -> Sample {
    let mut sample = Sample::default();
    descend(most, |pid| {
        let name = pid.to_string();
        add_memory(&mut sample, &name);
        sample.cpu += cpu_of(&name).unwrap_or_default();
        sample.open_files = sample.open_files.max(open_files_of(&name));
        sample.processes.push(pid);
    });
    sample
}

/// Hands on each process below this one, at most `most`.
pub(super) fn descend(most: usize, mut each: impl FnMut(i32)) {
    let mut open = children_of("self");
    for _ in 0..most {
        let Some(pid) = open.pop() else { return };
        open.extend(children_of(&pid.to_string()));
        each(pid);
    }
}

/// Whether the kernel tells the children of a process.
pub(super) fn is_readable() -> bool {
    fs::read_to_string("/proc/thread-self/children").is_ok()
}

/// The children of this process alone.
pub(super) fn own_children() -> Vec<Pid> {
    children_of("self").into_iter().filter_map(Pid::from_raw).collect()
}

fn children_of(pid: &str) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
        .filter(|pid| *pid > 1)
        .collect()
}

/// Whether the machine has hardly any memory left, whatever it is used for: buffers
/// and files in memory belong to no process.
pub(super) fn is_short_of_memory() -> bool {
    /// A twentieth of all there is, and no more than this.
    const FLOOR_KIB: u64 = 256 * 1024;
    let told = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let of = |name: &str| {
        let value = told.lines().find_map(|line| line.strip_prefix(name))?;
        value.split_whitespace().next()?.parse::<u64>().ok()
    };
    match (of("MemAvailable:"), of("MemTotal:")) {
        (Some(available), Some(total)) => available < FLOOR_KIB.min(total / 20),
        _ => false,
    }
}

fn add_memory(sample: &mut Sample, pid: &str) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mut threads = 1;
    for line in status.lines() {
        let Some((field, value)) = line.split_once(':') else { continue };
        let Some(value) = value.split_whitespace().next().and_then(|word| word.parse::<u64>().ok())
        else {
            continue;
        };
        match field {
            "VmPeak" => {
                sample.peak_address_bytes = sample.peak_address_bytes.max(value * 1024);
            }
            "VmRSS" => sample.resident_bytes += value * 1024,
            "Threads" => threads = value.max(1),
            _ => {}
        }
    }
    sample.tasks += threads;
}

fn cpu_of(pid: &str) -> Option<Duration> {
    /// The unit of `/proc/<pid>/stat`, fixed by the kernel for its users.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; what follows it starts with field 3.
    let (_, fields) = stat.rsplit_once(") ")?;
    let times = fields.split(' ').skip(11).take(4).map(|ticks| ticks.parse().unwrap_or(0));
    let ticks: u64 = times.sum();
    Some(Duration::from_millis(ticks.saturating_mul(1000 / TICKS_PER_SECOND)))
}

fn open_files_of(pid: &str) -> u64 {
    let folder = format!("/proc/{pid}/fd");
    // Newer kernels say the number as the folder's size.
    match fs::metadata(&folder).map(|found| found.len()) {
        Ok(0) => fs::read_dir(&folder).map_or(0, |entries| entries.count() as u64),
        Ok(number) => number,
        Err(_) => 0,
    }
}
