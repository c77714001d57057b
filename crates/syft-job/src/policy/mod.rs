//! What the owner allows without being asked: `private/policy.yaml`.
//!
//! Without the file nothing is. A rule names what runs by a digest, so that no byte
//! and no name is left to the submitter but the values of files that the rule frees
//! under a schema. All rules that match a job count, and the strictest of each bound.
//!
//! ```
//! let policy = syft_job::policy::Policy::parse(r#"
//! datasets:
//!   census: {k: 10, outputs: [csv, json], logs: never, errors: never}
//! peers:
//! - {name: our-university, domains: [uni.org], identity: proven}
//! jobs:
//! - name: weekly
//!   digest: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
//!   peers: [bob@uni.org]
//!   datasets: [census]
//!   free:
//!     code/params.json:
//!       year: {type: integer, min: 2000, max: 2030}
//!       region: {enum: [north, south]}
//!   budget: {jobs: 10, seconds: 3000, days: 7}
//!   until: 2027-06-01
//! - {name: ask-me, decide: manual, datasets: [genomes]}
//! "#)?;
//! assert_eq!(policy.jobs().len(), 2);
//! # Ok::<(), syft_job::Error>(())
//! ```

mod budget;
mod check;
mod datasets;
mod date;
mod edit;
mod explain;
mod facts;
mod file;
mod free;
mod hook;
mod json;
mod kept;
mod name;
mod peers;
mod rule;
mod rule_digest;
mod schema;
mod store;
mod suggest;

pub use budget::{Budget, RuleUse};
pub use check::Check;
pub use datasets::{DatasetBounds, DatasetRule, ErrorsRule, LogsRule, OutputType};
pub use date::Date;
pub use explain::{Explanation, Grant, RuleAnswer};
pub use facts::{JobFacts, PackagesFact, PeerStanding};
pub use file::Policy;
pub use free::{FreeFile, FreePath};
pub use hook::{ByRule, PeerJudge};
pub use kept::Kept;
pub use name::RuleName;
pub use peers::{PeerRule, RuleIdentity};
pub use rule::{ApproveRule, AutoRelease, JobRule, ManualRule};
pub use rule_digest::RuleDigest;
pub use schema::Field;
pub use store::{AddedRule, RemovedRule};
pub use suggest::RuleRequest;

pub(crate) use datasets::{may_release, shareable};
