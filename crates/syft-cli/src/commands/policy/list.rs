use std::collections::BTreeMap;

use serde::Serialize;
use syft_sync::core::{ContentHash, DatasetName, Email};
use syft_sync::job::policy::{
    ApproveRule, DatasetRule, ErrorsRule, JobRule, LogsRule, ManualRule, PeerRule, RuleIdentity,
};

use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table};

/// All rules.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyList {
    rules: Vec<JobRule>,
    datasets: BTreeMap<DatasetName, DatasetRule>,
    peers: Vec<PeerRule>,
    digest: Option<ContentHash>,
}

pub(crate) fn run(context: &Context) -> Result<PolicyList, CliError> {
    let policy = context.open()?.policy()?;
    Ok(PolicyList {
        rules: policy.jobs().to_vec(),
        datasets: policy.datasets().clone(),
        peers: policy.peers().to_vec(),
        digest: policy.digest(),
    })
}

impl Report for PolicyList {
    const VERB: &'static str = "policy-list";

    fn write(&self, page: &mut Page) {
        let mut rules = Table::new(["NO", "RULE", "WHOSE", "DATASETS", "WHAT"]);
        let jobs = self.rules.iter().map(job_cells);
        for (number, [name, whose, datasets, what]) in
            jobs.chain(self.peers.iter().map(peer_cells)).enumerate()
        {
            rules.row([(number + 1).to_string(), name, whose, datasets, what]);
        }
        if rules.is_empty() {
            page.line("No rules: every job and every request waits for you.");
            page.hint(
                "To make one from a job that you approved:",
                "syft policy add --from-job JOB",
            );
        } else {
            page.table(rules);
        }
        if self.datasets.is_empty() {
            return;
        }
        page.gap();
        let mut datasets = Table::new(["DATASET", "COUNTS OF", "OUTPUTS", "LOGS", "ERRORS"]);
        for (name, rule) in &self.datasets {
            let outputs = rule.outputs.as_ref().map(|types| {
                let types: Vec<String> = types.iter().map(|of| of.clone().into()).collect();
                types.join(", ")
            });
            datasets.row([
                name.to_string(),
                rule.k.map_or_else(|| "as usual".to_owned(), |k| format!("{k} or more")),
                outputs.unwrap_or_else(|| "all types".to_owned()),
                match rule.logs {
                    LogsRule::Ask => "if I say so".to_owned(),
                    LogsRule::Never => "never".to_owned(),
                },
                match rule.errors {
                    ErrorsRule::Tell => "without values".to_owned(),
                    ErrorsRule::Never => "never".to_owned(),
                },
            ]);
        }
        page.table(datasets);
    }
}

fn job_cells(rule: &JobRule) -> [String; 4] {
    match rule {
        JobRule::Approve(rule) => {
            let ApproveRule { name, peers, datasets, .. } = &**rule;
            [name.to_string(), emails(peers), names(datasets, "none"), approves(rule)]
        }
        JobRule::Manual(ManualRule { name, peers, datasets, .. }) => {
            let whose = if peers.is_empty() { "everybody's".to_owned() } else { emails(peers) };
            [name.to_string(), whose, names(datasets, "all"), "waits for me".to_owned()]
        }
    }
}

fn approves(rule: &ApproveRule) -> String {
    let budget = rule.budget;
    let mut what = format!("approved, {} in {} days", budget.jobs, budget.days);
    if !rule.free.is_empty() {
        let free: Vec<&str> = rule.free.keys().map(|path| path.as_str()).collect();
        what.push_str(&format!(", free: {}", free.join(", ")));
    }
    if let Some(until) = &rule.until {
        what.push_str(&format!(", until {until}"));
    }
    what
}

fn peer_cells(rule: &PeerRule) -> [String; 4] {
    let domains = Vec::from(rule.domains.clone()).join(", ");
    let what = match rule.identity {
        RuleIdentity::Proven => "accepted as peers if the store proves who they are",
        RuleIdentity::Claimed => "accepted as peers, whoever says so",
    };
    [rule.name.to_string(), domains, String::new(), what.to_owned()]
}

fn emails<'a>(all: impl IntoIterator<Item = &'a Email>) -> String {
    let all: Vec<&str> = all.into_iter().map(Email::as_str).collect();
    all.join(", ")
}

fn names<'a>(all: impl IntoIterator<Item = &'a DatasetName>, none: &str) -> String {
    let all: Vec<&str> = all.into_iter().map(DatasetName::as_str).collect();
    if all.is_empty() { none.to_owned() } else { all.join(", ") }
}
