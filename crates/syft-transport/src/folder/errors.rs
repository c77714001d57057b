use std::fmt;

use rustix::io::Errno;

use crate::Error;

/// What the system's answer means to a caller.
pub(super) fn error(action: &'static str, subject: impl fmt::Display, errno: Errno) -> Error {
    let detail = errno.to_string();
    let make = match errno {
        Errno::NOENT => Error::not_found,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Error::denied,
        Errno::EXIST => Error::already_exists,
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Error::quota,
        Errno::LOOP | Errno::NOTDIR => {
            let detail = "a link or a file stands where a folder should be";
            return Error::permanent(action, subject, detail).because(errno);
        }
        errno if is_passing(errno) => Error::temporary,
        _ => Error::permanent,
    };
    make(action, subject, detail).because(errno)
}

/// What a network drive, a loose cable or a busy machine says.
fn is_passing(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::IO
            | Errno::STALE
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::TIMEDOUT
            | Errno::CONNREFUSED
            | Errno::CONNRESET
            | Errno::NOTCONN
            | Errno::NODEV
            | Errno::NXIO
            | Errno::INTR
            | Errno::AGAIN
            | Errno::BUSY
            | Errno::MFILE
            | Errno::NFILE
            | Errno::NOMEM
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A full disk cannot be made without rights, so its answer is tested here.
    #[test]
    fn p13_a_full_disk_is_quota_and_a_lost_drive_is_temporary() {
        for full in [Errno::NOSPC, Errno::DQUOT] {
            let error = error("put", "syft-1/log/a@x.org/1", full);
            assert!(matches!(error, Error::Quota { .. }), "{error}");
            assert!(!error.is_retryable());
        }
        for lost in [Errno::IO, Errno::STALE, Errno::NOTCONN] {
            assert!(error("list", "syft-1", lost).is_retryable());
        }
        assert!(matches!(error("put", "x", Errno::ROFS), Error::Denied { .. }));
        assert!(matches!(error("open", "x", Errno::LOOP), Error::Permanent { .. }));
    }
}
