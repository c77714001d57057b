//! Datasets on their way: a mock travels as a collection, never as events.

mod arrivals;
mod backup;
mod form;
mod leave;
mod offers;
mod pour;
mod publish;
mod pull;
mod restore;
mod revoke;
mod room;
mod sealed;
mod spool;
mod stored;
mod unreached;

use syft_core::{DatasetName, DatasitePath, Email};
use syft_transport::ObjectName;

pub(crate) use backup::{back_up, check_owner_only, drop_backup, want_backup};
pub(crate) use leave::{clear, clear_left, leave};
pub(crate) use publish::{publish, share_with, withdraw};
pub(crate) use pull::pull;
pub(crate) use restore::{kept, restore_private};
pub(crate) use revoke::revoke_from;
pub(crate) use sealed::{CollectionKey, is_sealed, open as open_sealed};
pub(crate) use spool::SPOOL;
pub(crate) use stored::{Fetched, StoredFile};

use crate::report::SyncReport;
use crate::{Error, Result};

/// The name of a file's object. A collection is flat in the store: `/` and the
/// sign that stands for it are escaped, so that two files never share a name.
fn object_name(path: &DatasitePath) -> Result<ObjectName> {
    let flat = path.as_str().replace('%', "%25").replace('/', "%2F");
    Ok(ObjectName::parse(&flat)?)
}

/// The file of an object's name.
fn file_name(name: &ObjectName) -> String {
    name.as_str().replace("%2F", "/").replace("%25", "%")
}

/// Tells why a dataset of an owner's, which may have no known name, is not taken.
///
/// # Errors
/// One that ends the pass.
fn not_taken(
    report: &mut SyncReport,
    owner: &Email,
    name: Option<&DatasetName>,
    error: Error,
) -> Result<()> {
    match error {
        Error::Core(syft_core::Error::Rejected(reject)) if reject.code.is_forgery() => {
            let what = name.map_or("a dataset".to_owned(), |name| format!("the dataset {name}"));
            report.forged_dataset(owner, &what, &reject);
        }
        error if error.ends_the_pass() => return Err(error),
        error => {
            let what = name.map(|name| format!("dataset {owner}/{name}"));
            let what = what.unwrap_or_else(|| format!("a dataset of {owner}"));
            report.notes.push(format!("{what}: {error}"));
        }
    }
    Ok(())
}
