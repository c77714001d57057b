//! Control groups of version 2, where somebody has handed one to this user: the kernel
//! counts what all processes of a job use together (`threats.md` 4.1, L3).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{LimitHit, LimitKind, Limits};

/// What has to be counted.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];
/// For the warden itself, and so that it sees first that a limit was passed.
const SLACK_BYTES: u64 = 64 * 1024 * 1024;
const SLACK_PROCESSES: u64 = 128;

/// A group in which this process may make others.
#[derive(Debug, Clone)]
pub(super) struct Delegated {
    folder: PathBuf,
}

/// The group of one job, gone when this is dropped.
#[derive(Debug)]
pub(super) struct JobGroup {
    folder: PathBuf,
}

impl Delegated {
    /// The nearest group above this process in which memory and processes of those
    /// below are counted, and in which this user may make one.
    ///
    /// # Errors
    /// In words, why there is none.
    pub(super) fn find() -> Result<Self, String> {
        let own = own_group(
            &fs::read_to_string("/proc/self/mountinfo").unwrap_or_default(),
            &fs::read_to_string("/proc/self/cgroup").unwrap_or_default(),
        )
        .ok_or_else(|| "control groups of version 2 are not mounted".to_owned())?;
        let counts = |folder: &&Path| {
            let handed_down = fs::read_to_string(folder.join("cgroup.subtree_control"));
            let handed_down = handed_down.unwrap_or_default();
            CONTROLLERS.iter().all(|it| handed_down.split_whitespace().any(|one| one == *it))
        };
        let may_divide = |folder: &Path| Delegated::at(folder.to_owned()).make().is_ok();
        let found = own.ancestors().filter(counts).find(|folder| may_divide(folder));
        found.map(|folder| Delegated::at(folder.to_owned())).ok_or_else(|| {
            "no control group that this user may divide counts memory and processes".to_owned()
        })
    }

    /// This group.
    pub(super) fn at(folder: PathBuf) -> Self {
        Delegated { folder }
    }

    /// A group for one job, without limits yet.
    fn make(&self) -> io::Result<JobGroup> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(format!("syft-job-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(JobGroup { folder })
    }

    /// A group for a job that may use so much. What it writes is in memory as well.
    pub(super) fn make_for(&self, limits: &Limits) -> io::Result<JobGroup> {
        let group = self.make()?;
        let files = limits.scratch_bytes.saturating_add(limits.outputs_bytes);
        let memory = limits.memory_bytes.saturating_add(files).saturating_add(SLACK_BYTES);
        group.write("memory.max", &memory.to_string())?;
        let processes = limits.processes.saturating_add(SLACK_PROCESSES);
        group.write("pids.max", &processes.to_string())?;
        // A kernel without a swap has no such setting.
        let _ = group.write("memory.swap.max", "0");
        Ok(group)
    }
}

impl JobGroup {
    /// What a process writes `0` to, to be in this group with all that it starts.
    pub(super) fn entrance(&self) -> io::Result<File> {
        File::options().write(true).create(true).truncate(false).open(self.path("cgroup.procs"))
    }

    /// The limits that the kernel had to enforce.
    pub(super) fn hits(&self, limits: &Limits) -> Vec<LimitHit> {
        let mut hits = Vec::new();
        if self.count("memory.events", "oom_kill") > 0 {
            let detail = format!(
                "the kernel ended a process: with all that was written, more than the {} bytes of \
                 memory were in use",
                limits.memory_bytes
            );
            hits.push(LimitHit { limit: LimitKind::Memory, detail });
        }
        if self.count("pids.events", "max") > 0 {
            let detail = format!("the kernel refused one above {}", limits.processes);
            hits.push(LimitHit { limit: LimitKind::Processes, detail });
        }
        hits
    }

    fn count(&self, file: &str, event: &str) -> u64 {
        event_count(&fs::read_to_string(self.path(file)).unwrap_or_default(), event)
    }

    fn write(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.path(name), value)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for JobGroup {
    /// The warden has ended everything in it. Should it have died first, the kernel does.
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        let end = Instant::now() + PATIENCE;
        while let Err(error) = fs::remove_dir(&self.folder) {
            if error.kind() != io::ErrorKind::ResourceBusy || Instant::now() > end {
                return;
            }
            let _ = self.write("cgroup.kill", "1");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn event_count(events: &str, event: &str) -> u64 {
    let fields = events.lines().filter_map(|line| line.split_once(' '));
    let count = fields.filter(|(name, _)| *name == event).find_map(|(_, it)| it.parse().ok());
    count.unwrap_or(0)
}

/// Where the group of this process stands, of what the kernel says of its mounts and
/// of its groups.
fn own_group(mounts: &str, groups: &str) -> Option<PathBuf> {
    let (root, mounted) = mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        after.starts_with("cgroup2 ").then_some((fields.next()?, fields.next()?))
    })?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let below = Path::new(own).strip_prefix(root).unwrap_or(Path::new("")).to_owned();
    Some(Path::new(mounted).join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_this_process_is_found_where_it_is_mounted() {
        let mounts = "25 1 8:1 / / rw - ext4 /dev/root rw\n\
            30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let own = "1:name=systemd:/x\n0::/user.slice/app.slice\n";
        let found = own_group(mounts, own).unwrap();
        assert_eq!(found, Path::new("/sys/fs/cgroup/user.slice/app.slice"));
        let in_container = mounts.replace("0:26 / ", "0:26 /user.slice ");
        assert_eq!(own_group(&in_container, own).unwrap(), Path::new("/sys/fs/cgroup/app.slice"));
        assert_eq!(own_group("25 1 8:1 / / rw - ext4 /dev/root rw\n", own), None);
        assert_eq!(own_group(mounts, "3:cpu:/\n"), None);
    }

    #[test]
    fn a_limit_that_the_kernel_enforced_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let group = Delegated::at(folder.path().to_owned()).make_for(&Limits::default()).unwrap();
        assert!(group.hits(&Limits::default()).is_empty());
        group.write("memory.events", "low 0\noom 2\noom_kill 1\n").unwrap();
        group.write("pids.events", "max 3\n").unwrap();
        let hits = group.hits(&Limits::default());
        let named: Vec<LimitKind> = hits.iter().map(|hit| hit.limit).collect();
        assert_eq!(named, [LimitKind::Memory, LimitKind::Processes]);
        group.write("memory.events", "oom_kill 0\n").unwrap();
        group.write("pids.events", "").unwrap();
        assert!(group.hits(&Limits::default()).is_empty());
    }

    #[test]
    fn a_group_is_gone_with_its_job() {
        let folder = tempfile::tempdir().unwrap();
        drop(Delegated::at(folder.path().to_owned()).make().unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
