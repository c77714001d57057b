use serde::Serialize;
use syft_sync::job::policy::RuleName;

use crate::args::PolicyRemoveArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A rule that was cut out.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyRemoved {
    rule: RuleName,
}

pub(crate) fn run(context: &Context, args: &PolicyRemoveArgs) -> Result<PolicyRemoved, CliError> {
    let removed = context.open()?.remove_policy_rule(&args.rule)?;
    Ok(PolicyRemoved { rule: removed.name })
}

impl Report for PolicyRemoved {
    const VERB: &'static str = "policy-remove";

    fn write(&self, page: &mut Page) {
        page.line(format!("Removed rule {}.", self.rule));
        page.line("What it approved and has not run yet does not run: approve it by hand.");
    }
}
