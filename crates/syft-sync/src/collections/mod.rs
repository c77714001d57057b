//! Datasets on their way: a mock travels as a collection, never as events.

mod arrivals;
mod backup;
mod form;
mod leave;
mod offers;
mod publish;
mod pull;
mod restore;
mod revoke;
mod sealed;
mod stored;
mod unreached;

use syft_core::DatasitePath;
use syft_transport::ObjectName;

pub(crate) use backup::{back_up, check_owner_only, drop_backup, want_backup};
pub(crate) use leave::{clear, leave};
pub(crate) use publish::{publish, share_with, withdraw};
pub(crate) use pull::pull;
pub(crate) use restore::{kept, restore_private};
pub(crate) use revoke::revoke_from;
pub(crate) use sealed::{CollectionKey, is_sealed, open as open_sealed};
pub(crate) use stored::StoredFile;

use crate::Result;

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
