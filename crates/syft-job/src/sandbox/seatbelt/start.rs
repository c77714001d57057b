use std::os::unix::process::CommandExt as _;

use super::Seatbelt;
use super::sweep::Family;
use crate::sandbox::attend::{attend, prepared};
use crate::sandbox::{BoxReport, BoxedJob, IsolationLevel, LogSink, Sandbox, Stop};
use crate::{Error, OutputSink, Result};

/// Boxes a job by Seatbelt: level L1m. Time, log, processor time of one process, open
/// files, the size of a file and the number of processes are limited; memory and
/// scratch space are not, since the system keeps no such limit for a family of
/// processes.
///
/// The tests of this repository have not run this on macOS.
#[derive(Debug, Clone, Default)]
pub struct SeatbeltSandbox {
    stop: Option<Stop>,
}

impl Sandbox for SeatbeltSandbox {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L1m
    }

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        if self.is_stopped() {
            return Err(Error::Stopped);
        }
        let arguments = Seatbelt::of(job)?.command(&job.limits, &job.command)?;
        let mut command = prepared(job, &arguments)?;
        command.process_group(0);
        let keeper = |child: &std::process::Child| {
            let family = Family::of(child.id(), job.limits.processes, self.stop.clone());
            Box::new(family) as Box<_>
        };
        attend(command, job, self.level(), keeper, log, outputs)
    }

    fn set_stop(&mut self, stop: Stop) {
        self.stop = Some(stop);
    }

    fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_stopped)
    }
}
