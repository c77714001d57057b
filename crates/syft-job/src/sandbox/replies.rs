use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;

use super::supervise::is_later;
use crate::warden::orders::{Reply, frame_length, parse_frame};

/// The replies of a warden as they come, without waiting for one. Of the socket no
/// byte is taken that belongs to what follows a reply.
#[derive(Debug)]
pub(super) struct Replies {
    socket: UnixStream,
    head: Vec<u8>,
}

impl Replies {
    pub(super) fn new(socket: UnixStream) -> Self {
        Replies { socket, head: Vec::new() }
    }

    pub(super) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    /// The next one, if it is there as a whole.
    pub(super) fn ready(&mut self) -> io::Result<Option<Reply>> {
        loop {
            let wanted = frame_length(&self.head)?;
            if self.head.len() == wanted {
                let reply = parse_frame(&self.head)?;
                self.head.clear();
                return Ok(Some(reply));
            }
            let mut more = vec![0; wanted - self.head.len()];
            match (&self.socket).read(&mut more) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok(length) => self.head.extend(more.into_iter().take(length)),
                Err(error) if is_later(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}
