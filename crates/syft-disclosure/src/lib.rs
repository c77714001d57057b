//! Looks at the outputs of a job for what may disclose private data.
//!
//! It is given bytes and answers with findings. It knows no job, no home, no
//! disk, no peer and no policy, and it decides nothing: it warns and explains,
//! and that it found nothing is no promise. A finding names a file, a place by
//! its numbers, a dataset and a rule. It never quotes data, so that it can be
//! kept where the data must not be.

mod cell;
mod checker;
mod checks;
mod finding;
mod found;
mod index;
mod known;
mod naming;
mod read;
mod rules;
mod table;
mod tokens;
mod wording;

pub use checker::{Checked, Checker, Earlier, Output, Private};
pub use finding::{Finding, FindingKind, Place, Severity};
pub use read::NotRead;
pub use rules::{ReadLimits, Rules};
pub use table::Table;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
