use std::io::BufRead;

use serde::Serialize;
use syft_sync::core::safe_text;
use syft_sync::job::sandbox::{IsolationLevel, Stop};
use syft_sync::job::{
    self, ApproveOptions, Checked, Finding, Job, JobId, JobOutput, PackageLock, PackagesUsed,
    ReleaseFiles, Review, Severity, Status,
};
use syft_sync::{ProcessOptions, RehearsalBudget, SyftboxManager};

use crate::args::{LimitArgs, ReviewArgs};
use crate::commands::dataset::bytes;
use crate::commands::job::{
    Stream, check, last_lines, no_box, note_run, outputs_table, preview, rehearse_job,
    resolve_packages, safe_lines, sandbox, stop_on_interrupt, write_findings,
};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// Most of an output that is shown, in lines.
const SHOWN_LINES: usize = 200;

/// A person at a terminal, going through jobs with one line per answer.
pub(super) struct Session<'a, R> {
    context: &'a Context,
    manager: &'a SyftboxManager,
    /// Of what is approved or tried.
    limits: &'a LimitArgs,
    input: R,
    /// What is left for trying jobs unasked; nothing, if that is switched off.
    budget: Option<RehearsalBudget>,
    /// By which Ctrl-C ends the job that runs; there is none before the first run.
    stop: Option<Stop>,
}

/// What comes after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The same job, in the state that it is in now.
    Again,
    /// The next job.
    Next,
    /// Nothing.
    Quit,
}

impl<'a, R: BufRead> Session<'a, R> {
    pub(super) fn new(
        context: &'a Context,
        manager: &'a SyftboxManager,
        args: &'a ReviewArgs,
        input: R,
    ) -> Self {
        let budget = (!args.no_rehearsal).then(RehearsalBudget::default);
        Session { context, manager, limits: &args.limits, input, budget, stop: None }
    }

    /// One job after the other, each until it waits for somebody else, or is left.
    pub(super) async fn go_through(&mut self, ids: &[JobId]) -> Result<Exit, CliError> {
        for (index, id) in ids.iter().enumerate() {
            self.say(&format!("\n{} of {}", index + 1, ids.len()));
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
                self.say(&format!("Job {} is {status}.", job.id()));
                Ok(Then::Next)
            }
        }
    }

    async fn decide(&mut self, job: &Job) -> Result<Then, CliError> {
        let id = job.id();
        if let Some(budget) = &mut self.budget {
            preview(self.context, self.manager, id, budget)?;
        }
        let limits = self.limits.over(self.manager.limits());
        let review = match self.manager.job_store().review(id, &limits, IsolationLevel::MINIMUM) {
            Ok(review) => {
                self.manager.job_store().note_shown(id, &review.digest)?;
                self.say(&review.to_string());
                Some(review)
            }
            // What cannot be run can still be rejected.
            Err(error @ job::Error::Malformed { .. }) => {
                self.context.screen().error(&error.into());
                None
            }
            Err(error) => return Err(error.into()),
        };
        loop {
            let keys = "[a]pprove  [r]eject  [d]iff  [t]ry on the mock  [s]kip  [q]uit: ";
            match self.ask(keys)?.as_deref() {
                Some("a") => match &review {
                    None => self.say("It cannot be approved as it is."),
                    Some(review) if self.is_sure(review)? => {
                        let lock = resolve_packages(self.context, self.manager, id)?;
                        if !self.are_known(review, lock.as_ref())? {
                            continue;
                        }
                        // Bytes that came since they were shown are not approved, nor
                        // are other packages.
                        let expected = Some(review.digest);
                        let limits = review.limits.clone();
                        let packages = lock.map(|lock| lock.digest());
                        let options =
                            ApproveOptions { expected, limits, packages, ..Default::default() };
                        self.manager.approve_job(id, &options)?;
                        self.context.deliver(self.manager).await;
                        self.say("Approved: one run of exactly these bytes.");
                        return Ok(Then::Again);
                    }
                    Some(_) => {}
                },
                Some("r") => {
                    let reason = self.ask("Why (the submitter sees it): ")?;
                    let reason = reason.filter(|reason| !reason.is_empty());
                    self.manager.reject_job(id, reason.as_deref())?;
                    self.context.deliver(self.manager).await;
                    self.say("Rejected: it does not run.");
                    return Ok(Then::Next);
                }
                Some("d") => match self.manager.job_store().diff(id)? {
                    Some(diff) => self.say(&diff.to_string()),
                    None => self.say("There is nothing to compare it with."),
                },
                Some("t") => self.rehearse(id),
                Some("s") => return Ok(Then::Next),
                Some("q") | None => return Ok(Then::Quit),
                Some(_) => {}
            }
        }
    }

    /// Tries the job on the mock, where nothing private is in its reach.
    fn rehearse(&self, id: &JobId) {
        match rehearse_job(self.context, self.manager, id, self.limits) {
            Ok(rehearsal) => {
                self.say(&format!("On the mock: {rehearsal}."));
                let shown =
                    if rehearsal.is_success() { &rehearsal.stdout } else { &rehearsal.stderr };
                last_lines(shown).iter().for_each(|line| self.say(&format!("   {line}")));
            }
            Err(error) => {
                self.context.screen().error(&error);
            }
        }
    }

    /// One key is not enough where something may hide what the job does.
    fn is_sure(&mut self, review: &Review) -> Result<bool, CliError> {
        if review.one_key_approval_allowed() {
            return Ok(true);
        }
        self.say("What is marked with ! above may hide what this job does.");
        let typed = self.ask("To approve it all the same, type its id: ")?;
        let same = typed.as_deref() == Some(review.id.as_str());
        if !same {
            self.say("That is not its id; nothing was approved.");
        }
        Ok(same)
    }

    /// Packages of which the review could not tell the versions are shown first.
    fn are_known(&mut self, review: &Review, lock: Option<&PackageLock>) -> Result<bool, CliError> {
        let Some(lock) = lock.filter(|_| !review.packages_are_known) else { return Ok(true) };
        self.say("It would run with exactly these packages:");
        for package in PackagesUsed::from(lock).packages {
            self.say(&format!("   {package}"));
        }
        Ok(self.ask("Approve it with these?  [y]es  [n]o: ")?.as_deref() == Some("y"))
    }

    async fn run(&mut self, job: &Job) -> Result<Then, CliError> {
        let id = job.id();
        let again = job.status() == Status::Interrupted;
        let question = if again {
            format!("Job {id} was interrupted. Run it again?  [y]es  [s]kip  [q]uit: ")
        } else {
            format!("Run job {id} now?  [y]es  [s]kip  [q]uit: ")
        };
        match self.ask(&question)?.as_deref() {
            Some("y") => {}
            Some("q") | None => return Ok(Then::Quit),
            Some(_) => return Ok(Then::Next),
        }
        let options = ProcessOptions { again, ..Default::default() };
        let mut sandbox = sandbox(&self.context.state_folder(), None)?;
        sandbox.set_stop(self.stop()?);
        let mut stream = Stream::new(Some(self.context.screen().clone()));
        let only = std::slice::from_ref(id);
        let ran = self.manager.process_jobs(only, &options, &*sandbox, &mut stream).await?;
        let Some((_, run)) = ran.into_iter().next() else { return Ok(Then::Next) };
        let run = run.map_err(|error| no_box(error, id, again, sandbox.level()))?;
        self.context.deliver(self.manager).await;
        let Some(finished) = run.finished else {
            self.say("It was stopped.");
            return Ok(Then::Next);
        };
        let exit = finished.exit.map(|exit| exit.to_string());
        self.say(&format!("It ended: {}.", exit.unwrap_or_else(|| "the box broke".to_owned())));
        Ok(Then::Again)
    }

    /// Twice, Ctrl-C ends the review.
    fn stop(&mut self) -> Result<Stop, CliError> {
        if let Some(stop) = self.stop.as_ref().filter(|stop| !stop.is_stopped()) {
            return Ok(stop.clone());
        }
        let stop = stop_on_interrupt(self.context)?;
        self.stop = Some(stop.clone());
        Ok(stop)
    }

    async fn release(&mut self, job: &Job) -> Result<Then, CliError> {
        let id = job.id();
        let run = job.run().map(|run| run.started.run.clone());
        note_run(self.manager, job)?;
        let title = format!("Job {id}  {}: {}", job.name(), job.status());
        check(self.manager, job)?;
        let (outputs, Checked { findings, not_compared }) = (job.outputs()?, job.checked()?);
        let is_doubtful = findings.iter().any(|found| found.severity == Severity::Finding);
        self.context.screen().show(&Produced { title, outputs, findings, not_compared });
        loop {
            let keys = "[v]iew  release [o]utputs, [l]ogs or [b]oth  [s]kip  [q]uit: ";
            let (files, logs) = match self.ask(keys)?.as_deref() {
                Some("v") => {
                    self.view(job)?;
                    continue;
                }
                Some("o") => (ReleaseFiles::All, false),
                Some("l") => (ReleaseFiles::None, true),
                Some("b") => (ReleaseFiles::All, true),
                Some("s") => return Ok(Then::Next),
                Some("q") | None => return Ok(Then::Quit),
                Some(_) => continue,
            };
            if is_doubtful && files == ReleaseFiles::All && !self.is_meant()? {
                continue;
            }
            self.manager.release_job(id, run.as_deref(), &files, logs)?;
            self.context.deliver(self.manager).await;
            self.say(&format!("Released to {}.", job.submitted_by()));
            return Ok(Then::Next);
        }
    }

    /// What was seen in outputs is asked about once.
    fn is_meant(&mut self) -> Result<bool, CliError> {
        let question = "Release all, with what was found in them?  [y]es  [n]o: ";
        Ok(self.ask(question)?.as_deref() == Some("y"))
    }

    /// What came out, each line safe to show.
    fn view(&self, job: &Job) -> Result<(), CliError> {
        for output in job.outputs()? {
            let content = job.output(&output.path)?;
            self.text(job, output.path.as_str(), &content);
        }
        for (name, log) in [("stdout", job.stdout()?), ("stderr", job.stderr()?)] {
            if let Some(log) = log {
                self.text(job, name, &log.bytes);
            }
        }
        Ok(())
    }

    fn text(&self, job: &Job, name: &str, content: &[u8]) {
        let command = format!("syft job outputs {} -o DIR", job.id());
        self.say(&format!("── {} ({})", safe_text(name), bytes(content.len() as u64)));
        let Ok(text) = std::str::from_utf8(content) else {
            return self.say(&format!("   no text: look at it with `{command}`"));
        };
        let mut lines = safe_lines(text);
        lines.by_ref().take(SHOWN_LINES).for_each(|line| self.say(&format!("   {line}")));
        let rest = lines.count();
        if rest > 0 {
            self.say(&format!("   and {rest} lines more: {command}"));
        }
    }

    /// The next line that is typed, without blanks around it; `None` at the end.
    fn ask(&mut self, question: &str) -> Result<Option<String>, CliError> {
        self.context.screen().out(question);
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(line.trim().to_owned())),
            Err(error) => Err(CliError::usage(format!("could not read the answer: {error}"))),
        }
    }

    fn say(&self, text: &str) {
        self.context.screen().out(&format!("{}\n", text.trim_end_matches('\n')));
    }
}

/// What a job produced, for the one who decides about it.
#[derive(Debug, Serialize)]
struct Produced {
    #[serde(skip)]
    title: String,
    outputs: Vec<JobOutput>,
    findings: Vec<Finding>,
    not_compared: Vec<String>,
}

impl Report for Produced {
    const VERB: &'static str = "review";

    fn write(&self, page: &mut Page) {
        page.title(&self.title);
        if self.outputs.is_empty() {
            page.line("  It produced no file.");
        }
        outputs_table(page, &self.outputs);
        if !self.outputs.is_empty() {
            write_findings(page, &self.findings, &self.not_compared);
        }
    }
}
