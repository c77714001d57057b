//! Namespaces that the warden makes by itself: a user who is nobody outside, no
//! network, no other processes, and a root folder with nothing in it but the system's
//! programs and what the job is handed (`threats.md` 4.2).
//!
//! Of root the job's user is another one, unknown to this machine, and what it is
//! handed is mounted as that user's own.

mod copy;
mod mounts;
mod root;
mod sources;
mod users;

use rustix::fs::Mode;
use rustix::process::{Pid, Signal, set_parent_process_death_signal, setsid, umask};
use rustix::system::sethostname;
use rustix::thread::UnshareFlags;

pub(super) use copy::copy_folder;
use sources::Sources;
use users::JobUser;

use super::{sys, system};
use crate::sandbox::Network;
use crate::sandbox::view::View;

/// On which side of the namespaces a process goes on.
#[derive(Debug)]
pub(super) enum Side {
    /// As the first process in them.
    Inside,
    /// As the one that waits for that process, outside.
    Outside(Pid),
}

/// Makes namespaces, of which a child of this process is the first process. Both
/// return: what is said of an error, one of them says.
///
/// # Errors
/// In words, why none can be made here.
pub(super) fn enter(view: &View) -> Result<Side, String> {
    system::check_place(view.places())?;
    // The job's user must get through the folders that are made.
    umask(Mode::WGRP | Mode::WOTH);
    // A terminal signals the group in its foreground.
    if !sys::leads_session() {
        setsid().map_err(|error| format!("could not start a session: {error}"))?;
    }
    let user = JobUser::choose()?;
    // Once in a user namespace, this process could not tell any more.
    let ids = user.ids();
    unshare(spaces(view.network, user))?;
    if user == JobUser::Own {
        users::keep_ids(ids).map_err(failed("map the user"))?;
    }
    mounts::detach_from_others().map_err(failed("keep mounts to itself"))?;
    let sources = Sources::open(view, user)?;
    unshare(UnshareFlags::NEWPID)?;
    match sys::fork().map_err(failed("fork"))? {
        Some(child) => Ok(Side::Outside(child)),
        None => settle(view, sources, user, ids).map(|()| Side::Inside),
    }
}

fn spaces(network: Network, user: JobUser) -> UnshareFlags {
    let mut spaces =
        UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWCGROUP;
    if network == Network::Closed {
        spaces |= UnshareFlags::NEWNET;
    }
    // Root needs its rights over the machine's own namespaces until all is in place.
    if user == JobUser::Own {
        spaces |= UnshareFlags::NEWUSER;
    }
    spaces
}

/// Takes the place inside, and gives up what was needed for it.
fn settle(view: &View, sources: Sources, user: JobUser, ids: (u32, u32)) -> Result<(), String> {
    let settings = mounts::proc(false).map_err(failed("mount a /proc"))?;
    root::replace(view, sources, ids)?;
    sethostname(b"job").map_err(|error| format!("could not set the host's name: {error}"))?;
    if let JobUser::Other(user) = user {
        // As root: some systems let nobody else make a user namespace.
        users::unshare_as_root(&settings, user).map_err(failed("map the user"))?;
        users::become_user(user).map_err(failed("become the job's user"))?;
    }
    users::forbid_namespaces(&settings).map_err(failed("forbid further namespaces"))?;
    // Any change of user would take it back.
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("could not tie itself to its parent: {error}"))
}

fn unshare(spaces: UnshareFlags) -> Result<(), String> {
    sys::unshare(spaces).map_err(|error| {
        let why = system::restriction().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("the kernel makes no namespaces for this user: {error}{why}")
    })
}

fn failed<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("could not {what}: {error}")
}
