//! A fresh machine's way back to the private parts of its datasets.

use std::collections::BTreeMap;

use syft_core::DatasetName;
use syft_dataset::DatasetStore;
use syft_transport::{CollectionKind, Object, Space, SpaceKind, Transport, TransportExt};

use super::backup::{FILE_LIMIT, note, space};
use super::file_name;
use super::publish::settle;
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::{Fact, PrivateBackup};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{Error, Result, bodies};

/// The hashes of the backups of each dataset, as the names of their spaces say.
pub(crate) type Kept = BTreeMap<DatasetName, Vec<String>>;

/// Makes the datasets again whose private part I keep in the store and that are
/// not here: what a fresh machine does. Returns their names. Once nothing of them
/// waits for the store any more, that is noted.
///
/// Nothing is taken from a store without access control: whoever can write there
/// could plant a dataset of mine, with an audience (`threats.md` F16).
///
/// # Errors
/// Those of this machine, and a store that is away. A backup that cannot be used
/// is in the report.
pub(crate) async fn restore_private(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    report: &mut SyncReport,
) -> Result<Vec<DatasetName>> {
    let mut kept = kept(pass).await?;
    if !pass.node.transport.info().capabilities.access_control && !kept.is_empty() {
        report.notes.push(
            "private parts of datasets in the store may be anybody's, and were not taken"
                .to_owned(),
        );
        kept.clear();
    }
    let mut restored = Vec::new();
    let mut is_settled = true;
    for (name, hashes) in kept {
        match restore_one(pass, store, &name, &hashes).await {
            Ok(true) => {
                report.datasets += 1;
                restored.push(name);
            }
            Ok(false) => {}
            Err(error) => {
                // What the store does not give now it may give later.
                is_settled &= !matches!(error, Error::Transport(_));
                settle(report, &name, Err(error))?;
            }
        }
    }
    if is_settled && pass.ledger.state().private_due {
        let mut draft = Draft::default();
        draft.fact(Fact::PrivateDue { due: false });
        pass.carry_out(draft).await?;
    }
    Ok(restored)
}

/// What the store says that it keeps of private parts of mine.
pub(crate) async fn kept(pass: &Pass<'_>) -> Result<Kept> {
    let transport = &pass.node.transport;
    let found = transport.discover(SpaceKind::OwnCollection);
    let found = patiently(&"my collections", 0, found).await?;
    let mut kept = Kept::new();
    for space in found.spaces {
        if let Space::Collection { owner, kind: CollectionKind::Private, tag, hash } = space
            && owner == pass.node.email
        {
            kept.entry(tag).or_default().push(hash.as_str().to_owned());
        }
    }
    Ok(kept)
}

/// The backups of a dataset that hold anything, the newest first. What the store
/// does not state to be mine is no part of them.
pub(crate) async fn candidates(
    pass: &Pass<'_>,
    name: &DatasetName,
    hashes: &[String],
) -> Result<Vec<(String, Vec<Object>)>> {
    let mut found = Vec::new();
    for hash in hashes {
        let space = space(pass, name, hash)?;
        let mut objects = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
        objects.retain(|object| object.owner.as_ref() == Some(&pass.node.email));
        let newest = objects.iter().filter_map(|object| object.created).max();
        if !objects.is_empty() {
            found.push((newest, hash.clone(), objects));
        }
    }
    found.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    Ok(found.into_iter().map(|(_, hash, objects)| (hash, objects)).collect())
}

/// Makes a dataset from the newest of its backups that is whole.
async fn restore_one(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    name: &DatasetName,
    hashes: &[String],
) -> Result<bool> {
    if pass.ledger.state().private.contains_key(name) {
        return Ok(false);
    }
    let transport = pass.node.transport.clone();
    let mut problem = None;
    for (hash, objects) in candidates(pass, name, hashes).await? {
        match take(&*transport, store, name, &hash, &objects).await {
            Ok(()) => {
                note(pass, name, Some(known(hash, hashes)), "dataset.restored").await?;
                return Ok(true);
            }
            Err(Error::Dataset(syft_dataset::Error::NameTaken { .. })) => {
                return already_here(pass, store, name, hashes).await.map(|()| false);
            }
            Err(error @ Error::Dataset(_)) if !error.ends_the_pass() => problem = Some(error),
            Err(error) => return Err(error),
        }
    }
    problem.map_or(Ok(false), Err)
}

/// A dataset of that name stands here: it is the one of the backup, if a crash came
/// before that was noted, or another one, which was never to lie in the store.
async fn already_here(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    name: &DatasetName,
    hashes: &[String],
) -> Result<()> {
    let here = store.backup(name).map(|backup| backup.hash);
    if let Ok(hash) = here
        && hashes.contains(&hash)
    {
        return note(pass, name, Some(known(hash, hashes)), "dataset.restored").await;
    }
    Err(Error::Refused(
        "another one stands here, so its backup was not taken, and stays in the store".to_owned(),
    ))
}

/// The backup that was taken; the others go with the next sync.
fn known(hash: String, hashes: &[String]) -> PrivateBackup {
    let older = hashes.iter().filter(|other| **other != hash).cloned().collect();
    PrivateBackup { wanted: true, hash: Some(hash), older }
}

async fn take(
    transport: &dyn Transport,
    store: &DatasetStore,
    name: &DatasetName,
    hash: &str,
    objects: &[Object],
) -> Result<()> {
    let mut incoming = store.begin_restore(name)?;
    for object in objects {
        let added = match bodies::whole(transport, object, FILE_LIMIT).await {
            Ok(bytes) => {
                incoming.add(&file_name(&object.name), &mut bytes.as_slice()).map_err(Error::from)
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = added {
            incoming.abort();
            return Err(error);
        }
    }
    incoming.commit(hash)?;
    Ok(())
}
