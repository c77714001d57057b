//! Permissions of a datasite: reads `syft.pub.yaml` files, decides who may read,
//! write or administer a path, and says why.
//!
//! [`PermissionFile`] is one file, [`Permissions`] is all files of a datasite
//! compiled once and asked often. Users and paths are raw strings here and
//! nothing is folded: two spellings are two users, two paths.

mod decide;
mod edit;
mod error;
mod explain;
mod file;
mod grant;
mod level;
mod pattern;
mod permissions;
mod place;
mod question;
mod yaml;

pub use error::{Error, Result};
pub use explain::{Explanation, Reason};
pub use file::{Access, PermissionFile, Rule};
pub use level::Level;
pub use pattern::{Pattern, Specificity};
pub use permissions::{Permissions, Problem};
pub use place::Place;

/// The name of a permission file, at any depth of a datasite.
pub const PERMISSION_FILE: &str = "syft.pub.yaml";

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
