use std::io;
use std::process::Child;

use super::attend::{Keeper, attend, prepared};
use super::{BoxReport, BoxedJob, IsolationLevel, LogSink, Sandbox};
use crate::{OutputSink, Result};

/// No box, for systems that have no better one: a plain process with a clean
/// environment and a limit on its time. Of its processes only the main one is
/// sure to be killed, and only the limits on time and log are kept. On Linux,
/// [`WardenSandbox::without_box`](super::WardenSandbox::without_box) does more.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainSandbox;

impl Sandbox for PlainSandbox {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L0
    }

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        let command = prepared(job, &job.command)?;
        attend(command, job, self.level(), |_| Box::new(MainProcess), log, outputs)
    }
}

struct MainProcess;

impl Keeper for MainProcess {
    fn end(&mut self, child: &mut Child) -> io::Result<()> {
        child.kill()
    }
}
