//! Tells that a job asked for the network: it gets none, and whoever reads that it
//! failed is to know why.

use std::io;
use std::os::fd::OwnedFd;

use seccompiler::sock_filter;

use super::sys;

/// What the kernel asks the warden about: each socket that a job wants.
#[derive(Debug)]
pub(super) struct SocketRequests {
    listener: OwnedFd,
}

impl SocketRequests {
    /// From now on the kernel asks before this process, or what it starts, gets a
    /// socket; this one must not want any.
    pub(super) fn listen() -> io::Result<Self> {
        let filter = ask_about_sockets().ok_or(io::ErrorKind::Unsupported)?;
        Ok(SocketRequests { listener: sys::listen_for_calls(&filter)? })
    }

    /// Becomes readable when somebody asks.
    pub(super) fn listener(&self) -> &OwnedFd {
        &self.listener
    }

    /// Refuses one socket; whether it was one for the network. Others are asked for by
    /// programs that look for a service of the machine and do without.
    pub(super) fn refuse_one(&self) -> bool {
        let family = sys::refuse_call(&self.listener).ok();
        family.is_some_and(|family| {
            let internet = [libc::AF_INET, libc::AF_INET6];
            internet.into_iter().any(|it| u64::try_from(it) == Ok(family))
        })
    }
}

/// `if number == socket ask else allow`.
fn ask_about_sockets() -> Option<Vec<sock_filter>> {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let socket = u32::try_from(libc::SYS_socket).ok()?;
    let step = |code, jf, k| sock_filter { code, jt: 0, jf, k };
    Some(vec![
        step(LOAD_WORD, 0, 0),
        step(JUMP_IF_EQUAL, 1, socket),
        step(RETURN, 0, libc::SECCOMP_RET_USER_NOTIF),
        step(RETURN, 0, libc::SECCOMP_RET_ALLOW),
    ])
}
