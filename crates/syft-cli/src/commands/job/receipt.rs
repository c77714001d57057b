//! The receipt of what is fetched: checked before anything is copied, and kept beside it.

use std::path::PathBuf;

use serde::Serialize;
use syft_sync::core::{ContentHash, safe_text};
use syft_sync::job::{Job, MAX_RECEIPT_BYTES};
use syft_sync::{ReceiptCheck, ReceiptProblem, SyftboxManager};

use super::copy::Target;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::Screen;

/// What became of the receipt.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct FetchedReceipt {
    /// Whether it is what the owner signed.
    verified: bool,
    /// Where its copy is.
    pub(in crate::commands) path: Option<PathBuf>,
    signed_by: Option<ContentHash>,
    #[serde(skip)]
    run: String,
    #[serde(skip)]
    bytes: Vec<u8>,
}

impl FetchedReceipt {
    /// Checks the receipt of a job that has ended. `None` where its owner writes none, or it
    /// has not come.
    pub(super) fn check(
        screen: &Screen,
        manager: &SyftboxManager,
        job: &Job,
    ) -> Result<Option<Self>, CliError> {
        let owner = job.owner();
        let Some(bytes) = job.receipt_file()? else {
            screen.note(&match manager.writes_no_receipts(owner)? {
                true => format!("no receipt: {owner} uses PySyft, which writes none"),
                false => format!("no receipt of {owner} has come"),
            });
            return Ok(None);
        };
        let check = manager.check_receipt(job, &bytes)?;
        let verified = check.is_good();
        match &check.problem {
            None => {}
            // Who has shown no key cannot sign: nothing between the two is proven.
            Some(ReceiptProblem::Unsigned) if !manager.knows_key(owner)? => {
                screen.note(&format!("the receipt is not signed: {owner} has shown no key"));
            }
            Some(problem) => return Err(bad(job, problem)?),
        }
        let receipt = check.receipt.as_ref();
        Ok(Some(FetchedReceipt {
            verified,
            path: None,
            signed_by: receipt.and_then(|receipt| receipt.signed_by),
            run: receipt.map(|receipt| receipt.run.clone()).unwrap_or_default(),
            bytes,
        }))
    }

    pub(super) fn is_verified(&self) -> bool {
        self.verified
    }

    /// Puts a receipt that was verified beside what was copied. An earlier one of the same
    /// run, which says less, is replaced; anything else that stands there is kept.
    pub(super) fn copy(
        mut self,
        manager: &SyftboxManager,
        target: &Target<'_>,
    ) -> Result<Self, CliError> {
        if !self.verified {
            return Ok(self);
        }
        let name = format!("receipt-{}.yaml", self.run);
        let limit = usize::try_from(MAX_RECEIPT_BYTES).unwrap_or(usize::MAX);
        let there = target.read(&name, limit);
        if there.as_ref() != Some(&self.bytes) {
            let is_older = |bytes: &Vec<u8>| {
                let check = manager.check_receipt(target.job(), bytes).ok();
                let check = check.filter(ReceiptCheck::is_good);
                check.and_then(|check| check.receipt).is_some_and(|it| it.run == self.run)
            };
            if target.is_taken(&name) && !there.as_ref().is_some_and(is_older) {
                return Err(target.conflict(&name));
            }
            target.replace(&name, &self.bytes)?;
        }
        self.path = Some(target.place(&name));
        Ok(self)
    }
}

fn bad(job: &Job, problem: &ReceiptProblem) -> Result<CliError, CliError> {
    let (id, owner) = (job.id(), job.owner());
    let why = safe_text(&problem.to_string());
    let message = format!("nothing was copied: the receipt of job {id} proves nothing: {why}");
    let next = match problem {
        ReceiptProblem::OtherKey { .. } | ReceiptProblem::UnknownKey(_) => {
            format!("syft peer verify {owner}")
        }
        _ => format!("syft audit verify --receipt {}", job.receipt_path()?.display()),
    };
    Ok(CliError::new(Exit::Integrity, "receipt", message).then(next))
}
