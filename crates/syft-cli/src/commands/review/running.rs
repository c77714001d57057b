use syft_sync::ProcessOptions;
use syft_sync::job::{Job, Status};

use super::session::{Session, Then};
use crate::commands::job::{Stream, new_stop, no_box, sandbox};
use crate::errors::CliError;

impl Session<'_> {
    pub(super) async fn run(&mut self, job: &Job) -> Result<Then, CliError> {
        let id = job.id();
        let again = job.status() == Status::Interrupted;
        let question = if again {
            format!("Job {id} was interrupted. Run it again?  [y]es  [s]kip  [q]uit")
        } else {
            format!("Run job {id} now?  [y]es  [s]kip  [q]uit")
        };
        match self.asking.choice(&question)? {
            Some('y') => {}
            Some('s') => return Ok(Then::Next),
            _ => return Ok(Then::Quit),
        }
        let options = ProcessOptions { again, ..Default::default() };
        let mut sandbox = sandbox(&self.context.state_folder(), None)?;
        let stop = new_stop()?;
        sandbox.set_stop(stop.clone());
        let mut stream = Stream::new(Some(self.context.screen().clone()));
        self.runs(Some(stop));
        let only = std::slice::from_ref(id);
        let ran = self.manager.process_jobs(only, &options, &*sandbox, &mut stream).await;
        self.runs(None);
        let Some((_, run)) = ran?.into_iter().next() else { return Ok(Then::Next) };
        let run = run.map_err(|error| no_box(error, id, again, sandbox.level()))?;
        self.context.deliver(self.manager).await;
        let Some(finished) = run.finished else {
            self.asking.say("It was stopped.");
            return Ok(Then::Next);
        };
        let exit = finished.exit.map(|exit| exit.to_string());
        let exit = exit.unwrap_or_else(|| "the box broke".to_owned());
        self.asking.say(&format!("It ended: {exit}."));
        Ok(Then::Again)
    }
}
