use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
use super::control_group::Delegated;
use super::{BoxReport, BoxedJob, IsolationLevel, LogSink, Sandbox, Stop};
use crate::{OutputSink, Result};

/// Where bubblewrap is taken from: never from the caller's `PATH`.
const BWRAP: &str = "/usr/bin/bwrap";

/// Boxes a job by a warden: a process of an executable that calls
/// [`warden::main`](crate::warden::main), confines itself, and starts the job.
/// Linux only; elsewhere every run is refused.
#[derive(Debug, Clone)]
pub struct WardenSandbox {
    executable: PathBuf,
    args: Vec<OsString>,
    walls: Walls,
    newest_abi: u32,
    bwrap: PathBuf,
    stop: Option<Stop>,
    /// Below which a group of its own is made for each job.
    #[cfg(target_os = "linux")]
    groups: Option<Delegated>,
    /// Why it is no stronger one.
    weakness: Option<String>,
}

/// What a warden puts between a job and the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walls {
    /// Limits alone.
    None,
    /// Landlock and seccomp.
    Landlock,
    /// These, in namespaces that the warden makes.
    Namespaces,
    /// These, in namespaces that bubblewrap makes.
    Bubblewrap,
}

impl WardenSandbox {
    /// A box of level L1. `executable` with `args` calls
    /// [`warden::main`](crate::warden::main) before it does anything else.
    #[must_use]
    pub fn new(executable: PathBuf, args: Vec<OsString>) -> Self {
        let (walls, bwrap) = (Walls::Landlock, PathBuf::from(BWRAP));
        WardenSandbox {
            executable,
            args,
            walls,
            newest_abi: u32::MAX,
            bwrap,
            stop: None,
            #[cfg(target_os = "linux")]
            groups: None,
            weakness: None,
        }
    }

    /// A box of level L2: the same warden, in namespaces of its own in which nothing
    /// is but the system's programs and what the job is handed. Nothing outside is
    /// writable: the folder the job works in, its outputs and a `/tmp` of its own are
    /// in memory. What root runs, it runs as a user that nobody is.
    #[must_use]
    pub fn in_namespaces(mut self) -> Self {
        self.walls = Walls::Namespaces;
        self
    }

    /// The same, in namespaces that `/usr/bin/bwrap` makes, which some systems let
    /// make them and no other program of an ordinary user's. For root it makes none.
    #[must_use]
    pub fn in_bubblewrap(mut self) -> Self {
        self.walls = Walls::Bubblewrap;
        self
    }

    /// Puts each job into a control group of its own, below the nearest one that this
    /// user may divide: level L3 for a box in namespaces.
    ///
    /// # Errors
    /// In words, why there is none.
    #[cfg(target_os = "linux")]
    pub fn in_control_group(mut self) -> Result<Self, String> {
        self.groups = Some(Delegated::find()?);
        Ok(self)
    }

    /// There are none elsewhere than on Linux.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn in_control_group(self) -> Result<Self, String> {
        Err("control groups are Linux's".to_owned())
    }

    /// The same below a group that is known to be this user's.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn in_control_group_of(mut self, folder: PathBuf) -> Self {
        self.groups = Some(Delegated::at(folder));
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
        self.walls = Walls::None;
        self
    }

    /// The same, with the reason why it is no stronger one.
    pub(super) fn because(mut self, weakness: String) -> Self {
        self.weakness = Some(weakness);
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
        match self.walls {
            Walls::None => IsolationLevel::L0,
            Walls::Landlock => IsolationLevel::L1,
            #[cfg(target_os = "linux")]
            Walls::Namespaces | Walls::Bubblewrap if self.groups.is_some() => IsolationLevel::L3,
            Walls::Namespaces | Walls::Bubblewrap => IsolationLevel::L2,
        }
    }

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        self.run_job(job, log, outputs)
    }

    fn why_no_stronger(&self) -> Option<&str> {
        self.weakness.as_deref()
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
    use std::io;
    use std::path::Path;
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::super::bubblewrap;
    use super::super::control_group::JobGroup;
    use super::super::supervise::{NoReply, Supervised, supervise};
    use super::super::view::{TMP, View, WORK};
    use super::super::{BoxReport, BoxedJob, LimitHit, LimitKind, Limits, LogSink, Sandbox as _};
    use super::{IsolationLevel, Walls, WardenSandbox};
    use crate::warden::orders::{Ended, JobOrders, Orders, Reply, Task, TrialOrders, Tried};
    use crate::warden::{sys, system};
    use crate::{Error, NoOutputs, OutputSink, Result};

    impl WardenSandbox {
        /// A box that breaks after its end was asked for was stopped: what asked may
        /// have reached more than the runner.
        pub(super) fn run_job(
            &self,
            job: &BoxedJob,
            log: &mut dyn LogSink,
            outputs: &mut dyn OutputSink,
        ) -> Result<BoxReport> {
            if self.is_stopped() {
                return Err(Error::Stopped);
            }
            self.run_to_end(job, log, outputs)
                .map_err(|error| if self.is_stopped() { Error::Stopped } else { error })
        }

        fn run_to_end(
            &self,
            job: &BoxedJob,
            log: &mut dyn LogSink,
            outputs: &mut dyn OutputSink,
        ) -> Result<BoxReport> {
            let start = Instant::now();
            let task = Task::Job(Box::new(self.orders(job)));
            let group = self.group(&job.limits)?;
            let Supervised { reply, stdout_bytes, stderr_bytes, stopped } =
                self.supervise(View::of(job), task, &job.limits, group.as_ref(), log, outputs)?;
            if stopped {
                return Err(Error::Stopped);
            }
            let Ended { exit, mut limits_hit, landlock_abi } = match reply {
                Reply::Ended(ended) => ended,
                other => return Err(self.error(other)),
            };
            for hit in group.iter().flat_map(|group| group.hits(&job.limits)) {
                if !limits_hit.iter().any(|known| known.limit == hit.limit) {
                    limits_hit.push(hit);
                }
            }
            let longest = stdout_bytes.max(stderr_bytes);
            if longest > job.limits.log_bytes {
                let detail = format!("{longest} bytes, of which {} are kept", job.limits.log_bytes);
                limits_hit.push(LimitHit { limit: LimitKind::Log, detail });
            }
            let duration = start.elapsed();
            let level = self.level();
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
            let (view, task) = (View::of_nothing(), Task::Trial(orders));
            let limits = Limits { wall: WALL, ..Limits::default() };
            let group = self.group(&limits)?;
            let (log, outputs) = (&mut no_log, &mut NoOutputs);
            match self.supervise(view, task, &limits, group.as_ref(), log, outputs)?.reply {
                Reply::Tried(Tried { landlock_abi, attempts }) => Ok((landlock_abi, attempts)),
                other => Err(self.error(other)),
            }
        }

        fn has_namespaces(&self) -> bool {
            matches!(self.walls, Walls::Namespaces | Walls::Bubblewrap)
        }

        /// The command that starts a warden, and what it shall make a place of for
        /// itself.
        fn command(&self, view: View) -> Result<(Command, Option<View>)> {
            if self.walls == Walls::Bubblewrap {
                bubblewrap::check(&self.bwrap)
                    .and_then(|()| system::check_place(view.places()))
                    .map_err(|why| self.refused(why))?;
                let (warden, args) = (&self.executable, &self.args);
                return Ok((bubblewrap::command(&self.bwrap, warden, args, &view), None));
            }
            let mut command = Command::new(&self.executable);
            command.args(&self.args);
            Ok((command, Some(view).filter(|_| self.walls == Walls::Namespaces)))
        }

        fn group(&self, limits: &Limits) -> Result<Option<JobGroup>> {
            let group = self.groups.as_ref().map(|groups| groups.make_for(limits));
            group.transpose().map_err(no_group)
        }

        fn supervise(
            &self,
            view: View,
            task: Task,
            limits: &Limits,
            group: Option<&JobGroup>,
            log: &mut dyn LogSink,
            outputs: &mut dyn OutputSink,
        ) -> Result<Supervised> {
            let (mut command, enclosure) = self.command(view)?;
            sys::be_first_to_go(&mut command);
            if let Some(group) = group {
                sys::join_group(&mut command, group.entrance().map_err(no_group)?);
            }
            let wall = limits.wall_kept();
            let (orders, stop) = (Orders { enclosure, task }, self.stop.as_ref());
            supervise(command, &orders, wall, stop, log, outputs).map_err(|none| match none {
                NoReply::NotKept(error) => error,
                NoReply::NoWarden(_, said) if self.walls == Walls::Bubblewrap => {
                    self.refused(bubblewrap::refusal(&said))
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
                confined: self.walls != Walls::None,
                newest_abi: self.newest_abi,
                work_dir: job.work_dir.clone().into(),
                work_from: self.has_namespaces().then(|| WORK.into()),
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
            Error::Isolation { needed: self.level().to_string(), reason }
        }

        fn error(&self, reply: Reply) -> Error {
            match reply {
                Reply::NoBox(reason) => self.refused(reason),
                Reply::Failed(reason) => Error::Box(reason),
                _ => Error::Box("the warden answered another question".to_owned()),
            }
        }
    }
    fn no_group(error: io::Error) -> Error {
        let reason = format!("no control group could be made for it: {error}");
        Error::Isolation { needed: IsolationLevel::L3.to_string(), reason }
    }
}

#[cfg(not(target_os = "linux"))]
impl WardenSandbox {
    fn run_job(
        &self,
        _: &BoxedJob,
        _: &mut dyn LogSink,
        _: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        let _ = (&self.executable, &self.args, self.newest_abi, &self.bwrap);
        Err(crate::Error::Isolation {
            needed: self.level().to_string(),
            reason: "boxes can be made on Linux only".to_owned(),
        })
    }
}
