use std::sync::{Arc, Mutex, PoisonError};

use syft_sync::job::sandbox::Stop;
use syft_sync::job::{Job, JobId, ShownLine, Status};
use syft_sync::{RehearsalBudget, SyftboxManager};

use super::asking::Asking;
use super::reading::Reading;
use crate::args::{LimitArgs, ReviewArgs};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::interrupts::{at_once, on_interrupt};
use crate::output::shown;

/// A person at a terminal, going through jobs with one key per answer.
pub(super) struct Session<'a> {
    pub(super) context: &'a Context,
    pub(super) manager: &'a SyftboxManager,
    /// Of what is approved or tried.
    pub(super) limits: &'a LimitArgs,
    pub(super) asking: Asking<'a>,
    /// What is left for trying jobs unasked; nothing, if that is switched off.
    pub(super) budget: Option<RehearsalBudget>,
    /// By which Ctrl-C ends the job that runs.
    running: Arc<Mutex<Option<Stop>>>,
}

/// What comes after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The same job, in the state that it is in now.
    Again,
    /// The next job.
    Next,
    /// Nothing.
    Quit,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        context: &'a Context,
        manager: &'a SyftboxManager,
        args: &'a ReviewArgs,
    ) -> Result<Self, CliError> {
        let budget = (!args.no_rehearsal).then(RehearsalBudget::default);
        let running = Arc::<Mutex<Option<Stop>>>::default();
        let (stops, screen) = (Arc::clone(&running), context.screen().clone());
        on_interrupt(move || {
            let running = stops.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(stop) = running else { at_once() };
            stop.stop();
            screen.note("stopping the job; Ctrl-C again ends at once");
        });
        let asking = Asking::new(context.screen())?;
        Ok(Session { context, manager, limits: &args.limits, asking, budget, running })
    }

    /// One job after the other, each until it waits for somebody else, or is left.
    pub(super) async fn go_through(&mut self, ids: &[JobId]) -> Result<Exit, CliError> {
        for (index, id) in ids.iter().enumerate() {
            self.asking.say(&format!("\n{} of {}", index + 1, ids.len()));
            let mut then = Then::Again;
            while then == Then::Again {
                let job = self.manager.job_store().received(id)?;
                then = match self.item(&job).await {
                    Ok(then) => then,
                    // What goes wrong with one job is told, and the others wait.
                    Err(error) => {
                        self.context.screen().error(&error);
                        Then::Next
                    }
                };
            }
            if then == Then::Quit {
                break;
            }
        }
        Ok(Exit::Done)
    }

    async fn item(&mut self, job: &Job) -> Result<Then, CliError> {
        match job.status() {
            Status::Inbox => self.decide(job).await,
            Status::Approved | Status::Interrupted => self.run(job).await,
            Status::Done | Status::Failed if job.waiting_for().is_some() => self.release(job).await,
            status => {
                self.asking.say(&format!("Job {} is {status}.", job.id()));
                Ok(Then::Next)
            }
        }
    }

    /// What Ctrl-C ends from now on; nothing else but the review.
    pub(super) fn runs(&self, stop: Option<Stop>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = stop;
    }

    /// Shows a text page by page, to its end or as far as it is wanted.
    pub(super) fn page_through(
        &mut self,
        text: &dyn Fn(usize) -> Vec<ShownLine>,
    ) -> Result<(), CliError> {
        let text = |columns| styled(&text(columns));
        Reading::new(&text).page_through(&mut self.asking)
    }
}

/// The lines with their meaning as a style.
pub(super) fn styled(lines: &[ShownLine]) -> Vec<String> {
    lines.iter().map(shown).collect()
}
