//! The system calls that no safe crate offers.
#![expect(unsafe_code, reason = "raw system calls, each a few lines with its reason")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use rustix::mount::MountAttrFlags;
use rustix::process::Pid;
use rustix::thread::UnshareFlags;
use seccompiler::sock_filter;

/// The version of Landlock that the kernel offers; 0 if it offers none.
pub(super) fn landlock_abi() -> u32 {
    const VERSION: libc::c_ulong = 1;
    // SAFETY: with this flag the call takes a null pointer and size 0, touches no
    // memory, and returns a number.
    let abi = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<libc::c_void>(),
            0 as libc::size_t,
            VERSION,
        )
    };
    u32::try_from(abi).unwrap_or(0)
}

/// Makes all descriptors from `first` on close at exec, also those that the
/// runner's process leaked into this one.
pub(super) fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: the call takes numbers only; with CLOEXEC it closes nothing, so no
    // owned descriptor of this process becomes invalid.
    let done = unsafe {
        libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Kills every process that this one may signal, in one step under the kernel's
/// lock, so that no process can fork away from it. The caller has made sure that
/// the box leaves only the job to be signalled.
pub(super) fn kill_all_reachable() {
    // SAFETY: the call takes numbers only. It spares this process and init.
    unsafe {
        libc::kill(-1, libc::SIGKILL);
    }
}

/// Whether this process is the first of its session. The number of a session is 0
/// where its first process is outside of this namespace, which the safe crate's type
/// has no room for.
pub(super) fn leads_session() -> bool {
    // SAFETY: both calls take and return numbers only.
    unsafe { libc::getsid(0) == libc::getpid() }
}

/// Leaves namespaces of this process for new ones.
pub(super) fn unshare(spaces: UnshareFlags) -> io::Result<()> {
    // SAFETY: what the call is unsafe for is another table of descriptors while some
    // thread holds one, which none of these namespaces is.
    Ok(unsafe { rustix::thread::unshare_unsafe(spaces - UnshareFlags::FILES) }?)
}

/// Goes on as two processes, in the child with `None`. The warden has one thread.
pub(super) fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: between fork and exec only the forking thread lives on, so a lock held
    // by another thread would stay locked for ever. There is no other thread: the
    // warden checks it when it begins.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        child => Ok(Pid::from_raw(child)),
    }
}

/// Ends a child of [`fork`] and nothing else, as exit code 0 if all went well: nothing
/// of its parent's is run in it.
pub(super) fn end_child(is_well: bool) -> ! {
    // SAFETY: the call takes a number only and does not return.
    unsafe { libc::_exit(i32::from(!is_well)) }
}

/// Changes a mount by its handle, and what is mounted in it if it is `recursive`: sets
/// attributes, and shows it with the owners that a user namespace makes of its own.
pub(super) fn mount_setattr(
    mount: &OwnedFd,
    set: MountAttrFlags,
    renaming: Option<&OwnedFd>,
    recursive: bool,
) -> io::Result<()> {
    let own = if renaming.is_some() { libc::MOUNT_ATTR_IDMAP } else { 0 };
    let renaming = renaming.map_or(0, |fd| fd.as_raw_fd());
    let change = libc::mount_attr {
        attr_set: u64::from(set.bits()) | own,
        attr_clr: 0,
        propagation: 0,
        userns_fd: u64::try_from(renaming).unwrap_or(0),
    };
    let recursive = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a constant, the pointer is to a live local of the type and
    // the size that the call takes, and it is only read.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursive,
            &raw const change,
            size_of::<libc::mount_attr>(),
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Asks the kernel to let this process run whenever it has something to do, however
/// many others there are; what it starts is as every process. Where this user may not
/// ask for it, nothing changes.
pub(super) fn run_first() {
    // SAFETY: all zeros is a valid value of this plain struct of numbers.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = 1;
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: the pointer is to a live local of the type that the call reads.
    unsafe {
        libc::sched_setscheduler(0, policy, &raw const param);
    }
}

/// Installs a filter that asks about calls, and returns what it asks by. It closes
/// when a program is started.
pub(super) fn listen_for_calls(filter: &[sock_filter]) -> io::Result<OwnedFd> {
    let length = u16::try_from(filter.len()).map_err(io::Error::other)?;
    // The two types are one in memory: a number of 16 bits, two of 8 and one of 32.
    let program = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut().cast() };
    // SAFETY: the kernel reads the program and the steps that it points to, which live
    // until the call returns, and changes neither.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    let listener = i32::try_from(listener).map_err(io::Error::other)?;
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(listener) })
}

/// Takes one call that the kernel asks about, refuses it, and returns its first
/// argument.
pub(super) fn refuse_call(listener: &OwnedFd) -> io::Result<u64> {
    // SAFETY: all zeros, as the kernel demands, is a valid value of this plain struct.
    let mut asked: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live local of the type that the call fills.
    let done = unsafe {
        libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked)
    };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut answer =
        libc::seccomp_notif_resp { id: asked.id, val: 0, error: -libc::EPERM, flags: 0 };
    // SAFETY: the pointer is to a live local of the type that the call reads. That who
    // asked may be dead by now is an error that nobody needs to know.
    unsafe {
        libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer);
    }
    let [first, ..] = asked.data.args;
    Ok(first)
}

/// Processor time, and the largest resident set in bytes, of the descendants
/// that have been waited for.
pub(super) fn reaped_usage() -> (Duration, u64) {
    // SAFETY: all zeros is a valid value of this plain struct of numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live local of the type that the call fills.
    let done = unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage) };
    if done != 0 {
        return (Duration::ZERO, 0);
    }
    let time = |part: libc::timeval| {
        let micros = u32::try_from(part.tv_usec).unwrap_or(0);
        Duration::new(u64::try_from(part.tv_sec).unwrap_or(0), micros.saturating_mul(1_000))
    };
    let resident = u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024);
    (time(usage.ru_utime) + time(usage.ru_stime), resident)
}

/// Lets a command be what the kernel ends first when memory is short, with all that it
/// starts.
pub(crate) fn be_first_to_go(command: &mut Command) {
    // SAFETY: the caller may have other threads. Between fork and exec a file is opened
    // and written, which takes no lock and allocates nothing. That it cannot be is no
    // reason to start nothing.
    unsafe {
        command.pre_exec(|| {
            let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC;
            let mode = rustix::fs::Mode::empty();
            if let Ok(file) = rustix::fs::open(c"/proc/self/oom_score_adj", flags, mode) {
                let _ = rustix::io::write(file, b"1000");
            }
            Ok(())
        });
    }
}

/// Lets a command begin in the control group that this is the entrance of, with all
/// that it starts.
pub(crate) fn join_group(command: &mut Command, entrance: File) {
    // SAFETY: the caller may have other threads. Between fork and exec one write is
    // made, which takes no lock and allocates nothing; nor does its error.
    unsafe {
        command.pre_exec(move || match rustix::io::write(&entrance, b"0") {
            Ok(_) => Ok(()),
            Err(error) => Err(io::Error::from_raw_os_error(error.raw_os_error())),
        });
    }
}

/// Runs `last_steps` in the job's process after fork and before exec.
pub(super) fn before_exec(
    command: &mut Command,
    last_steps: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: between fork and exec only the forking thread lives on, so a lock
    // (as the allocator's) held by another thread would stay locked for ever. The
    // warden has one thread, which it has checked: there is no other thread.
    unsafe {
        command.pre_exec(last_steps);
    }
}
