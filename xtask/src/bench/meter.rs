use std::fs;
use std::process::{Command, Stdio};

/// How often each command is run; the sum is divided by it.
const RUNS: u32 = 10;
/// The unit of `/proc/<pid>/stat`, fixed by the kernel for its users.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time, in user and kernel mode together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost(f64);

impl Cost {
    pub(super) fn seconds(self) -> f64 {
        self.0
    }
}

/// The mean cost of a command, whose whole process is charged. What it prints is
/// thrown away.
pub(super) fn cost_of(mut command: impl FnMut() -> Command) -> Result<Cost, String> {
    let cost = cost_of_all(|| (0..RUNS).try_for_each(|_| run(command())))?;
    Ok(Cost(cost.seconds() / f64::from(RUNS)))
}

fn run(mut command: Command) -> Result<(), String> {
    match command.stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// The cost of all processes that are started and waited for by `work`.
pub(super) fn cost_of_all(work: impl FnOnce() -> Result<(), String>) -> Result<Cost, String> {
    let before = children()?;
    work()?;
    Ok(Cost((children()? - before) / TICKS_PER_SECOND))
}

/// Ticks of all children that were waited for.
fn children() -> Result<f64, String> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(|error| error.to_string())?;
    // The name in brackets may hold anything; what follows it starts with field 3,
    // and the children's times are fields 16 and 17.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ').skip(13);
    let ticks: Vec<f64> = fields.take(2).filter_map(|field| field.parse().ok()).collect();
    match ticks.as_slice() {
        [user, kernel] => Ok(user + kernel),
        _ => Err("/proc/self/stat is not as expected".to_owned()),
    }
}
