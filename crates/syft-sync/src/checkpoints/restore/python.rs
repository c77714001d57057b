//! What a Python client of mine left: its peers stand in a table, and its datasets are the
//! collections that lie there (`protocol.md` h.4). It keeps no record of jobs beside theirs.

use std::collections::{BTreeMap, BTreeSet};

use syft_core::DatasetName;
use syft_dataset::Audience;
use syft_transport::{CollectionKind, Recipient, Space, SpaceKind, TransportExt, grants};

use crate::Result;
use crate::channels::patiently;
use crate::checkpoints::record::DatasetBackup;
use crate::collections::is_sealed;
use crate::ledger::Published;
use crate::node::Pass;
use crate::peers::{Bundles, PeerTable, read_table};

/// All of that.
#[derive(Debug)]
pub(super) struct PythonClient {
    pub(super) peers: PeerTable,
    pub(super) bundles: Bundles,
    pub(super) datasets: BTreeMap<DatasetName, DatasetBackup>,
}

impl PythonClient {
    /// What the store has; `None` if no such client kept a table there.
    pub(super) async fn found(pass: &Pass<'_>) -> Result<Option<Self>> {
        let Some((peers, bundles)) = read_table(pass).await? else { return Ok(None) };
        Ok(Some(PythonClient { peers, bundles, datasets: datasets(pass).await? }))
    }
}

/// My mocks in the open. Of several versions of one the newest counts, and the others go
/// once it is published again.
async fn datasets(pass: &Pass<'_>) -> Result<BTreeMap<DatasetName, DatasetBackup>> {
    let found = pass.node.transport.discover(SpaceKind::OwnCollection);
    let mut versions = Vec::new();
    for space in patiently(&"my collections", 0, found).await?.spaces {
        let Space::Collection { owner, kind: CollectionKind::Mock, tag, hash } = &space else {
            continue;
        };
        if *owner == pass.node.email && !is_sealed(hash) {
            let mut objects = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
            objects.retain(|object| pass.node.is_provably_mine(object));
            let at = objects.iter().filter_map(|object| object.created).max();
            versions.push((at, tag.clone(), as_published(pass, &space, hash.as_str()).await?));
        }
    }
    versions.sort_by_key(|(at, ..)| *at);
    let mut newest: BTreeMap<DatasetName, DatasetBackup> = BTreeMap::new();
    for (_, name, mut dataset) in versions {
        if let Some(DatasetBackup { published, .. }) = newest.remove(&name) {
            dataset.published.older.extend(published.older);
            dataset.published.older.insert(published.hash);
        }
        newest.insert(name, dataset);
    }
    Ok(newest)
}

/// A mock with those with whom it is shared.
async fn as_published(pass: &Pass<'_>, space: &Space, hash: &str) -> Result<DatasetBackup> {
    let granted = patiently(space, 0, grants::list(&*pass.node.transport, space)).await?;
    let for_any = granted.contains(&Recipient::Any);
    let readers: BTreeSet<_> = granted
        .into_iter()
        .filter_map(|recipient| match recipient {
            Recipient::Any => None,
            Recipient::One(reader) => Some(reader),
        })
        .collect();
    let audience = if for_any { Audience::Any } else { Audience::users(readers.clone()) };
    let published =
        Published { hash: hash.to_owned(), readers, complete: true, ..Published::default() };
    Ok(DatasetBackup { published, permissions: Some(audience.permission_file()?) })
}
