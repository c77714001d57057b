use syft_sync::job::sandbox::IsolationLevel;
use syft_sync::job::{
    self, ApproveOptions, Job, JobId, PackageLock, PackagesUsed, Review, ShownLine,
};

use super::reading::{Menu, Reading};
use super::rules::Rules;
use super::session::{Session, Then, styled};
use crate::commands::job::{last_lines, preview, rehearse_job, resolve_packages};
use crate::errors::CliError;

/// What may be done about a job that waits for a decision: approving needs all of it read.
const MENU: Menu = Menu {
    before: "[r]eject  [d]iff  [t]ry  [s]kip  [q]uit",
    after: "[a]pprove  [r]eject  [d]iff  [t]ry on the mock  [s]kip  [q]uit",
};

impl Session<'_> {
    pub(super) async fn decide(&mut self, job: &Job) -> Result<Then, CliError> {
        let id = job.id();
        if let Some(budget) = &mut self.budget {
            preview(self.context, self.manager, id, budget)?;
        }
        let limits = self.limits.over(self.manager.limits());
        let review = match self.manager.job_store().review(id, &limits, IsolationLevel::MINIMUM) {
            Ok(review) => review,
            Err(error @ job::Error::Malformed { .. }) => {
                self.context.screen().error(&error.into());
                return self.decline(id).await;
            }
            Err(error) => return Err(error.into()),
        };
        let rules = Rules::of(self.manager, job)?;
        let text = |columns| {
            let rules = rules.iter().map(|rules| rules.to_string());
            let rules = rules.flat_map(|rules| ShownLine::of_sentence(&rules, columns));
            let lines: Vec<ShownLine> = review.lines(columns).into_iter().chain(rules).collect();
            styled(&lines)
        };
        let mut reading = Reading::new(&text);
        loop {
            let key = reading.choose(&mut self.asking, &MENU)?;
            if reading.is_read() {
                self.manager.job_store().note_shown(id, &review.digest)?;
            }
            match key {
                Some('a') if self.approve(&review).await? => return Ok(Then::Again),
                Some('r') => {
                    if let Some(then) = self.reject(id).await? {
                        return Ok(then);
                    }
                }
                Some('d') => self.difference(id)?,
                Some('t') => self.rehearse(id),
                Some('s') => return Ok(Then::Next),
                Some('q') | None => return Ok(Then::Quit),
                Some(_) => {}
            }
        }
    }

    /// What cannot be run can still be rejected.
    async fn decline(&mut self, id: &JobId) -> Result<Then, CliError> {
        match self.asking.choice("[r]eject  [s]kip  [q]uit")? {
            Some('r') => Ok(self.reject(id).await?.unwrap_or(Then::Again)),
            Some('s') => Ok(Then::Next),
            _ => Ok(Then::Quit),
        }
    }

    /// Whether it is approved now. Bytes that came since they were shown are not, nor are
    /// other packages.
    async fn approve(&mut self, review: &Review) -> Result<bool, CliError> {
        if !self.is_sure(review)? {
            return Ok(false);
        }
        let lock = resolve_packages(self.context, self.manager, &review.id)?;
        if !self.are_known(review, lock.as_ref())? {
            return Ok(false);
        }
        let (expected, limits) = (Some(review.digest), review.limits.clone());
        let packages = lock.map(|lock| lock.digest());
        let options = ApproveOptions { expected, limits, packages, ..Default::default() };
        self.manager.approve_job(&review.id, &options)?;
        self.context.deliver(self.manager).await;
        self.asking.say("Approved: one run of exactly these bytes.");
        Ok(true)
    }

    /// One key is not enough where something may hide what the job does.
    fn is_sure(&mut self, review: &Review) -> Result<bool, CliError> {
        if review.one_key_approval_allowed() {
            return Ok(true);
        }
        self.asking.say("What is marked with ! above may hide what this job does.");
        let typed = self.asking.line("To approve it all the same, type its id: ")?;
        let same = typed.as_deref() == Some(review.id.as_str());
        if !same {
            self.asking.say("That is not its id; nothing was approved.");
        }
        Ok(same)
    }

    /// Packages of which the review could not tell the versions are shown first.
    fn are_known(&mut self, review: &Review, lock: Option<&PackageLock>) -> Result<bool, CliError> {
        let Some(lock) = lock.filter(|_| !review.packages_are_known) else { return Ok(true) };
        self.asking.say("It would run with exactly these packages:");
        for package in PackagesUsed::from(lock).packages {
            self.asking.say(&format!("   {package}"));
        }
        Ok(self.asking.choice("Approve it with these?  [y]es  [n]o")? == Some('y'))
    }

    /// What comes then, if it is rejected.
    async fn reject(&mut self, id: &JobId) -> Result<Option<Then>, CliError> {
        let question = "Why (the submitter sees it; Ctrl-D takes it back): ";
        let Some(reason) = self.asking.line(question)? else {
            self.asking.say("\nNothing was rejected.");
            return Ok(None);
        };
        let reason = Some(reason).filter(|reason| !reason.is_empty());
        self.manager.reject_job(id, reason.as_deref())?;
        self.context.deliver(self.manager).await;
        self.asking.say("Rejected: it does not run.");
        Ok(Some(Then::Next))
    }

    fn difference(&mut self, id: &JobId) -> Result<(), CliError> {
        match self.manager.job_store().diff(id)? {
            Some(diff) => self.page_through(&|columns| diff.lines(columns)),
            None => {
                self.asking.say("There is nothing to compare it with.");
                Ok(())
            }
        }
    }

    /// Tries the job on the mock, where nothing private is in its reach.
    fn rehearse(&self, id: &JobId) {
        match rehearse_job(self.context, self.manager, id, self.limits) {
            Ok(rehearsal) => {
                self.asking.say(&format!("On the mock: {rehearsal}."));
                let shown =
                    if rehearsal.is_success() { &rehearsal.stdout } else { &rehearsal.stderr };
                last_lines(shown).iter().for_each(|line| self.asking.say(&format!("   {line}")));
            }
            Err(error) => {
                self.context.screen().error(&error);
            }
        }
    }
}
