use std::fs::File;
use std::io::Write;

use syft_core::{Access, HomePath};

use crate::runs::{STDERR, STDOUT};
use crate::sandbox::{BoundedLog, LogSink, LogStream};
use crate::{JobStore, Result};

/// Hands on what a job prints, and lets its logs be read meanwhile.
pub(crate) struct Growing<'a> {
    onwards: &'a mut dyn LogSink,
    stdout: Grows,
    stderr: Grows,
}

/// One log. Its file grows by the beginning that is kept in any case, so that
/// whoever follows it has read the first part of the whole.
struct Grows {
    /// `None` if it could not be opened: then the log is there at the end.
    file: Option<File>,
    room: usize,
}

impl<'a> Growing<'a> {
    /// The logs of a run that lies in `folder`, of which `limit` bytes are kept each.
    pub(crate) fn new(
        store: &JobStore,
        folder: &HomePath,
        limit: u64,
        onwards: &'a mut dyn LogSink,
    ) -> Result<Self> {
        let grows = |name: &str| -> Result<Grows> {
            let path = folder.join(name)?;
            let file =
                store.disk.write(&path, b"", Access::OwnerOnly).ok().and_then(|()| {
                    File::options().append(true).open(store.disk.real_path(&path)).ok()
                });
            Ok(Grows { file, room: BoundedLog::new(limit).head_limit() })
        };
        Ok(Growing { onwards, stdout: grows(STDOUT)?, stderr: grows(STDERR)? })
    }
}

impl Grows {
    fn push(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        let (head, _) = bytes.split_at(self.room.min(bytes.len()));
        self.room -= head.len();
        // What cannot be shown now is there at the end.
        if file.write_all(head).is_err() {
            self.file = None;
        }
    }
}

impl LogSink for Growing<'_> {
    fn chunk(&mut self, stream: LogStream, bytes: &[u8]) {
        match stream {
            LogStream::Stdout => self.stdout.push(bytes),
            LogStream::Stderr => self.stderr.push(bytes),
        }
        self.onwards.chunk(stream, bytes);
    }
}
