use serde::Serialize;
use syft_sync::core::safe_text;
use syft_sync::job::policy::{AddedRule, JobRule, RuleRequest};

use crate::args::PolicyAddArgs;
use crate::commands::job::find_mine;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A rule that was added.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyAdded {
    rule: JobRule,
    file: &'static str,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    from: String,
}

pub(crate) fn run(context: &Context, args: PolicyAddArgs) -> Result<PolicyAdded, CliError> {
    let manager = context.open()?;
    let job = find_mine(&manager, &args.from_job, "make a rule from")?;
    let from = job.id().to_string();
    let (peers, free) = (args.peers, args.free_files);
    let request = RuleRequest { job: job.id().clone(), peers, free };
    let AddedRule { rule, text, file } = manager.add_policy_rule(&request)?;
    Ok(PolicyAdded { rule, file, text, from })
}

impl Report for PolicyAdded {
    const VERB: &'static str = "policy-add";

    fn write(&self, page: &mut Page) {
        page.title(format!("Added to {}:", self.file));
        for line in self.text.lines() {
            page.line(format!("    {}", safe_text(line)));
        }
        page.gap();
        let JobRule::Approve(rule) = &self.rule else { return };
        if rule.free.is_empty() {
            page.line("Jobs of exactly these bytes are approved with the next sync.");
        } else {
            page.line("Only the values that job had are allowed: widen min, max and enum there.");
        }
        page.hint("To see what it says of a job:", &format!("syft policy test {}", self.from));
    }
}
