use syft_sync::job::policy::Kept;
use syft_sync::job::{Checked, Finding, Job, JobOutput, ReleaseFiles, Severity};

use super::reading::{Menu, Reading};
use super::session::{Session, Then};
use crate::commands::dataset::bytes;
use crate::commands::job::{note_run, outputs_table, write_some_findings};
use crate::errors::CliError;
use crate::output::Page;

/// What may be done about what came out: releasing needs all read that was seen in it.
const MENU: Menu = Menu {
    before: "[v]iew  [c]omment  [s]kip  [q]uit",
    after: "release [o]utputs [l]ogs [b]oth [f]iles  [v]iew  [c]omment  [s]kip  [q]uit",
};

/// What came out of a job.
struct Produced<'a> {
    job: &'a Job,
    outputs: Vec<JobOutput>,
    checked: Checked,
    kept: Kept,
}

/// What is to be released.
struct Chosen {
    files: ReleaseFiles,
    logs: bool,
    /// Whether it is less than there is, which the submitter may want explained.
    is_part: bool,
}

impl Session<'_> {
    pub(super) async fn release(&mut self, job: &Job) -> Result<Then, CliError> {
        let kept = self.manager.job_store().kept_by_rules(job.id())?;
        let (outputs, checked) = (job.outputs()?, job.check_run()?);
        let produced = Produced { job, outputs, checked, kept };
        let screen = self.context.screen().clone();
        let text = |_| screen.lines(|page| produced.write(page));
        let mut reading = Reading::new(&text);
        loop {
            let key = reading.choose(&mut self.asking, &MENU)?;
            if reading.is_read() {
                note_run(self.manager, job)?;
            }
            let (all, none) = (ReleaseFiles::All, ReleaseFiles::None);
            let chosen = match key {
                Some('o') => self.if_meant(&produced, Chosen::new(all, false))?,
                Some('b') => self.if_meant(&produced, Chosen::new(all, true))?,
                Some('l') => Some(Chosen::new(none, true)),
                Some('f') => self.file_by_file(&produced)?,
                Some('c') if self.give_back(job, "What the submitter reads").await? => {
                    return Ok(Then::Next);
                }
                Some('s') => return Ok(Then::Next),
                Some('q') | None => return Ok(Then::Quit),
                Some('v') => {
                    self.view(job)?;
                    None
                }
                Some(_) => None,
            };
            if let Some(chosen) = chosen
                && self.let_out(job, &chosen).await?
            {
                return Ok(Then::Next);
            }
        }
    }

    /// Releases what was chosen, unless a rule keeps it: then that is told, and something
    /// else may be chosen.
    async fn let_out(&mut self, job: &Job, chosen: &Chosen) -> Result<bool, CliError> {
        let run = job.run().map(|run| run.started.run.as_str());
        let released = self.manager.release_job(job.id(), run, &chosen.files, chosen.logs);
        if let Err(error) = released {
            self.context.screen().error(&error.into());
            return Ok(false);
        }
        self.context.deliver(self.manager).await;
        self.asking.say(&format!("Released to {}.", job.submitted_by()));
        if chosen.is_part {
            self.give_back(job, "Why not the rest").await?;
        }
        Ok(true)
    }

    /// Gives the job back with a comment; not without one.
    async fn give_back(&mut self, job: &Job, what: &str) -> Result<bool, CliError> {
        let question = format!("{what} (the submitter sees it; nothing: no comment): ");
        let Some(comment) = self.asking.line(&question)?.filter(|line| !line.is_empty()) else {
            return Ok(false);
        };
        self.manager.return_job(job.id(), &comment)?;
        self.context.deliver(self.manager).await;
        self.asking.say(&format!("Returned to {}, with your comment.", job.submitted_by()));
        Ok(true)
    }

    /// What was seen in outputs is asked about once.
    fn if_meant(&mut self, it: &Produced<'_>, chosen: Chosen) -> Result<Option<Chosen>, CliError> {
        let doubtful = it.checked.findings.iter().any(is_doubt);
        let question = "Release all, with what was found in them?  [y]es  [n]o";
        let is_meant = !doubtful || self.asking.choice(question)? == Some('y');
        Ok(is_meant.then_some(chosen))
    }

    /// Asks of each output that was not released yet, with what was seen in it.
    fn file_by_file(&mut self, it: &Produced<'_>) -> Result<Option<Chosen>, CliError> {
        let mut paths = Vec::new();
        let mut is_part = false;
        for output in it.outputs.iter().filter(|output| !output.released) {
            let screen = self.context.screen().clone();
            let lines = screen.lines(|page| it.write_one(page, output));
            lines.iter().for_each(|line| self.asking.say(line));
            if it.kept.outputs.iter().any(|(path, _)| path == &output.path) {
                is_part = true;
                continue;
            }
            loop {
                match self.asking.choice("Release it?  [y]es  [n]o  [v]iew  [q]uit")? {
                    Some('y') => paths.push(output.path.clone()),
                    Some('n') => is_part = true,
                    Some('v') => {
                        self.view_one(it.job, output)?;
                        continue;
                    }
                    _ => {
                        self.asking.say("Nothing was released.");
                        return Ok(None);
                    }
                }
                break;
            }
        }
        if paths.is_empty() {
            self.asking.say("Nothing was released.");
            return Ok(None);
        }
        Ok(Some(Chosen { files: ReleaseFiles::Paths(paths), logs: false, is_part }))
    }
}

impl Chosen {
    fn new(files: ReleaseFiles, logs: bool) -> Self {
        Chosen { files, logs, is_part: false }
    }
}

impl Produced<'_> {
    fn write(&self, page: &mut Page) {
        let job = self.job;
        page.title(format!("Job {}  {}: {}", job.id(), job.name(), job.status()));
        if self.outputs.is_empty() {
            page.line("  It produced no file.");
        }
        outputs_table(page, &self.outputs);
        if !self.outputs.is_empty() {
            let Checked { findings, not_compared } = &self.checked;
            write_some_findings(page, findings.iter(), not_compared);
        }
        let kept = self.kept.outputs.iter().map(|(_, refusal)| refusal).chain(&self.kept.logs);
        kept.for_each(|refusal| page.sentence("  ", &refusal.to_string()));
    }

    fn write_one(&self, page: &mut Page, output: &JobOutput) {
        page.title(format!("{}  {}", output.path, bytes(output.size)));
        let seen = self.checked.findings.iter().filter(|found| found.file == output.path);
        if seen.clone().next().is_some() {
            write_some_findings(page, seen, &[]);
        }
        let kept = self.kept.outputs.iter().filter(|(path, _)| path == &output.path);
        kept.for_each(|(_, refusal)| page.sentence("  ", &refusal.to_string()));
    }
}

fn is_doubt(finding: &Finding) -> bool {
    finding.severity == Severity::Finding
}
