//! What is in order with a node, found by trying and reading, and what is not.

mod files;
mod leftovers;
mod probe;
mod state;

use serde::Serialize;

pub(crate) use files::{look_at_files, look_at_permissions, repair_indexes, repair_permissions};
pub(crate) use leftovers::{clear_leftovers, look_for_leftovers};
pub(crate) use probe::{look_at_other_stores, look_at_store};
pub(crate) use state::{
    look_at_audit, look_at_channels, look_at_decisions, look_at_home, look_at_journal,
    look_at_moves, look_at_sizes,
};

/// What a check-up found, and what it put right before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CheckUp {
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What was put right, a line each.
    pub repaired: Vec<String>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is, in two words.
    pub name: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, in words.
    pub detail: String,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// In order.
    Good,
    /// The store or the disk does not do what it should: try again.
    Away,
    /// Something is not as it should be, and nothing is lost by it.
    Odd,
    /// A record was changed or damaged.
    Damaged,
}

impl Check {
    fn good(name: &'static str, detail: impl Into<String>) -> Check {
        Check { name, verdict: Verdict::Good, detail: detail.into() }
    }

    fn bad(name: &'static str, verdict: Verdict, detail: impl Into<String>) -> Check {
        Check { name, verdict, detail: detail.into() }
    }
}

/// `1 file`, `2 files`.
fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
