use serde::Serialize;
use syft_sync::job::JobId;
use syft_sync::job::policy::{Check, Explanation, RuleAnswer, RuleName};
use syft_sync::job::sandbox::{IsolationLevel, Limits};

use crate::args::PolicyTestArgs;
use crate::commands::job::find_mine;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// What the rules say of a job.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyTest {
    job: JobId,
    decision: Decision,
    reason: String,
    checks: Vec<Check>,
    rules: Vec<RuleView>,
    limits: Option<Limits>,
    isolation: Option<IsolationLevel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Approve,
    Manual,
}

#[derive(Debug, Serialize)]
struct RuleView {
    name: RuleName,
    decide: Decision,
    matches: bool,
    checks: Vec<Check>,
}

pub(crate) async fn run(context: &Context, args: &PolicyTestArgs) -> Result<PolicyTest, CliError> {
    let manager = context.open_synced().await?;
    let job = find_mine(&manager, &args.job, "ask the rules about")?;
    let Explanation { grant, reason, job: checks, rules } = manager.explain_policy(job.id())?;
    Ok(PolicyTest {
        job: job.id().clone(),
        decision: if grant.is_some() { Decision::Approve } else { Decision::Manual },
        reason,
        checks,
        rules: rules.into_iter().map(RuleView::from).collect(),
        limits: grant.as_ref().map(|grant| grant.limits.clone()),
        isolation: grant.map(|grant| grant.isolation),
    })
}

impl From<RuleAnswer> for RuleView {
    fn from(answer: RuleAnswer) -> Self {
        let RuleAnswer { name, is_manual, matches, checks } = answer;
        let decide = if is_manual { Decision::Manual } else { Decision::Approve };
        RuleView { name, decide, matches, checks }
    }
}

impl Report for PolicyTest {
    const VERB: &'static str = "policy-test";

    fn write(&self, page: &mut Page) {
        match self.decision {
            Decision::Approve => page.title(format!("yes: {}", self.reason)),
            Decision::Manual => page.title(format!("no, you decide: {}", self.reason)),
        }
        write_checks(page, &self.checks);
        for rule in &self.rules {
            page.gap();
            let what = match (rule.decide, rule.matches) {
                (Decision::Approve, true) => "approves such jobs",
                (Decision::Manual, true) => "keeps such jobs for you",
                (_, false) => "is not about this job",
            };
            page.line(format!("rule {} {what}", rule.name));
            write_checks(page, &rule.checks);
        }
        if let (Some(limits), Some(isolation)) = (&self.limits, &self.isolation) {
            page.gap();
            page.line(format!("box     {isolation} or stronger"));
            page.line(format!("limits  {}", limits.in_words().join(", ")));
        }
    }

    fn exit(&self) -> Exit {
        match self.decision {
            Decision::Approve => Exit::Done,
            Decision::Manual => Exit::Refused,
        }
    }
}

fn write_checks(page: &mut Page, checks: &[Check]) {
    for check in checks {
        let mark = if check.ok { "ok" } else { "no" };
        page.line(format!("  {mark}  {}: {}", check.what, check.detail));
    }
}
