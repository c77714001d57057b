use std::ffi::OsString;
use std::path::PathBuf;

use super::{BoxReport, BoxedJob, IsolationLevel, LogSink, Sandbox};
use crate::Result;

/// Boxes a job by a warden: a process of an executable that calls
/// [`warden::main`](crate::warden::main), confines itself, and starts the job.
/// Linux only; elsewhere every run is refused.
#[derive(Debug, Clone)]
pub struct WardenSandbox {
    executable: PathBuf,
    args: Vec<OsString>,
    level: IsolationLevel,
    newest_abi: u32,
}

impl WardenSandbox {
    /// A box of level L1. `executable` with `args` calls
    /// [`warden::main`](crate::warden::main) before it does anything else.
    #[must_use]
    pub fn new(executable: PathBuf, args: Vec<OsString>) -> Self {
        WardenSandbox { executable, args, level: IsolationLevel::L1, newest_abi: u32::MAX }
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
}

#[cfg(target_os = "linux")]
mod linux {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::super::supervise::{Supervised, supervise};
    use super::super::{BoxReport, BoxedJob, LimitHit, LimitKind, Limits, LogSink};
    use super::{IsolationLevel, WardenSandbox};
    use crate::warden::orders::{Ended, JobOrders, Orders, Reply, TrialOrders, Tried};
    use crate::{Error, Result};

    impl WardenSandbox {
        pub(super) fn run_job(&self, job: &BoxedJob, log: &mut dyn LogSink) -> Result<BoxReport> {
            let start = Instant::now();
            let orders = Orders::Job(Box::new(self.orders(job)));
            let Supervised { reply, stdout_bytes, stderr_bytes } =
                self.supervise(&orders, job.limits.wall_kept(), log)?;
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
            secret: &std::path::Path,
        ) -> Result<(u32, Vec<(String, bool)>)> {
            const WALL: Duration = Duration::from_secs(10);
            let orders = TrialOrders { newest_abi: self.newest_abi, secret: secret.into() };
            let mut no_log = |_, _: &[u8]| {};
            match self.supervise(&Orders::Trial(orders), WALL, &mut no_log)?.reply {
                Reply::Tried(Tried { landlock_abi, attempts }) => Ok((landlock_abi, attempts)),
                other => Err(self.error(other)),
            }
        }

        fn supervise(
            &self,
            orders: &Orders,
            wall: Duration,
            log: &mut dyn LogSink,
        ) -> Result<Supervised> {
            let mut command = Command::new(&self.executable);
            command.args(&self.args);
            supervise(command, orders, wall, log)
                .map_err(|error| Error::Box(format!("{}: {error}", self.executable.display())))
        }

        fn orders(&self, job: &BoxedJob) -> JobOrders {
            JobOrders {
                confined: self.level > IsolationLevel::L0,
                newest_abi: self.newest_abi,
                work_dir: job.work_dir.clone().into(),
                readable: job.readable.iter().map(Into::into).collect(),
                listable: job.listable.iter().map(Into::into).collect(),
                tmp_dir: job.tmp_dir.clone().into(),
                outputs_dir: job.outputs_dir.clone().into(),
                command: job.command.clone(),
                environment: job.environment.clone(),
                limits: Limits { wall: job.limits.wall_kept(), ..job.limits.clone() },
            }
        }

        fn error(&self, reply: Reply) -> Error {
            match reply {
                Reply::NoBox(reason) => Error::Isolation { needed: self.level.to_string(), reason },
                Reply::Failed(reason) => Error::Box(reason),
                Reply::Ended(_) | Reply::Tried(_) => {
                    Error::Box("the warden answered another question".to_owned())
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl WardenSandbox {
    fn run_job(&self, _: &BoxedJob, _: &mut dyn LogSink) -> Result<BoxReport> {
        let _ = (&self.executable, &self.args, self.newest_abi);
        Err(crate::Error::Isolation {
            needed: self.level.to_string(),
            reason: "boxes can be made on Linux only".to_owned(),
        })
    }
}
