use std::fmt;

use serde::{Serialize, Serializer};
use syft_core::{ContentHash, Email};
use syft_crypto::{Bundle, Keys};
use syft_job::{Job, RECEIPT_PURPOSE, Receipt, SignedReceipt};

use super::SyftboxManager;
use crate::own_keys::signer;
use crate::peers::{Bundles, PeerTable, PinnedKey};
use crate::{Encrypt, Result};

/// What came of checking a receipt, all of it without the store.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiptCheck {
    /// What it says, if it can be read. Foreign text, and true only without a problem.
    pub receipt: Option<Receipt>,
    /// Whose key it was checked with: the one by which its owner is known here.
    pub key: Option<ReceiptKey>,
    /// Why nobody is to rely on it.
    pub problem: Option<ReceiptProblem>,
}

impl ReceiptCheck {
    /// Whether it is what its owner signed, byte for byte.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.problem.is_none()
    }
}

/// How sure it is whose key signed a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKey {
    /// My own.
    Mine,
    /// The owner's, whose words were compared.
    Verified,
    /// The one that the owner showed first.
    Unverified,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptProblem {
    /// It is no receipt.
    Unreadable(String),
    /// It has no signature, as those of older versions and of homes without keys.
    Unsigned,
    /// The bytes are not those that were signed.
    Changed,
    /// It is signed, and no key of its owner is known here.
    UnknownKey(Email),
    /// It says that another key has signed it than the one of its owner.
    OtherKey {
        /// Whose it should be.
        owner: Email,
        /// By which it says that it is signed.
        signed_by: ContentHash,
    },
    /// It is about something else than the job that it lies beside.
    OtherJob(&'static str),
}

impl ReceiptProblem {
    /// A word for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            ReceiptProblem::Unreadable(_) => "unreadable",
            ReceiptProblem::Unsigned => "unsigned",
            ReceiptProblem::Changed => "changed",
            ReceiptProblem::UnknownKey(_) => "unknown_key",
            ReceiptProblem::OtherKey { .. } => "other_key",
            ReceiptProblem::OtherJob(_) => "other_job",
        }
    }
}

impl fmt::Display for ReceiptProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReceiptProblem::Unreadable(why) => write!(f, "it is no receipt: {why}"),
            ReceiptProblem::Unsigned => f.write_str("it is not signed, so nobody vouches for it"),
            ReceiptProblem::Changed => f.write_str("it was changed after it was signed"),
            ReceiptProblem::UnknownKey(owner) => {
                write!(f, "the key of {owner}, whose receipt it says it is, is not known here")
            }
            ReceiptProblem::OtherKey { owner, signed_by } => {
                let key = signed_by.short();
                write!(f, "it is signed by the key {key}, by which {owner} is not known here")
            }
            ReceiptProblem::OtherJob(what) => write!(f, "it is about another {what}"),
        }
    }
}

impl Serialize for ReceiptProblem {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct View<'a> {
            kind: &'a str,
            detail: String,
        }
        View { kind: self.kind(), detail: self.to_string() }.serialize(to)
    }
}

impl SyftboxManager {
    /// From here on all goes by these keys, and receipts are signed by them.
    ///
    /// # Errors
    /// [`Error::MustSeal`] if the store takes nothing in the open, and something would go so.
    pub(super) fn go_by(&mut self, keys: Option<Keys>, encrypt: Encrypt) -> Result<()> {
        let without_keys = if keys.is_none() { Encrypt::Off } else { encrypt };
        let encrypt = without_keys.with(self.node.store.info())?;
        // With whom it is sealed is for the store over which somebody is reached.
        without_keys.with(self.node.routes.datasets_info())?;
        let signer = signer(keys.as_ref());
        self.node.jobs = self.node.jobs.clone().with_signer(signer.clone());
        self.jobs = self.jobs.clone().with_signer(signer);
        self.node.take_keys(keys, encrypt);
        Ok(())
    }

    /// Checks the signature of a receipt by the key by which its owner is known here, or
    /// by my own. Needs no store, and nothing but the bytes of its file.
    ///
    /// # Errors
    /// The disk.
    pub fn verify_receipt(&self, bytes: &[u8]) -> Result<ReceiptCheck> {
        let signed = match SignedReceipt::parse(bytes) {
            Ok(signed) => signed,
            Err(error) => {
                let problem = Some(ReceiptProblem::Unreadable(error.to_string()));
                return Ok(ReceiptCheck { receipt: None, key: None, problem });
            }
        };
        let known = self.key_of(&signed.receipt.owner)?;
        let problem = problem_of(&signed, known.as_ref().map(|(_, bundle)| bundle));
        let key = known.map(|(key, _)| key);
        Ok(ReceiptCheck { receipt: Some(signed.receipt), key, problem })
    }

    /// [`SyftboxManager::verify_receipt`] of a receipt that lies beside a job, which has to
    /// be about that job, and about these bytes of it.
    ///
    /// # Errors
    /// The disk.
    pub fn check_receipt(&self, job: &Job, bytes: &[u8]) -> Result<ReceiptCheck> {
        let mut check = self.verify_receipt(bytes)?;
        if let (Some(receipt), None) = (&check.receipt, &check.problem) {
            check.problem = other_job(job, receipt).map(ReceiptProblem::OtherJob);
        }
        Ok(check)
    }

    /// Whether somebody runs the Python client, which writes no receipts.
    ///
    /// # Errors
    /// The disk.
    pub fn writes_no_receipts(&self, owner: &Email) -> Result<bool> {
        Ok(PeerTable::load(&*self.node.disk)?.is_python(owner))
    }

    /// Whether a key of somebody is known here, by which a receipt can be checked.
    ///
    /// # Errors
    /// The disk.
    pub fn knows_key(&self, owner: &Email) -> Result<bool> {
        let table = PeerTable::load(&*self.node.disk)?;
        Ok(table.peers.get(owner).is_some_and(|record| record.key.is_some()))
    }

    /// The public keys by which somebody is known here, and how sure that is.
    fn key_of(&self, owner: &Email) -> Result<Option<(ReceiptKey, Bundle)>> {
        if *owner == self.node.email {
            let own = self.node.keys.as_ref();
            return Ok(own.map(|keys| (ReceiptKey::Mine, keys.bundle().clone())));
        }
        let disk = &*self.node.disk;
        let pinned = PeerTable::load(disk)?.peers.get(owner).and_then(|record| record.key);
        let Some(PinnedKey { fingerprint, verified }) = pinned else { return Ok(None) };
        let key = match verified {
            Some(_) => ReceiptKey::Verified,
            None => ReceiptKey::Unverified,
        };
        Ok(Bundles::load(disk)?.get(owner, fingerprint).map(|bundle| (key, bundle)))
    }
}

fn problem_of(signed: &SignedReceipt, known: Option<&Bundle>) -> Option<ReceiptProblem> {
    let owner = || signed.receipt.owner.clone();
    let Some(signature) = signed.signature() else {
        // One that names a key had a signature.
        return Some(match signed.receipt.signed_by {
            Some(_) => ReceiptProblem::Changed,
            None => ReceiptProblem::Unsigned,
        });
    };
    let Some(bundle) = known else { return Some(ReceiptProblem::UnknownKey(owner())) };
    if bundle.has_signed(RECEIPT_PURPOSE, signed.body(), signature) {
        return None;
    }
    Some(match signed.receipt.signed_by {
        Some(signed_by) if signed_by != bundle.fingerprint() => {
            ReceiptProblem::OtherKey { owner: owner(), signed_by }
        }
        _ => ReceiptProblem::Changed,
    })
}

/// What of a receipt is not about this job.
fn other_job(job: &Job, receipt: &Receipt) -> Option<&'static str> {
    let number = receipt.run.strip_prefix(job.id().as_str()).and_then(|run| run.strip_prefix('-'));
    let is_run = number.is_some_and(|number| number.parse::<usize>().is_ok());
    if receipt.owner != *job.owner() {
        Some("owner's data")
    } else if receipt.submitter != *job.submitted_by() {
        Some("submitter's job")
    } else if receipt.job != *job.id() || receipt.name != *job.name() || !is_run {
        Some("job")
    } else if job.digest().is_some_and(|digest| digest != receipt.submission_digest) {
        Some("version of this job")
    } else {
        None
    }
}
