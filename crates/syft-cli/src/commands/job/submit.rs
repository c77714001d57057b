use serde::Serialize;
use syft_sync::core::{DatasetName, Email};
use syft_sync::job::{JobSummary, Queued, Script, Submission};

use super::view;
use crate::args::{DatasetRef, SubmitArgs};
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A job that was sent.
#[derive(Debug, Serialize)]
pub(crate) struct JobSubmitted {
    #[serde(flatten)]
    job: JobSummary,
    path: String,
    left_out: Vec<String>,
    delivery: Delivery,
    /// Whether the owner has to accept first.
    #[serde(skip)]
    is_unaccepted: bool,
    #[serde(skip)]
    me: Email,
}

pub(super) async fn run(context: &Context, args: SubmitArgs) -> Result<JobSubmitted, CliError> {
    let manager = context.open()?;
    let submission = Submission {
        name: args.name,
        description: args.description,
        kind: args.kind.kind(),
        dependencies: args.dependencies,
        entrypoint: args.entrypoint,
        datasets: names(&args.to, &args.datasets)?,
        ..Submission::new(args.to, Script::Path(context.path(&args.path)))
    };
    for name in &submission.datasets {
        if manager.dataset(&submission.owner, name).is_err() {
            let owner = &submission.owner;
            context.note(&format!(
                "{owner} has shared no dataset {name} with you as far as is known here"
            ));
        }
    }
    let submitted = manager.submit_job(&submission, args.force).await?;
    let mut delivery = context.deliver(&manager).await;
    let waits = manager.job_store().queued_for(&submission.owner, &submitted.name)?;
    let is_unaccepted = waits == Some(Queued::ForOwner);
    if is_unaccepted {
        delivery = Delivery::Waiting;
    }
    Ok(JobSubmitted {
        job: manager.job_store().sent_to(&submission.owner, &submitted.name)?.summary()?,
        path: submitted.path.display().to_string(),
        left_out: submitted.left_out,
        delivery,
        is_unaccepted,
        me: manager.email().clone(),
    })
}

/// A job reads the data of the one that it is sent to, and of nobody else.
fn names(owner: &Email, datasets: &[DatasetRef]) -> Result<Vec<DatasetName>, CliError> {
    let name = |dataset: &DatasetRef| match &dataset.owner {
        Some(other) if other != owner => Err(CliError::usage(format!(
            "dataset {dataset} is not one of {owner}, to whom the job is sent"
        ))),
        _ => Ok(dataset.name.clone()),
    };
    datasets.iter().map(name).collect()
}

impl Report for JobSubmitted {
    const VERB: &'static str = "job-submit";

    fn write(&self, page: &mut Page) {
        match self.delivery {
            Delivery::Sent => page.line(format!("Sent to {}.", self.job.owner)),
            Delivery::Waiting if self.is_unaccepted => page.line(format!(
                "Ready: it is sent once {0} has accepted you, since nothing goes to somebody whose \
                 key is not known.",
                self.job.owner
            )),
            Delivery::Waiting => page.line("Ready: the next sync sends it."),
        }
        view::write(page, &self.me, &self.job);
        if !self.left_out.is_empty() {
            let files: Vec<_> =
                self.left_out.iter().map(|f| syft_sync::core::safe_text(f)).collect();
            page.warning(format!("Not sent: {}", files.join(", ")));
        }
    }
}
