use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{
    DumpableBehavior, Gid, Pid, Signal, Uid, WaitOptions, getgid, getpid, getuid, kill_process,
    set_dumpable_behavior, waitpid,
};
use rustix::thread::{UnshareFlags, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::super::sys;

/// No system hands out the numbers from here on, neither to people nor to containers.
const FIRST_UNUSED: u32 = 0x7000_0000;
const UNUSED: u32 = 0x00ff_ffff;
/// `nobody`, where the numbers from there on do not exist.
const NOBODY: u32 = 65534;

/// Whom the job runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobUser {
    /// Whoever started the box, an ordinary user.
    Own,
    /// Somebody else, since root has started it: the number of user and group.
    Other(u32),
}

impl JobUser {
    /// Of root each box gets a number of its own, so that two jobs at the same time
    /// are strangers to each other.
    ///
    /// # Errors
    /// In words, if this root could be nobody else.
    pub(super) fn choose() -> Result<Self, String> {
        if !getuid().is_root() {
            return Ok(JobUser::Own);
        }
        let own = getpid().as_raw_nonzero().get().unsigned_abs();
        let known = |map: &str| {
            let text = std::fs::read_to_string(map).unwrap_or_default();
            move |user: u32| text.lines().any(|line| is_in(line, user))
        };
        let (is_user, is_group) = (known("/proc/self/uid_map"), known("/proc/self/gid_map"));
        [FIRST_UNUSED | own & UNUSED, NOBODY]
            .into_iter()
            .find(|user| is_user(*user) && is_group(*user))
            .map(JobUser::Other)
            .ok_or_else(|| "this root can be no other user, as a job of root's must be".to_owned())
    }

    /// The numbers by which the kernel knows this user before namespaces rename any.
    pub(super) fn ids(self) -> (u32, u32) {
        match self {
            JobUser::Own => (getuid().as_raw(), getgid().as_raw()),
            JobUser::Other(user) => (user, user),
        }
    }
}

/// Whether a line of a map, which is a first number inside, one outside, and how
/// many there are, knows this number inside.
fn is_in(line: &str, number: u32) -> bool {
    let mut fields = line.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(first)), Some(Ok(count))) = (fields.next(), fields.nth(1)) else { return false };
    (first..first.saturating_add(count)).contains(&u64::from(number))
}

/// Turns whoever it was into this user, for good.
pub(super) fn become_user(user: u32) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    // Else its own folder of /proc would be root's.
    Ok(set_dumpable_behavior(DumpableBehavior::Dumpable)?)
}

/// Whoever this process was outside, it is the same inside of its new user namespace,
/// and nobody else is anybody.
pub(super) fn keep_ids((uid, gid): (u32, u32)) -> io::Result<()> {
    write(CWD, "/proc/self/setgroups", "deny")?;
    write(CWD, "/proc/self/uid_map", &format!("{uid} {uid} 1\n"))?;
    write(CWD, "/proc/self/gid_map", &format!("{gid} {gid} 1\n"))
}

/// Enters a user namespace in which nobody is anybody but this user, whom the caller,
/// still root to those outside, becomes next. `proc` is the folder of processes in
/// which the caller is the first.
pub(super) fn unshare_as_root(proc: &OwnedFd, user: u32) -> io::Result<()> {
    set_thread_groups(&[])?;
    let (mut is_unshared, unshared) = io::pipe()?;
    match sys::fork()? {
        // Only who stays outside may say whom the numbers stand for.
        None => {
            drop(unshared);
            let map = format!("{user} {user} 1\n");
            let mapped = is_unshared.read_exact(&mut [0]).and_then(|()| {
                write(proc, "1/setgroups", "deny")?;
                write(proc, "1/uid_map", &map)?;
                write(proc, "1/gid_map", &map)
            });
            sys::end_child(mapped.is_ok())
        }
        Some(child) => {
            drop(is_unshared);
            sys::unshare(UnshareFlags::NEWUSER)?;
            (&unshared).write_all(&[0])?;
            let status = waitpid(Some(child), WaitOptions::empty())?;
            let is_mapped = status.is_some_and(|(_, status)| status.exit_status() == Some(0));
            is_mapped.then_some(()).ok_or_else(|| io::Error::other("the kernel takes no map"))
        }
    }
}

/// From now on nothing in this user namespace makes another one.
pub(super) fn forbid_namespaces(proc: &OwnedFd) -> io::Result<()> {
    write(proc, "sys/user/max_user_namespaces", "0")
}

/// A user namespace in which what belongs to `owner` on the disk is `user`'s: to be
/// mounted with. As long as it is held, it is there.
pub(super) fn renaming(owner: (u32, u32), user: u32) -> io::Result<OwnedFd> {
    let (mut is_ready, ready) = io::pipe()?;
    let (held, hold) = io::pipe()?;
    match sys::fork()? {
        None => be_a_namespace(ready, held, hold),
        Some(child) => {
            drop((ready, held));
            let made = renaming_of(child, owner, user, &mut is_ready);
            drop(hold);
            // It ends by itself as well, without its pipe.
            let _ = kill_process(child, Signal::KILL);
            let _ = waitpid(Some(child), WaitOptions::empty());
            made
        }
    }
}

fn renaming_of(
    child: Pid,
    owner: (u32, u32),
    user: u32,
    is_ready: &mut PipeReader,
) -> io::Result<OwnedFd> {
    is_ready.read_exact(&mut [0])?;
    let place = format!("/proc/{}", child.as_raw_nonzero());
    for (map, owner) in [("uid_map", owner.0), ("gid_map", owner.1)] {
        std::fs::write(format!("{place}/{map}"), format!("{owner} {user} 1\n"))?;
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(openat(CWD, format!("{place}/ns/user"), flags, Mode::empty())?)
}

/// Has a user namespace until nobody wants it any more.
fn be_a_namespace(mut ready: PipeWriter, mut held: PipeReader, hold: PipeWriter) -> ! {
    drop(hold);
    if sys::unshare(UnshareFlags::NEWUSER).is_ok() && ready.write_all(&[0]).is_ok() {
        let _ = held.read(&mut [0]);
    }
    sys::end_child(true)
}

/// Writes to a file of `/proc`, below this handle of its folder.
fn write(proc: impl AsFd, path: &str, text: &str) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(proc, path, flags, Mode::empty())?;
    std::fs::File::from(file).write_all(text.as_bytes())
}
