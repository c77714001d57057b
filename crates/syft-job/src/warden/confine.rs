use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, Scope,
};
use rustix::io::Errno;
use rustix::process::{getpid, getppid, test_kill_process};

use super::orders::JobOrders;
use super::seccomp::Sockets;
use super::sockets::SocketRequests;
use super::{capabilities, seccomp, sys, system};
use crate::sandbox::Network;

/// The newest version whose rights this code was tried with.
const NEWEST_ABI: u32 = 7;

/// What a job may touch besides the system.
#[derive(Debug)]
pub(super) struct Grants {
    pub(super) readable: Vec<PathBuf>,
    pub(super) programs: Vec<PathBuf>,
    pub(super) listable: Vec<PathBuf>,
    pub(super) writable: Vec<PathBuf>,
    pub(super) network: Network,
    /// Whether it is to be noticed that a socket is asked for.
    pub(super) notices_sockets: bool,
}

impl Grants {
    /// The system, and nothing else.
    pub(super) fn nothing() -> Self {
        let (readable, programs, listable, writable) = Default::default();
        let (network, notices_sockets) = (Network::Closed, false);
        Grants { readable, programs, listable, writable, network, notices_sockets }
    }

    pub(super) fn of(orders: &JobOrders) -> Self {
        let paths = |of: &[OsString]| of.iter().map(PathBuf::from).collect();
        let writable = [&orders.work_dir, &orders.tmp_dir, &orders.outputs_dir];
        Grants {
            readable: paths(&orders.readable),
            programs: paths(&orders.programs),
            listable: paths(&orders.listable),
            writable: writable.map(PathBuf::from).to_vec(),
            network: orders.network,
            notices_sockets: orders.network == Network::Closed,
        }
    }

    fn check_place(&self) -> Result<(), String> {
        let paths = self.readable.iter().chain(&self.listable).chain(&self.writable);
        system::check_place(paths.map(PathBuf::as_path))
    }
}

/// A process that has confined itself.
#[derive(Debug)]
pub(super) struct Confined {
    /// The version of Landlock that was used.
    pub(super) abi: u32,
    /// Whether this process can signal nothing but its own job.
    pub(super) signals_scoped: bool,
    /// The tighter domain, without `/proc`, that the job's process enters.
    pub(super) job_domain: JobDomain,
    /// Where it is noticed that the job asks for sockets.
    pub(super) socket_requests: Option<SocketRequests>,
}

/// Confines this process for good: files, network, signals, capabilities, system
/// calls. What it keeps over the job is `/proc`, to watch and sweep the job.
pub(super) fn confine(grants: &Grants, newest_abi: u32) -> Result<Confined, String> {
    let abi = sys::landlock_abi().min(NEWEST_ABI).min(newest_abi);
    if abi == 0 {
        return Err("this kernel does not offer Landlock (Linux 5.13 or newer has it; \
                    it must stand in /sys/kernel/security/lsm)"
            .to_owned());
    }
    grants.check_place()?;
    let failed = |error: RulesetError| format!("Landlock failed: {error}");
    let job_domain = JobDomain { rules: ruleset(grants, abi).map_err(failed)? };
    let own = ruleset(grants, abi).and_then(|rules| allow_proc(rules, Path::new("/proc")));
    enforce(own.map_err(failed)?)?;
    // To the first process of a namespace there is nothing outside.
    let signals_scoped = getpid().is_init() || (abi >= 6 && !can_signal_parent());
    capabilities::drop_all()?;
    // Where the kernel cannot ask, the filter refuses as well, and nobody notices.
    let socket_requests = grants.notices_sockets.then(SocketRequests::listen).and_then(Result::ok);
    let sockets = match (grants.network, &socket_requests) {
        (Network::Open, _) => Sockets::OfInternet,
        (Network::Closed, Some(_)) => Sockets::Asked,
        (Network::Closed, None) => Sockets::Refused,
    };
    seccomp::install(abi, sockets)?;
    Ok(Confined { abi, signals_scoped, job_domain, socket_requests })
}

/// The domain of the job, not yet entered.
#[derive(Debug)]
pub(super) struct JobDomain {
    rules: RulesetCreated,
}

impl JobDomain {
    /// Enters it, with this process's own folder of `/proc` readable.
    pub(super) fn enter(self) -> io::Result<()> {
        allow_proc(self.rules, Path::new("/proc/self"))
            .map_err(|error| error.to_string())
            .and_then(enforce)
            .map_err(io::Error::other)
    }
}

fn enforce(rules: RulesetCreated) -> Result<(), String> {
    let status = rules.restrict_self().map_err(|error| format!("Landlock failed: {error}"))?;
    if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
        return Err("the kernel did not enforce Landlock".to_owned());
    }
    Ok(())
}

/// The parent has the same user, so that only the box can refuse this.
pub(super) fn can_signal_parent() -> bool {
    getppid().is_none_or(|parent| test_kill_process(parent) != Err(Errno::PERM))
}

fn ruleset(grants: &Grants, abi: u32) -> Result<RulesetCreated, RulesetError> {
    let level = level(abi);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(level))?;
    if abi >= 4 && grants.network == Network::Closed {
        rules = rules.handle_access(AccessNet::from_all(level))?;
    }
    if abi >= 6 {
        rules = rules.scope(Scope::from_all(level))?;
    }
    let mut rules = rules.create()?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    for folder in system::folders() {
        rules = allow(rules, &folder, read | AccessFs::Execute)?;
    }
    for file in system::files() {
        rules = allow(rules, file, AccessFs::ReadFile.into())?;
    }
    for path in system::for_network(grants.network) {
        rules = allow(rules, path, read)?;
    }
    for device in system::DEVICES {
        rules = allow(rules, Path::new(device), AccessFs::ReadFile | AccessFs::WriteFile)?;
    }
    for path in &grants.readable {
        rules = allow(rules, path, read)?;
    }
    for path in &grants.programs {
        rules = allow(rules, path, read | AccessFs::Execute)?;
    }
    // It holds for the folders below as well: names there can be listed too.
    for path in &grants.listable {
        rules = allow(rules, path, AccessFs::ReadDir.into())?;
    }
    let special = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock;
    for path in &grants.writable {
        rules = allow(rules, path, AccessFs::from_all(level) & !special)?;
    }
    Ok(rules)
}

fn allow_proc(rules: RulesetCreated, folder: &Path) -> Result<RulesetCreated, RulesetError> {
    allow(rules, folder, AccessFs::ReadFile | AccessFs::ReadDir)
}

/// Allows what makes sense for the kind of thing that stands there; a path that
/// is not there needs no rule.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    // One that may not be seen is not there for the job either; it misses it.
    let Ok(handle) = PathFd::new(path) else {
        return Ok(rules);
    };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(ABI::V7) };
    rules.add_rule(PathBeneath::new(handle, access))
}

fn level(abi: u32) -> ABI {
    match abi {
        1 => ABI::V1,
        2 => ABI::V2,
        3 => ABI::V3,
        4 => ABI::V4,
        5 => ABI::V5,
        6 => ABI::V6,
        _ => ABI::V7,
    }
}
