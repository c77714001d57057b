use std::ffi::OsString;
use std::path::PathBuf;

use super::{BoxReport, BoxedJob, IsolationLevel, LogSink, Sandbox, Stop};
use crate::Result;

/// Where bubblewrap is taken from: never from the caller's `PATH`.
const BWRAP: &str = "/usr/bin/bwrap";

/// Boxes a job by a warden: a process of an executable that calls
/// [`warden::main`](crate::warden::main), confines itself, and starts the job.
/// Linux only; elsewhere every run is refused.
#[derive(Debug, Clone)]
pub struct WardenSandbox {
    executable: PathBuf,
    args: Vec<OsString>,
    level: IsolationLevel,
    newest_abi: u32,
    bwrap: PathBuf,
    stop: Option<Stop>,
}

impl WardenSandbox {
    /// A box of level L1. `executable` with `args` calls
    /// [`warden::main`](crate::warden::main) before it does anything else.
    #[must_use]
    pub fn new(executable: PathBuf, args: Vec<OsString>) -> Self {
        let (level, bwrap) = (IsolationLevel::L1, PathBuf::from(BWRAP));
        WardenSandbox { executable, args, level, newest_abi: u32::MAX, bwrap, stop: None }
    }

    /// A box of level L2: the same warden, and namespaces around it in which nothing
    /// is but the system's programs and what the job is handed. `/usr/bin/bwrap`
    /// makes them; a process of root's is refused them. Its temporary folder is a
    /// `/tmp` of its own, in memory.
    #[must_use]
    pub fn in_namespaces(mut self) -> Self {
        self.level = IsolationLevel::L2;
        self
    }

    /// Takes bubblewrap from elsewhere. Never from where others can write.
    #[must_use]
    pub fn with_bwrap(mut self, program: PathBuf) -> Self {
        self.bwrap = program;
        self
    }

    /// No box, level L0: the same warden with the same limits and the same sweep
    /// at the end, but the job can read files and use the network.
    #[must_use]
    pub fn without_box(mut self) -> Self {
        self.level = IsolationLevel::L0;
        self
    }

    /// Uses nothing newer than this version of Landlock, as on an older kernel.
    #[must_use]
    pub fn with_landlock_at_most(mut self, abi: u32) -> Self {
        self.newest_abi = abi;
        self
    }
}

impl Sandbox for WardenSandbox {
    fn level(&self) -> IsolationLevel {
        self.level
    }

    fn run(&self, job: &BoxedJob, log: &mut dyn LogSink) -> Result<BoxReport> {
        self.run_job(job, log)
    }

    fn set_stop(&mut self, stop: Stop) {
        self.stop = Some(stop);
    }

    fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_stopped)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::super::namespaces::{self, TMP, View};
    use super::super::supervise::{NoReply, Supervised, supervise};
    use super::super::{BoxReport, BoxedJob, LimitHit, LimitKind, Limits, LogSink, Sandbox as _};
    use super::{IsolationLevel, WardenSandbox};
    use crate::warden::orders::{Ended, JobOrders, Orders, Reply, TrialOrders, Tried};
    use crate::{Error, Result};

    impl WardenSandbox {
        /// A box that breaks after its end was asked for was stopped: what asked may
        /// have reached more than the runner.
        pub(super) fn run_job(&self, job: &BoxedJob, log: &mut dyn LogSink) -> Result<BoxReport> {
            if self.is_stopped() {
                return Err(Error::Stopped);
            }
            self.run_to_end(job, log)
                .map_err(|error| if self.is_stopped() { Error::Stopped } else { error })
        }

        fn run_to_end(&self, job: &BoxedJob, log: &mut dyn LogSink) -> Result<BoxReport> {
            let start = Instant::now();
            let orders = Orders::Job(Box::new(self.orders(job)));
            let command = self.command(&view(job))?;
            let Supervised { reply, stdout_bytes, stderr_bytes, stopped } =
                self.supervise(command, &orders, job.limits.wall_kept(), log)?;
            if stopped {
                return Err(Error::Stopped);
            }
            let Ended { exit, mut limits_hit, landlock_abi } = match reply {
                Reply::Ended(ended) => ended,
                other => return Err(self.error(other)),
            };
            let longest = stdout_bytes.max(stderr_bytes);
            if longest > job.limits.log_bytes {
                let detail = format!("{longest} bytes, of which {} are kept", job.limits.log_bytes);
                limits_hit.push(LimitHit { limit: LimitKind::Log, detail });
            }
            let duration = start.elapsed();
            let level = self.level;
            Ok(BoxReport {
                exit,
                limits_hit,
                duration,
                level,
                landlock_abi,
                stdout_bytes,
                stderr_bytes,
            })
        }

        /// Lets a confined warden try to get out, with a file that it must not read.
        pub(in crate::sandbox) fn tries(
            &self,
            secret: &Path,
        ) -> Result<(u32, Vec<(String, bool)>)> {
            const WALL: Duration = Duration::from_secs(10);
            let in_namespaces = self.has_namespaces();
            let newest_abi = self.newest_abi;
            let orders = TrialOrders { newest_abi, secret: secret.into(), in_namespaces };
            let mut no_log = |_, _: &[u8]| {};
            let command = self.command(&View::of_nothing())?;
            match self.supervise(command, &Orders::Trial(orders), WALL, &mut no_log)?.reply {
                Reply::Tried(Tried { landlock_abi, attempts }) => Ok((landlock_abi, attempts)),
                other => Err(self.error(other)),
            }
        }

        fn has_namespaces(&self) -> bool {
            self.level >= IsolationLevel::L2
        }

        fn command(&self, view: &View<'_>) -> Result<Command> {
            if self.has_namespaces() {
                let paths = view.readable.iter().chain(&view.writable);
                namespaces::check(&self.bwrap, paths.copied()).map_err(|why| self.refused(why))?;
                return Ok(namespaces::command(&self.bwrap, &self.executable, &self.args, view));
            }
            let mut command = Command::new(&self.executable);
            command.args(&self.args);
            Ok(command)
        }

        fn supervise(
            &self,
            command: Command,
            orders: &Orders,
            wall: Duration,
            log: &mut dyn LogSink,
        ) -> Result<Supervised> {
            supervise(command, orders, wall, self.stop.as_ref(), log).map_err(|none| match none {
                NoReply::NoWarden(_, said) if self.has_namespaces() => {
                    self.refused(namespaces::refusal(&said))
                }
                NoReply::NoWarden(error, _) | NoReply::Broken(error) => {
                    Error::Box(format!("{}: {error}", self.executable.display()))
                }
            })
        }

        fn orders(&self, job: &BoxedJob) -> JobOrders {
            let mut environment = job.environment.clone();
            let mut tmp_dir = job.tmp_dir.clone();
            if self.has_namespaces() {
                let values = environment.iter_mut().map(|(_, value)| value);
                values.filter(|value| Path::new(value) == tmp_dir).for_each(|value| {
                    *value = TMP.to_owned();
                });
                tmp_dir = TMP.into();
            }
            JobOrders {
                confined: self.level > IsolationLevel::L0,
                newest_abi: self.newest_abi,
                work_dir: job.work_dir.clone().into(),
                readable: job.readable.iter().map(Into::into).collect(),
                programs: job.programs.iter().map(Into::into).collect(),
                listable: job.listable.iter().map(Into::into).collect(),
                tmp_dir: tmp_dir.into(),
                outputs_dir: job.outputs_dir.clone().into(),
                command: job.command.clone(),
                environment,
                limits: Limits { wall: job.limits.wall_kept(), ..job.limits.clone() },
                network: job.network,
            }
        }

        fn refused(&self, reason: String) -> Error {
            Error::Isolation { needed: self.level.to_string(), reason }
        }

        fn error(&self, reply: Reply) -> Error {
            match reply {
                Reply::NoBox(reason) => self.refused(reason),
                Reply::Failed(reason) => Error::Box(reason),
                Reply::Begun | Reply::Ended(_) | Reply::Tried(_) => {
                    Error::Box("the warden answered another question".to_owned())
                }
            }
        }
    }

    /// What stands in a listable folder is to be seen as a whole: what may be read
    /// of it, the warden decides, as it does without namespaces. It cannot below the
    /// temporary folder, where the job may read all that is: there only what is
    /// granted is to be seen.
    fn view(job: &BoxedJob) -> View<'_> {
        let listable = job.listable.iter().map(|path| path.as_path());
        let (emptied, whole): (Vec<&Path>, Vec<&Path>) =
            listable.partition(|folder| folder.starts_with(TMP));
        let readable = job.readable.iter().map(PathBuf::as_path);
        let alone = readable.filter(|path| !whole.iter().any(|folder| path.starts_with(folder)));
        View {
            readable: whole.iter().copied().chain(alone).collect(),
            programs: job.programs.iter().map(PathBuf::as_path).collect(),
            emptied,
            writable: vec![&job.work_dir, &job.outputs_dir],
            tmp_bytes: job.limits.scratch_bytes,
            network: job.network,
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl WardenSandbox {
    fn run_job(&self, _: &BoxedJob, _: &mut dyn LogSink) -> Result<BoxReport> {
        let _ = (&self.executable, &self.args, self.newest_abi, &self.bwrap);
        Err(crate::Error::Isolation {
            needed: self.level.to_string(),
            reason: "boxes can be made on Linux only".to_owned(),
        })
    }
}
