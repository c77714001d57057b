use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::meter::{Cost, cost_of_all};
use super::world::{OWNER, World};

/// So large is the mock, in MiB.
const MIB: usize = 1024;

/// What a dataset of 1 GiB is to have resident at most on its way, in MiB.
const GOAL: u64 = 64;

/// How often a running command is asked what it has had resident.
const LOOK: Duration = Duration::from_millis(20);

/// One step of a large dataset, beside copying its file.
#[derive(Debug)]
pub(super) struct Step {
    what: &'static str,
    cost: Cost,
    copying: Cost,
    /// The most that was resident, in MiB.
    resident: u64,
}

/// A dataset of 1 GiB on its way to a shared folder, and from there to a reader.
pub(super) fn measure(program: &Path) -> Result<Vec<Step>, String> {
    println!("a dataset of {MIB} MiB: setting up");
    let world = World::new(program, 0, 1)?;
    let reader: String = world.scientists(1).collect();
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (mock, copy) = (files.path().join("scan.bin"), files.path().join("copy.bin"));
    write(&mock).map_err(|error| error.to_string())?;
    let from = mock.display().to_string();
    let create = ["dataset", "create", "scans", "--mock", &from, "--share", "any", "--no-sync"];
    let mut steps = Vec::new();
    for (what, who, arguments) in [
        ("making it", OWNER, create.as_slice()),
        ("publishing it, sealed", OWNER, &["sync"]),
        ("a sync beside it", OWNER, &["sync"]),
        ("fetching it", &reader, &["sync"]),
        ("a sync beside it", &reader, &["sync"]),
    ] {
        let mut resident = 0;
        let cost = cost_of_all(|| watched(world.command(who, arguments), &mut resident))?;
        let copying = cost_of_all(|| watched(copying(&mock, &copy), &mut 0))?;
        steps.push(Step { what, cost, copying, resident: resident >> 10 });
    }
    Ok(steps)
}

/// Each MiB is another one.
fn write(path: &Path) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    let mut block = vec![0; 1 << 20];
    for number in 0..MIB {
        for (byte, digit) in block.iter_mut().zip(number.to_le_bytes()) {
            *byte = digit;
        }
        file.write_all(&block)?;
    }
    file.sync_all()
}

fn copying(from: &Path, to: &Path) -> Command {
    let mut command = Command::new("cp");
    command.arg(from).arg(to);
    command
}

/// Runs a command, and notes the most that it had resident, in KiB.
fn watched(mut command: Command, resident: &mut u64) -> Result<(), String> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    loop {
        // Of one that has just ended there is nothing to read any more.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        *resident = (*resident).max(status.ok().and_then(|it| high_water(&it)).unwrap_or(0));
        match child.try_wait() {
            Ok(None) => sleep(LOOK),
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{command:?}: {status}")),
            Err(error) => return Err(format!("{command:?}: {error}")),
        }
    }
}

/// What the kernel says that a process had resident at most, in KiB.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

pub(super) fn print(steps: &[Step]) {
    println!(
        "\n{:<44} {:>9}  {:<22} {:>9}  {:>7}  goal",
        "what", "CPU s", "beside", "CPU s", "MiB"
    );
    for Step { what, cost, copying, resident } in steps {
        let what = format!("{what} ({MIB} MiB)");
        let (cost, copying) = (cost.seconds(), copying.seconds());
        println!(
            "{what:<44} {cost:>9.3}  {:<22} {copying:>9.3}  {resident:>7}  under {GOAL}",
            "cp of its file"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_resident_is_read_from_what_the_kernel_says() {
        let status = "Name:\tsyft\nVmPeak:\t  123456 kB\nVmHWM:\t   45678 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(high_water(status), Some(45_678));
        for bad in ["", "VmHWM:", "VmHWM:\tx kB", "VmHWM:\t5 MB"] {
            assert_eq!(high_water(bad), None, "{bad}");
        }
    }
}
