use std::fmt;

use syft_core::{ContentHash, yaml};

use super::{MAX_RECEIPT_BYTES, Receipt};
use crate::{JobStore, Result};

/// What a signature of a receipt is for, so that it is none of anything else.
pub const RECEIPT_PURPOSE: &str = "receipt";

/// What the last line of a signed receipt starts with.
const LINE: &str = "signature: ";

/// The keys of this home, as far as receipts need them.
pub trait ReceiptSigner: fmt::Debug + Send + Sync {
    /// Which keys they are.
    fn fingerprint(&self) -> ContentHash;

    /// A signature of these bytes for this purpose, on one line: the same each time.
    fn sign(&self, purpose: &str, bytes: &[u8]) -> String;
}

/// A receipt as it lies in a file. Its last line is a signature of all bytes before it,
/// as they stand: there is nothing to bring into a form, and no byte that may change.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedReceipt {
    /// What it says.
    pub receipt: Receipt,
    body: Vec<u8>,
    signature: Option<String>,
}

impl SignedReceipt {
    /// Reads a receipt; whether the signature holds is for whoever knows the keys of its
    /// owner.
    ///
    /// # Errors
    /// What is wrong with it, if it is no receipt.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| syft_core::Error::Corrupt {
            what: "the receipt".to_owned(),
            detail: error.to_string(),
        })?;
        let (body, signature) = split(text);
        let limit = usize::try_from(MAX_RECEIPT_BYTES).unwrap_or(usize::MAX);
        let receipt = yaml::from_str_within(body, limit)?;
        let (body, signature) = (body.as_bytes().to_vec(), signature.map(str::to_owned));
        Ok(SignedReceipt { receipt, body, signature })
    }

    /// What is signed: every byte before the line of the signature.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The signature, if it has one.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }
}

/// All before the last line, and the signature that this one is.
fn split(text: &str) -> (&str, Option<&str>) {
    let signed = || {
        let lines = text.strip_suffix('\n')?;
        let start = lines.rfind('\n')? + 1;
        Some((text.get(..start)?, lines.get(start..)?.strip_prefix(LINE)?))
    };
    signed().map_or((text, None), |(body, signature)| (body, Some(signature)))
}

impl JobStore {
    /// A receipt as it is written down: signed, if this home has keys.
    pub(crate) fn written(&self, receipt: Receipt) -> Result<Vec<u8>> {
        let Some(signer) = &self.signer else { return Ok(yaml::to_string(&receipt)?.into_bytes()) };
        let receipt = Receipt { signed_by: Some(signer.fingerprint()), ..receipt };
        let mut text = yaml::to_string(&receipt)?;
        let signature = signer.sign(RECEIPT_PURPOSE, text.as_bytes());
        text.push_str(&format!("{LINE}{signature}\n"));
        Ok(text.into_bytes())
    }
}
