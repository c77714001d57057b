//! The system calls that no safe crate offers.
#![expect(unsafe_code, reason = "raw system calls, each a few lines with its reason")]

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

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

/// Whether this process could make a user namespace, in which it then is.
pub(super) fn enters_user_namespace() -> bool {
    // SAFETY: the call takes a number only. The warden has one thread, and holds
    // nothing that depends on who its user is.
    unsafe { libc::unshare(libc::CLONE_NEWUSER) == 0 }
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
