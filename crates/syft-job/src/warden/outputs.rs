//! What a job left, on its way to the runner.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::Path;

use syft_core::DatasitePath;

use super::orders::{Reply, write_body, write_frame};
use crate::outputs::walk_outputs;
use crate::sandbox::Limits;
use crate::{Error, OutputSink, Result, SkippedOutput};

/// Sends the runner what stands in the outputs folder, now that nothing changes it
/// any more. Whether a limit kept some of it back.
pub(super) fn send(folder: &Path, limits: &Limits, control: &UnixStream) -> Result<bool> {
    walk_outputs(folder, limits, &mut Sent { control })
}

struct Sent<'a> {
    control: &'a UnixStream,
}

impl OutputSink for Sent<'_> {
    fn file(&mut self, path: DatasitePath, body: &mut dyn Read) -> Result<()> {
        write_frame(&mut self.control, &Reply::File(path)).map_err(gone)?;
        write_body(&mut self.control, body).map_err(gone)
    }

    fn skipped(&mut self, skipped: SkippedOutput) -> Result<()> {
        write_frame(&mut self.control, &Reply::Skipped(skipped)).map_err(gone)
    }
}

fn gone(error: io::Error) -> Error {
    Error::Box(format!("the runner takes no outputs: {error}"))
}
