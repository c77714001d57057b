use std::collections::{BTreeMap, BTreeSet};

use syft_core::{DatasetName, Email, Reject};
use syft_dataset::DatasetStore;
use syft_transport::{
    CollectionHash, CollectionKind, Object, Space, SpaceKind, Transport, TransportExt, grants,
};

use super::file_name;
use crate::Result;
use crate::node::Pass;
use crate::report::SyncReport;

/// A file of a mock that is larger is not fetched, in bytes.
const FILE_LIMIT: u64 = 512 << 20;

/// What owners share with me, per owner and dataset.
type Shared = BTreeMap<Email, BTreeMap<DatasetName, Vec<CollectionHash>>>;

/// Fetches the mocks that owners share with me and that I do not have yet, and
/// drops those that are no longer shared.
pub(crate) async fn pull(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    owners: &BTreeSet<Email>,
    report: &mut SyncReport,
) -> Result<()> {
    let transport = pass.node.transport.clone();
    let discovered = transport.discover(SpaceKind::Collection).await?;
    let mut shared = Shared::new();
    for space in discovered.spaces {
        let Space::Collection { owner, kind: CollectionKind::Mock, tag, hash } = space else {
            continue;
        };
        if owners.contains(&owner) {
            shared.entry(owner).or_default().entry(tag).or_default().push(hash);
        }
    }
    for owner in owners {
        let offered = shared.remove(owner).unwrap_or_default();
        // What one owner did to its copy here concerns that owner alone.
        match drop_copies(pass, store, owner, &offered) {
            Ok(dropped) => report.datasets += dropped,
            Err(error) if error.ends_the_pass() => return Err(error),
            Err(error) => {
                report.notes.push(format!("datasets of {owner}: {error}"));
                continue;
            }
        }
        for (name, hashes) in offered {
            match fetch(&*transport, store, owner, &name, hashes).await {
                Ok(true) => {
                    pass.note("dataset.fetched", format!("{owner}/{name}"))?;
                    report.datasets += 1;
                }
                Ok(false) => {}
                // One dataset that cannot be taken hides no other.
                Err(error) if error.ends_the_pass() => return Err(error),
                Err(error) => report.notes.push(format!("dataset {owner}/{name}: {error}")),
            }
        }
    }
    Ok(())
}

/// Drops the copies that are no longer shared with me.
fn drop_copies(
    pass: &Pass<'_>,
    store: &DatasetStore,
    owner: &Email,
    offered: &BTreeMap<DatasetName, Vec<CollectionHash>>,
) -> Result<usize> {
    let mut dropped = 0;
    for dataset in store.list_of(owner)?.datasets {
        if !offered.contains_key(&dataset.name) {
            store.remove_copy(owner, &dataset.name)?;
            pass.note("dataset.copy_removed", format!("{owner}/{}", dataset.name))?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// Fetches a mock unless the copy here is one that is offered: while an owner
/// replaces a mock both versions are offered, and the older one goes soon.
async fn fetch(
    transport: &dyn Transport,
    store: &DatasetStore,
    owner: &Email,
    name: &DatasetName,
    mut hashes: Vec<CollectionHash>,
) -> Result<bool> {
    let here = store.copy_hash(owner, name)?;
    if here.is_some_and(|here| hashes.iter().any(|hash| hash.as_str() == here)) {
        return Ok(false);
    }
    let Some(hash) = hashes.pop() else { return Ok(false) };
    let (owner, tag, kind) = (owner.clone(), name.clone(), CollectionKind::Mock);
    let space = Space::Collection { owner, kind, tag, hash };
    let mut objects = transport.list_all(&space).await?;
    objects.retain(|object| !grants::is_grant(&object.name));
    take(transport, store, &space, &objects).await?;
    Ok(true)
}

async fn take(
    transport: &dyn Transport,
    store: &DatasetStore,
    space: &Space,
    objects: &[Object],
) -> Result<()> {
    let Space::Collection { owner, tag, hash, .. } = space else { return Ok(()) };
    let mut copy = store.begin_copy(owner, tag)?;
    for object in objects {
        if object.owner.as_ref().is_some_and(|author| author != owner) {
            copy.abort();
            let detail = format!("{} was put there by somebody else", object.name);
            return Err(syft_core::Error::Rejected(Reject::new(
                syft_core::RejectCode::ForeignFile,
                detail,
            ))
            .into());
        }
        let added = match transport.get_bytes(object, FILE_LIMIT).await {
            Ok(bytes) => copy.add(&file_name(&object.name), &mut bytes.as_slice()).map(|_| ()),
            Err(error) => {
                copy.abort();
                return Err(error.into());
            }
        };
        if let Err(error) = added {
            copy.abort();
            return Err(error.into());
        }
    }
    copy.commit(Some(hash.as_str()))?;
    Ok(())
}
