use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;
use syft_sync::core::{ContentHash, Email, JobName, safe_text};
use syft_sync::job::{ApprovalMethod, JobId, MAX_RECEIPT_BYTES, Receipt};
use syft_sync::{ReceiptCheck, ReceiptKey, ReceiptProblem};

use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, count};

/// Whether a receipt is what the owner of the data signed.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptVerified {
    ok: bool,
    /// What it says of itself, if it can be read.
    receipt: Option<ReceiptView>,
    problem: Option<ReceiptProblem>,
    #[serde(skip)]
    said: Option<Receipt>,
}

/// A receipt as programs read it.
#[derive(Debug, Serialize)]
struct ReceiptView {
    job: JobId,
    name: JobName,
    submitter: Email,
    run: String,
    owner: Email,
    submission_digest: ContentHash,
    answered: bool,
    signed_by: Option<ContentHash>,
    /// How sure it is whose key it was checked with: `null` if none is known here.
    identity: Option<ReceiptKey>,
}

pub(crate) fn run(context: &Context, file: &Path) -> Result<ReceiptVerified, CliError> {
    let bytes = read(&context.path(file))?;
    let ReceiptCheck { receipt, key, problem } = context.open()?.verify_receipt(&bytes)?;
    let view = receipt.as_ref().map(|receipt| ReceiptView {
        job: receipt.job.clone(),
        name: receipt.name.clone(),
        submitter: receipt.submitter.clone(),
        run: receipt.run.clone(),
        owner: receipt.owner.clone(),
        submission_digest: receipt.submission_digest,
        answered: receipt.is_answered(),
        signed_by: receipt.signed_by,
        identity: key,
    });
    Ok(ReceiptVerified { ok: problem.is_none(), receipt: view, problem, said: receipt })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot read {}: {error}", path.display());
        match error.kind() {
            ErrorKind::NotFound => CliError::new(Exit::NotFound, "not_found", message),
            _ => CliError::new(Exit::Store, "disk", message),
        }
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() || metadata.len() > MAX_RECEIPT_BYTES {
        let message = format!("{} is no file of a receipt", path.display());
        return Err(CliError::new(Exit::Usage, "no_receipt", message));
    }
    fs::read(path).map_err(failed)
}

impl Report for ReceiptVerified {
    const VERB: &'static str = "audit-verify";

    fn write(&self, page: &mut Page) {
        if let Some(problem) = &self.problem {
            page.warning(format!(
                "The receipt proves nothing: {}.",
                safe_text(&problem.to_string())
            ));
            match problem {
                ReceiptProblem::UnknownKey(owner) => {
                    page.hint("To get to know that key:", &format!("syft peer add {owner}"));
                }
                ReceiptProblem::OtherKey { owner, .. } => {
                    page.hint("To compare keys:", &format!("syft peer verify {owner}"));
                }
                _ => {}
            }
            return;
        }
        let Some(receipt) = &self.said else { return };
        let whose = match self.receipt.as_ref().and_then(|receipt| receipt.identity) {
            Some(ReceiptKey::Mine) => "by my own key",
            Some(ReceiptKey::Verified) => "by a key whose words were compared",
            Some(ReceiptKey::Unverified) | None => "by the key that was shown first",
        };
        page.title(format!("The receipt is what {} signed, {whose}.", receipt.owner));
        facts(page, receipt);
    }

    fn exit(&self) -> Exit {
        if self.ok { Exit::Done } else { Exit::Integrity }
    }
}

/// What a receipt says: foreign text, with a signature on it.
fn facts(page: &mut Page, receipt: &Receipt) {
    let names = |names: Vec<&str>| safe_text(&names.join(", "));
    let approved = receipt.approved.as_ref().map(|approved| match approved.method {
        ApprovalMethod::Rule => {
            let rules = approved.rules.join(", ");
            format!("by {rules} of the policy of {} at {}", approved.by, approved.at)
        }
        ApprovalMethod::Manual => format!("by {} at {}", approved.by, approved.at),
    });
    let exit = receipt.exit.map(|exit| format!(", {exit}")).unwrap_or_default();
    let packages = receipt.packages.iter().flat_map(|packages| &packages.packages);
    page.fields([
        ("job", format!("{}  {}", receipt.job, receipt.name)),
        ("from", receipt.submitter.to_string()),
        ("run", safe_text(&receipt.run)),
        ("digest", receipt.submission_digest.to_string()),
        ("approved", safe_text(&approved.unwrap_or_default())),
        ("read", names(receipt.datasets.iter().map(|name| name.as_str()).collect())),
        ("packages", names(packages.map(String::as_str).collect())),
        ("box", receipt.isolation.to_string()),
        ("limits hit", names(receipt.limits_hit.iter().map(String::as_str).collect())),
        ("ended", safe_text(&receipt.finished_at) + &exit),
        (
            "released",
            match receipt.is_answered() {
                true => count(receipt.outputs.len(), "file", "files"),
                false => "nothing yet".to_owned(),
            },
        ),
    ]);
}
