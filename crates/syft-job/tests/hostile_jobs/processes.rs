//! Who is left of a job. This process is the subreaper of all that it starts: an
//! orphan that its warden has lost becomes its child, whatever it hides.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// A process of the same user that has nothing to do with the job.
pub(crate) struct Bystander(Child);

impl Bystander {
    pub(crate) fn new() -> Self {
        let sleep = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().unwrap();
        let bystander = Bystander(sleep);
        let asleep = |stat: String| stat.contains("(sleep) S ");
        while !fs::read_to_string(format!("/proc/{}/stat", bystander.pid())).is_ok_and(asleep) {
            std::thread::yield_now();
        }
        bystander
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// How it is, and how it may run.
    pub(crate) fn look(&self) -> String {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let state = stat.split(' ').nth(2).unwrap_or("gone").to_owned();
        format!("state {state}, {}", settings(&self.pid().to_string()))
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What others can set of a process.
pub(crate) fn settings(pid: &str) -> String {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let status = read("status");
    let cpus = status.lines().find(|line| line.starts_with("Cpus_allowed:"));
    let stat = read("stat");
    let fields: Vec<&str> = stat.split(' ').collect();
    format!(
        "{cpus:?}, priorities {:?}, killed with {:?}, {}",
        fields.get(17..19),
        read("oom_score_adj"),
        read("limits")
    )
}

/// Who of a job is left after at most a second, in words; `root` is its folder.
pub(crate) fn left(spared: &Bystander, mark: &str, root: &Path) -> Vec<String> {
    const PATIENCE: Duration = Duration::from_secs(1);
    let end = Instant::now() + PATIENCE;
    loop {
        let mut left: Vec<String> =
            children(spared).into_iter().map(|pid| shown(&pid.to_string())).collect();
        if left.is_empty() {
            left = known_by(spared, mark, root);
        }
        if left.is_empty() || Instant::now() > end {
            return left;
        }
        std::thread::yield_now();
    }
}

/// Ends all children but one, and their children, which become this process's.
pub(crate) fn end_all(spared: &Bystander) {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let left = children(spared);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "cannot be ended: {left:?}");
        for pid in left.into_iter().filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// The living children of this process; those that have ended are waited for.
pub(crate) fn children(spared: &Bystander) -> Vec<i32> {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    let lists =
        threads.map(|it| fs::read_to_string(it.path().join("children")).unwrap_or_default());
    let pids: Vec<i32> = lists
        .flat_map(|list| {
            list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>()
        })
        .collect();
    let others = pids.into_iter().filter(|pid| u32::try_from(*pid) != Ok(spared.pid()));
    others.filter(|pid| !has_ended(*pid)).collect()
}

fn has_ended(pid: i32) -> bool {
    let ended = waitpid(Pid::from_raw(pid), WaitOptions::NOHANG);
    !matches!(ended, Ok(None))
}

/// Processes anywhere on the machine that show the mark or the folder of the run.
pub(crate) fn known_by(spared: &Bystander, mark: &str, root: &Path) -> Vec<String> {
    let spared = [std::process::id().to_string(), spared.pid().to_string()];
    let root = root.to_str().unwrap();
    let names = fs::read_dir("/proc").unwrap().flatten().map(|it| it.file_name());
    let pids = names.filter_map(|name| name.into_string().ok());
    let pids = pids.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    // Whoever is older than the bystander, is no process of the job.
    let oldest = started(&spared[1]);
    let ours = pids.filter(|pid| {
        !spared.contains(pid) && started(pid) >= oldest && is_known_by(pid, mark, root)
    });
    ours.map(|pid| shown(&pid)).collect()
}

/// When a process was started, by the kernel's count; none for one that is gone.
fn started(pid: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(19)?.parse().ok()
}

fn is_known_by(pid: &str, mark: &str, root: &str) -> bool {
    let texts = ["cmdline", "environ", "maps"]
        .map(|name| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default());
    let links = ["cwd", "root", "exe"].map(|name| {
        let link = fs::read_link(format!("/proc/{pid}/{name}")).unwrap_or_default();
        link.into_os_string().into_encoded_bytes()
    });
    let has = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.contains(root) || text.contains(mark)
    };
    texts.iter().chain(&links).any(|bytes| has(bytes))
}

fn shown(pid: &str) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line: String =
        String::from_utf8_lossy(&line).replace('\0', " ").chars().take(200).collect();
    format!("process {pid} ({line})")
}
