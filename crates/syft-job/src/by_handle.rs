//! How what others may change meanwhile is opened: never through a link.

use rustix::fs::OFlags;

/// A folder.
pub(crate) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A file to read. Not even a FIFO put there meanwhile keeps anybody waiting.
pub(crate) const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
