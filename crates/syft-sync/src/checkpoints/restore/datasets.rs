//! The mocks of my datasets, from their collections.

use syft_core::{ContentHash, ContentHasher, DatasetName, DatasitePath, HomePath};
use syft_transport::{CollectionHash, CollectionKind, Object, Space, TransportExt, grants};

use super::Progress;
use super::backup::{Backup, DatasetBackup, permission_file};
use crate::channels::patiently;
use crate::checkpoints::is_mine;
use crate::collections::file_name;
use crate::ledger::Published;
use crate::node::Pass;
use crate::{Result, bodies};

/// A larger file is part of no mock, in bytes.
const FILE_LIMIT: u64 = 512 << 20;

/// A dataset that can be had again.
#[derive(Debug)]
pub(super) struct FoundDataset {
    pub(super) name: DatasetName,
    pub(super) published: Published,
    /// Its files, with their contents in the journal's blobs.
    pub(super) files: Vec<(HomePath, ContentHash)>,
}

/// Fetches the mocks. One that is not as it was published is told of: its owner
/// makes it anew.
pub(super) async fn fetch(
    progress: &mut Progress<'_, '_>,
    backup: Option<&Backup>,
    notes: &mut Vec<String>,
) -> Result<Vec<FoundDataset>> {
    let mut found = Vec::new();
    for (name, dataset) in backup.iter().flat_map(|backup| &backup.body.datasets) {
        match fetch_one(progress, name, dataset).await? {
            Some(dataset) => found.push(dataset),
            None => notes.push(format!(
                "dataset {name}: its mock in the store is not what was published, so it was not \
                 restored"
            )),
        }
    }
    Ok(found)
}

/// The files of a mock of mine as they lie in the store, in the order in which its
/// hash was made.
pub(in crate::checkpoints) async fn listed(
    pass: &Pass<'_>,
    name: &DatasetName,
    published: &Published,
) -> Result<Vec<Object>> {
    let me = &pass.node.email;
    let Ok(hash) = CollectionHash::parse(&published.hash) else { return Ok(Vec::new()) };
    let space = Space::Collection {
        owner: me.clone(),
        kind: CollectionKind::Mock,
        tag: name.clone(),
        hash,
    };
    let mut objects = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
    objects.retain(|object| is_mine(object, me) && !grants::is_grant(&object.name));
    objects.sort_by_key(|object| file_name(&object.name));
    Ok(objects)
}

async fn fetch_one(
    progress: &mut Progress<'_, '_>,
    name: &DatasetName,
    dataset: &DatasetBackup,
) -> Result<Option<FoundDataset>> {
    let pass = progress.pass;
    let objects = listed(pass, name, &dataset.published).await?;
    progress.total += objects.len() as u64;
    let mut whole = ContentHasher::new();
    let mut files = Vec::new();
    for object in &objects {
        let Some((path, blob)) = take(progress, name, object, &mut whole).await? else {
            return Ok(None);
        };
        files.push((path, blob));
    }
    if !whole.finish().to_string().starts_with(&dataset.published.hash) {
        return Ok(None);
    }
    if let Some(permissions) = &dataset.permissions {
        let blob = pass.ledger.blobs().put(permissions.as_bytes())?;
        files.push((permission_file(pass, name)?, blob));
    }
    let published = dataset.published.clone();
    Ok(Some(FoundDataset { name: name.clone(), published, files }))
}

async fn take(
    progress: &mut Progress<'_, '_>,
    name: &DatasetName,
    object: &Object,
    whole: &mut ContentHasher,
) -> Result<Option<(HomePath, ContentHash)>> {
    let pass = progress.pass;
    let bytes = match bodies::whole(&*pass.node.transport, object, FILE_LIMIT).await {
        Ok(bytes) => bytes,
        Err(error) if error.is_retryable() => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    progress.step();
    let Ok(path) = DatasitePath::parse(&file_name(&object.name)) else { return Ok(None) };
    whole.update(path.as_str().as_bytes());
    whole.update(&bytes);
    let mock = HomePath::in_datasite(&pass.node.email, &pass.node.layouts.own().mock(name));
    Ok(Some((mock.join(path.as_str())?, pass.ledger.blobs().put(&bytes)?)))
}
