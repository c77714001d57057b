use serde::Serialize;
use syft_sync::core::{DatasetName, Email};
use syft_sync::job::{
    self, ApproveOptions, Decision, Job, JobId, JobSummary, PackageLock, PackageSource,
    PackagesUsed, Status, Verdict,
};
use syft_sync::{Error, SyftboxManager};

use super::{find_mine, sandbox, view};
use crate::args::{ApproveArgs, DecideArgs};
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// A job that was approved.
#[derive(Debug, Serialize)]
pub(crate) struct JobApproved(Decided);

/// A job that was rejected.
#[derive(Debug, Serialize)]
pub(crate) struct JobRejected(Decided);

#[derive(Debug, Serialize)]
struct Decided {
    verdict: Verdict,
    #[serde(flatten)]
    job: JobSummary,
    delivery: Delivery,
    /// What was approved with it.
    packages: Option<PackagesUsed>,
    /// What it may read although it does not ask for it.
    granted: Vec<DatasetName>,
    #[serde(skip)]
    me: Email,
}

/// Nothing is fetched first unless the job is not here yet, and of a job that
/// changed only what was shown is approved.
pub(super) async fn approve(context: &Context, args: ApproveArgs) -> Result<JobApproved, CliError> {
    let (manager, job) = find_here(context, &args.decide.job, "approve").await?;
    let packages = resolve_packages(context, &manager, job.id())?.map(|lock| lock.digest());
    let limits = args.limits.over(manager.limits());
    let reason = args.decide.reason;
    let datasets = args.dataset;
    let options = ApproveOptions { reason, expected: None, limits, packages, datasets };
    let decided = manager.approve_job(job.id(), &options).map_err(|error| match error {
        Error::Job(job::Error::Changed { .. }) => {
            CliError::from(error).then(format!("syft job show {}", job.id()))
        }
        error => error.into(),
    });
    let Decision { verdict, approval, .. } = decided?;
    let told = tell(context, manager, job.id(), verdict).await?;
    let packages = approval.as_ref().and_then(|it| it.packages.as_ref()).map(PackagesUsed::from);
    let mut granted = approval.map(|approval| approval.datasets).unwrap_or_default();
    granted.retain(|name| !told.job.datasets.contains(name));
    Ok(JobApproved(Decided { packages, granted, ..told }))
}

pub(super) async fn reject(context: &Context, args: DecideArgs) -> Result<JobRejected, CliError> {
    let (manager, job) = find_here(context, &args.job, "reject").await?;
    let verdict = manager.reject_job(job.id(), args.reason.as_deref())?.verdict;
    Ok(JobRejected(tell(context, manager, job.id(), verdict).await?))
}

/// Finds out which packages exactly a job needs, so that the approval names them.
pub(in crate::commands) fn resolve_packages(
    context: &Context,
    manager: &SyftboxManager,
    id: &JobId,
) -> Result<Option<PackageLock>, CliError> {
    match manager.job_store().package_needs(id) {
        // Whatever is wrong with it, the approval says.
        Err(_) => return Ok(None),
        Ok(needs) if needs.is_empty() => return Ok(None),
        Ok(_) => {}
    }
    if *manager.packages() != PackageSource::None {
        context.note("finding out which packages it needs exactly");
    }
    let sandbox = sandbox(&context.state_folder(), None)?;
    Ok(manager.resolve_packages(id, &*sandbox)?)
}

/// A job that was sent to me; one that did not arrive yet is fetched.
async fn find_here(
    context: &Context,
    query: &str,
    action: &'static str,
) -> Result<(SyftboxManager, Job), CliError> {
    let manager = context.open()?;
    match find_mine(&manager, query, action) {
        Err(error) if error.exit() == Exit::NotFound => {
            let manager = context.open_synced().await?;
            let job = find_mine(&manager, query, action)?;
            Ok((manager, job))
        }
        found => Ok((manager, found?)),
    }
}

async fn tell(
    context: &Context,
    manager: SyftboxManager,
    id: &JobId,
    verdict: Verdict,
) -> Result<Decided, CliError> {
    // What stands after the decision itself: a change that the sync brings is
    // another revision, which the next look shows.
    let job = manager.job_store().received(id)?.summary()?;
    let delivery = context.deliver(&manager).await;
    Ok(Decided {
        verdict,
        job,
        delivery,
        packages: None,
        granted: Vec::new(),
        me: manager.email().clone(),
    })
}

impl Decided {
    fn write(&self, page: &mut Page, what: &str) {
        page.line(what);
        if let Some(PackagesUsed { packages, .. }) = &self.packages {
            page.line(format!("It runs with exactly {}.", packages.join(", ")));
        }
        for name in &self.granted {
            page.line(format!("It may read {name}, for which it does not ask."));
        }
        view::write(page, &self.me, &self.job);
        if self.delivery == Delivery::Waiting {
            page.gap();
            page.line(format!("{} hears of it with the next sync.", self.job.submitter));
        }
    }
}

impl Report for JobApproved {
    const VERB: &'static str = "job-approve";

    fn write(&self, page: &mut Page) {
        let job = &self.0.job;
        if !matches!(job.status, Status::Done | Status::Failed | Status::Interrupted) {
            return self.0.write(page, "Approved: one run of exactly these bytes.");
        }
        self.0.write(page, "Approved again, under other terms.");
        page.hint("To run it under them:", &format!("syft job rerun {}", job.id));
    }
}

impl Report for JobRejected {
    const VERB: &'static str = "job-reject";

    fn write(&self, page: &mut Page) {
        self.0.write(page, "Rejected: it does not run.");
    }
}
