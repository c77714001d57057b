use std::collections::BTreeMap;

use rustix::process::{getpid, getppid};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter, sock_filter,
};

use SeccompCmpArgLen::{Dword, Qword};
use SeccompCmpOp::{Eq, MaskedEq, Ne};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
/// A test of one argument: its index, length, operator and value.
type Test = (u8, SeccompCmpArgLen, SeccompCmpOp, u64);

/// The last system call, the same number on all processors, that was looked at
/// for this filter (`mseal`). Later ones, and those of the x32 table of x86_64,
/// do not exist for a job.
const LAST_KNOWN: u32 = 462;

/// What becomes of a socket that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sockets {
    Refused,
    /// Another filter asks the warden, who refuses.
    Asked,
    /// Those of the Internet are made.
    OfInternet,
}

/// Refused where no network is to be reached (X2).
const REFUSED_SOCKETS: &[i64] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // A message can hold a deleted file that no process has open, which the limit
    // on disk space would not see (X6); pairs of sockets are written to and read.
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
];

/// Refused altogether: looking into or steering other processes
/// (X1), the kernel's less worn doors (X10), and changes that Landlock does not see.
const REFUSED: &[i64] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_inotify_add_watch,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semctl,
    libc::SYS_semtimedop,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
];

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] =
    &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS__sysctl, libc::SYS_uselib];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// As on a file system without extended attributes: those of foreign files are
/// nothing that Landlock sees, neither when they are set nor when they are read.
const UNSUPPORTED: &[i64] = &[
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_fgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_flistxattr,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
];

/// Not named by `libc` for every processor; their numbers are the same on all.
const FCHMODAT2: i64 = 452;
const STATMOUNT: i64 = 457;
const LISTMOUNT: i64 = 458;
const MEMFD_SECRET: i64 = 447;

/// As on an older kernel, so that programs take their other way. `clone3` hides
/// its flags from a filter, and files in memory are in no limit (X6).
const ABSENT: &[i64] = &[libc::SYS_clone3, libc::SYS_memfd_create, MEMFD_SECRET];

/// Done in appearance only. Landlock does not see modes, owners and times, so a
/// job could change those of foreign files; yet copying libraries set them all
/// the time and fail where they cannot.
const PRETENDED: &[i64] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
];

#[cfg(target_arch = "x86_64")]
const PRETENDED_HERE: &[i64] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const PRETENDED_HERE: &[i64] = &[];

/// Filters the system calls of this process and all that it starts, for good.
pub(super) fn install(landlock_abi: u32, sockets: Sockets) -> Result<(), String> {
    let mut absent = all_of(ABSENT);
    if landlock_abi < 3 {
        absent.insert(libc::SYS_openat2, Vec::new());
    }
    let refused =
        refused_rules(landlock_abi, sockets).map_err(|error| format!("seccomp: {error}"))?;
    let mut pretended = all_of(PRETENDED);
    pretended.extend(all_of(PRETENDED_HERE));
    stay_visible(&mut pretended).map_err(|error| format!("seccomp: {error}"))?;
    put(all_of(UNSUPPORTED), libc::EOPNOTSUPP.unsigned_abs())?;
    // An error number of 0 is success.
    put(absent, libc::ENOSYS.unsigned_abs())?;
    put(pretended, 0)?;
    put(refused, libc::EPERM.unsigned_abs())?;
    apply_filter(&unknown_calls()).map_err(|error| format!("seccomp failed: {error}"))
}

fn put(rules: Rules, errno: u32) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("seccomp failed: {error}");
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| failed(&error))?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno), arch)
        .map_err(|error| failed(&error))?;
    // The program kills a process that calls by the table of another processor.
    let program = BpfProgram::try_from(filter).map_err(|error| failed(&error))?;
    apply_filter(&program).map_err(|error| failed(&error))
}

fn all_of(calls: &[i64]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn refused_rules(landlock_abi: u32, sockets: Sockets) -> Result<Rules, seccompiler::Error> {
    let mut rules = Rules::new();
    refuse_namespaces_and_sockets(&mut rules)?;
    refuse_steering_others(&mut rules)?;
    refuse_ioctls(&mut rules)?;
    refuse_personalities(&mut rules)?;
    if landlock_abi < 3 {
        refuse_truncation(&mut rules)?;
    }
    if landlock_abi < 6 {
        refuse_signals(&mut rules)?;
    }
    match sockets {
        Sockets::OfInternet => refuse_other_networks(&mut rules)?,
        Sockets::Asked => rules.extend(all_of(REFUSED_SOCKETS)),
        Sockets::Refused => {
            rules.extend(all_of(REFUSED_SOCKETS));
            rules.insert(libc::SYS_socket, Vec::new());
        }
    }
    // A call without conditions is refused always.
    rules.extend(all_of(REFUSED));
    rules.extend(all_of(REFUSED_HERE));
    // They tell where on the machine things stand.
    rules.extend(all_of(&[STATMOUNT, LISTMOUNT]));
    Ok(rules)
}

/// Refuses a call where all these tests hold; several such rules are alternatives.
fn refuse(rules: &mut Rules, call: i64, tests: Vec<Test>) -> Result<(), seccompiler::Error> {
    let conditions: Result<Vec<_>, _> = tests
        .into_iter()
        .map(|(index, length, operator, value)| {
            SeccompCondition::new(index, length, operator, value)
        })
        .collect();
    rules.entry(call).or_default().push(SeccompRule::new(conditions?)?);
    Ok(())
}

fn refuse_namespaces_and_sockets(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let namespaces = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ];
    for flag in namespaces {
        let flag = u64::from(flag.unsigned_abs());
        refuse(rules, libc::SYS_clone, vec![(0, Qword, MaskedEq(flag), flag)])?;
    }
    // Only connected pairs: a datagram socket could be connected to one of the
    // system's by its path.
    let unix = u64::from(libc::AF_UNIX.unsigned_abs());
    refuse(rules, libc::SYS_socketpair, vec![(0, Dword, Ne, unix)])?;
    let connected =
        [libc::SOCK_STREAM, libc::SOCK_SEQPACKET].map(|kind| u64::from(kind.unsigned_abs()));
    for kind in (0..16).filter(|kind| !connected.contains(kind)) {
        refuse(rules, libc::SYS_socketpair, vec![(1, Dword, MaskedEq(0xf), kind)])?;
    }
    Ok(())
}

/// Of all families of sockets, those of the Internet are left.
fn refuse_other_networks(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let [v4, v6] = [libc::AF_INET, libc::AF_INET6].map(|family| u64::from(family.unsigned_abs()));
    refuse(rules, libc::SYS_socket, vec![(0, Dword, Ne, v4), (0, Dword, Ne, v6)])
}

/// Limits, priorities and processors of other processes of the same user.
fn refuse_steering_others(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let by_first_argument = [
        libc::SYS_prlimit64,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setattr,
    ];
    for call in by_first_argument {
        refuse(rules, call, vec![(0, Dword, Ne, 0)])?;
    }
    // The limit on core files stays what it is: see `start::forbid_core_files`.
    let core = u64::from(libc::RLIMIT_CORE);
    refuse(rules, libc::SYS_prlimit64, vec![(1, Dword, Eq, core), (2, Qword, Ne, 0)])?;
    refuse(rules, libc::SYS_setrlimit, vec![(0, Dword, Eq, core)])?;
    refuse(rules, libc::SYS_setpriority, vec![(0, Dword, Ne, 0)])?;
    refuse(rules, libc::SYS_setpriority, vec![(1, Dword, Ne, 0)])?;
    refuse(rules, libc::SYS_ioprio_set, vec![(1, Dword, Ne, 0)])
}

/// A process that hides itself could not be looked into for what it holds.
fn stay_visible(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let set_dumpable = u64::from(libc::PR_SET_DUMPABLE.unsigned_abs());
    refuse(rules, libc::SYS_prctl, vec![(0, Dword, Eq, set_dumpable)])
}

fn refuse_ioctls(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    const TIOCLINUX: u64 = 0x541C;
    const TIOCSTI: u64 = 0x5412;
    const FS_IOC_SETFLAGS: u64 = 0x4008_6602;
    const FS_IOC_FSSETXATTR: u64 = 0x401C_5820;
    for request in [TIOCLINUX, TIOCSTI, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR] {
        refuse(rules, libc::SYS_ioctl, vec![(1, Dword, Eq, request)])?;
    }
    Ok(())
}

/// A process may ask for its personality, and take the plain one. Others are there for
/// programs of other systems, and make memory easier to attack.
fn refuse_personalities(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    const PLAIN: u64 = 0;
    const ASK: u64 = 0xffff_ffff;
    refuse(rules, libc::SYS_personality, vec![(0, Dword, Ne, PLAIN), (0, Dword, Ne, ASK)])
}

/// Before version 3 Landlock does not see a file being emptied; a file opened for
/// writing it does see.
fn refuse_truncation(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let truncate = u64::from(libc::O_TRUNC.unsigned_abs());
    let without_writing = truncate | u64::from(libc::O_ACCMODE.unsigned_abs());
    refuse(rules, libc::SYS_openat, vec![(2, Dword, MaskedEq(without_writing), truncate)])?;
    #[cfg(target_arch = "x86_64")]
    refuse(rules, libc::SYS_open, vec![(1, Dword, MaskedEq(without_writing), truncate)])?;
    rules.insert(libc::SYS_truncate, Vec::new());
    Ok(())
}

/// Before version 6 Landlock does not see signals: at least the warden and the
/// runner are out of reach.
fn refuse_signals(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let protected = [Some(getpid()), getppid()].into_iter().flatten();
    let calls = [
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_tgkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
    ];
    for pid in protected.map(|pid| pid.as_raw_nonzero().get()) {
        for call in calls {
            refuse(rules, call, vec![(0, Dword, Eq, as_argument(pid))])?;
        }
        refuse(rules, libc::SYS_kill, vec![(0, Dword, Eq, as_argument(-pid))])?;
    }
    refuse(rules, libc::SYS_kill, vec![(0, Dword, Eq, as_argument(-1))])?;
    rules.insert(libc::SYS_pidfd_send_signal, Vec::new());
    refuse_signals_by_files(rules)
}

/// The kernel sends whatever signal was chosen for a file to whom it was given to.
fn refuse_signals_by_files(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    const F_SETSIG: u64 = 10;
    const F_SETOWN_EX: u64 = 15;
    const FIOSETOWN: u64 = 0x8901;
    const SIOCSPGRP: u64 = 0x8902;
    let set_owner = u64::from(libc::F_SETOWN.unsigned_abs());
    for command in [set_owner, F_SETSIG, F_SETOWN_EX] {
        refuse(rules, libc::SYS_fcntl, vec![(1, Dword, Eq, command)])?;
    }
    for request in [FIOSETOWN, SIOCSPGRP] {
        refuse(rules, libc::SYS_ioctl, vec![(1, Dword, Eq, request)])?;
    }
    Ok(())
}

/// A process id as the lower half of a register.
fn as_argument(pid: i32) -> u64 {
    u64::from(u32::from_ne_bytes(pid.to_ne_bytes()))
}

/// `if number > LAST_KNOWN return ENOSYS else allow`.
fn unknown_calls() -> BpfProgram {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_GREATER: u16 = 0x25;
    const RETURN: u16 = 0x06;
    const RETURN_ERRNO: u32 = 0x0005_0000;
    const RETURN_ALLOW: u32 = 0x7fff_0000;
    let step = |code, jt, k| sock_filter { code, jt, jf: 0, k };
    vec![
        step(LOAD_WORD, 0, 0),
        step(JUMP_IF_GREATER, 1, LAST_KNOWN),
        step(RETURN, 0, RETURN_ALLOW),
        step(RETURN, 0, RETURN_ERRNO | libc::ENOSYS.unsigned_abs()),
    ]
}
