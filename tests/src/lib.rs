//! What the end-to-end tests share: the program that is tested, and the pages
//! whose commands are run.
#![expect(clippy::disallowed_methods, reason = "tests look at their own environment")]

mod ledger;
mod page;
mod program;

pub use page::{How, Page, Step};
pub use program::{People, Run, program};
