//! The mocks of my datasets, from their collections.

use std::io;

use syft_core::{ContentHash, ContentHasher, DatasetName, DatasitePath, HomePath};
use syft_dataset::Limits;
use syft_transport::{CollectionHash, CollectionKind, Space, TransportExt, grants};

use super::Progress;
use crate::channels::patiently;
use crate::checkpoints::is_mine;
use crate::checkpoints::record::{DatasetBackup, permission_file};
use crate::collections::{CollectionKey, Fetched, StoredFile, open_sealed};
use crate::ledger::Published;
use crate::node::Pass;
use crate::{Error, Result};

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
    wanted: Vec<(&DatasetName, &DatasetBackup)>,
    notes: &mut Vec<String>,
) -> Result<Vec<FoundDataset>> {
    let mut found = Vec::new();
    for (name, dataset) in wanted {
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

/// The files of a mock of mine as they lie in the store, in the order in which its hash
/// was made; none if they do not.
pub(crate) async fn listed(
    pass: &Pass<'_>,
    name: &DatasetName,
    published: &Published,
) -> Result<Vec<StoredFile>> {
    let me = &pass.node.email;
    if !published.sealed.is_empty()
        && let Some(ring) = &pass.node.ring
    {
        let key = CollectionKey::mine(ring, CollectionKind::Mock, name, &published.hash)?;
        let space = key.space(me, CollectionKind::Mock)?;
        return match open_sealed(&*pass.node.transport, ring, me, &space).await {
            Ok(opened) => Ok(opened.and_then(|it| it.files().ok()).unwrap_or_default()),
            Err(error) if error.is_of_content() => Ok(Vec::new()),
            Err(error) => Err(error),
        };
    }
    let is_open = published.readers.iter().any(|reader| published.key_of(reader).is_none());
    let copy = published.apart.first_key_value().filter(|_| !is_open);
    let hash = match copy {
        Some((reader, key)) => Published::hash_apart(&published.hash, reader, *key),
        None => published.hash.clone(),
    };
    let Ok(hash) = CollectionHash::parse(&hash) else { return Ok(Vec::new()) };
    let space = Space::Collection {
        owner: me.clone(),
        kind: CollectionKind::Mock,
        tag: name.clone(),
        hash,
    };
    let mut objects = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
    objects.retain(|object| is_mine(object, me) && !grants::is_grant(&object.name));
    let file = |object| match (copy, &pass.node.ring) {
        (Some(_), Some(ring)) => StoredFile::apart(object, ring),
        _ => Ok(StoredFile::in_the_open(object)),
    };
    let mut files: Vec<_> = objects.into_iter().map(file).collect::<Result<_>>()?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

async fn fetch_one(
    progress: &mut Progress<'_, '_>,
    name: &DatasetName,
    dataset: &DatasetBackup,
) -> Result<Option<FoundDataset>> {
    let pass = progress.pass;
    let mock = listed(pass, name, &dataset.published).await?;
    progress.total += mock.len() as u64;
    let mut whole = ContentHasher::new();
    let mut files = Vec::new();
    for file in &mock {
        let Some(body) = take(progress, file).await? else { return Ok(None) };
        let Ok(path) = DatasitePath::parse(&file.path) else { return Ok(None) };
        whole.update(path.as_str().as_bytes());
        let read = io::copy(&mut body.reader()?, &mut whole);
        read.map_err(|source| {
            let (action, path) = ("read", path.to_string());
            syft_core::Error::Io { action, path, source }
        })?;
        let folder = HomePath::in_datasite(&pass.node.email, &pass.node.layouts.own().mock(name));
        files.push((
            folder.join(path.as_str())?,
            pass.ledger.blobs().put_from(&mut body.reader()?)?,
        ));
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

/// What a file holds; `None` if the store does not give it.
async fn take(progress: &mut Progress<'_, '_>, file: &StoredFile) -> Result<Option<Fetched>> {
    let node = progress.pass.node;
    match file.fetch(&*node.transport, &node.disk, Limits::default().bytes).await {
        Ok(body) => {
            progress.step();
            Ok(Some(body))
        }
        Err(Error::Transport(error)) if error.is_retryable() => Err(error.into()),
        Err(error) if error.ends_the_pass() => Err(error),
        Err(_) => Ok(None),
    }
}
