//! The private part of a dataset in a store that keeps it for its owner alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use syft_core::DatasetName;
use syft_dataset::DatasetStore;
use syft_transport::{
    CollectionHash, CollectionKind, Object, PutMode, Space, SpaceKind, Transport, TransportExt,
};

use super::publish::{body, settle};
use super::{file_name, object_name};
use crate::engine::Draft;
use crate::ledger::{Fact, PrivateBackup};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{Error, Result};

/// A larger file could not be brought back, in bytes.
const FILE_LIMIT: u64 = 1 << 30;

/// Notes that a dataset's private part is to be kept in the store, once there is
/// such a dataset; the next sync puts it there.
pub(crate) async fn want_backup(pass: &mut Pass<'_>, name: &DatasetName) -> Result<()> {
    let known = pass.ledger.state().private.get(name).cloned().unwrap_or_default();
    note(pass, name, Some(PrivateBackup { wanted: true, ..known }), "dataset.backup_wanted").await
}

/// Notes that no backup of a dataset is to be kept; the next sync takes it away.
pub(crate) async fn drop_backup(pass: &mut Pass<'_>, name: &DatasetName) -> Result<()> {
    let Some(known) = pass.ledger.state().private.get(name).cloned() else { return Ok(()) };
    note(pass, name, Some(PrivateBackup { wanted: false, ..known }), "dataset.backup_dropped").await
}

/// Whether private data may lie in a store at all.
///
/// # Errors
/// [`Error::Refused`], with the reason, if others could read it there.
pub(crate) fn check_owner_only(transport: &dyn Transport) -> Result<()> {
    if transport.info().capabilities.access_control {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "the private part is not uploaded to {}: whoever can open that store could read it, \
         since it is neither owner-only nor sealed",
        transport.info().name
    )))
}

/// Brings the store to what is wanted: the private part of each dataset that is
/// to be kept, under the hash of its content, and nothing of the others. A
/// dataset that is merely not here keeps its backup.
pub(crate) async fn back_up(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    report: &mut SyncReport,
) -> Result<()> {
    for (name, known) in pass.ledger.state().private.clone() {
        let done = if known.wanted {
            bring(pass, store, &name, known, report).await
        } else {
            take_away(pass, &name, known).await
        };
        settle(report, &name, done)?;
    }
    Ok(())
}

async fn bring(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    name: &DatasetName,
    known: PrivateBackup,
    report: &mut SyncReport,
) -> Result<bool> {
    let transport = pass.node.transport.clone();
    check_owner_only(&*transport)?;
    let backup = match store.backup(name) {
        Ok(backup) => backup,
        Err(syft_dataset::Error::NotFound { .. })
            if known.hash.is_none() && known.older.is_empty() =>
        {
            // It was never made.
            return note(pass, name, None, "dataset.backup_removed").await.map(|()| false);
        }
        Err(error @ syft_dataset::Error::NotFound { .. }) => {
            report.notes.push(format!("{error}: its backup stays in the store"));
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    if known.hash.as_ref() == Some(&backup.hash) && known.older.is_empty() {
        return Ok(false);
    }
    if let Some(large) = backup.files.iter().find(|file| file.size > FILE_LIMIT) {
        let problem = format!("{} is larger than 1 GiB, and is not backed up", large.name);
        return Err(Error::Refused(problem));
    }
    let is_there = known.hash.as_ref() == Some(&backup.hash);
    let mut older = known.older;
    older.extend(known.hash);
    if !is_there {
        // Journalled first, so that no crash leaves files which nobody remembers.
        older.insert(backup.hash.clone());
        let begun = PrivateBackup { wanted: true, hash: None, older: older.clone() };
        note(pass, name, Some(begun), "dataset.backing_up").await?;
        let space = space(pass, name, &backup.hash)?;
        transport.open(&space).await?;
        for file in &backup.files {
            let body = body(pass, &file.path, file.size);
            transport.put(&space, &object_name(&file.name)?, body, PutMode::Create).await?;
        }
    }
    older.remove(&backup.hash);
    let hash = Some(backup.hash);
    let whole = PrivateBackup { wanted: true, hash, older: older.clone() };
    if !older.is_empty() {
        note(pass, name, Some(whole.clone()), "dataset.backing_up").await?;
        remove(pass, name, &older).await?;
    }
    let clean = PrivateBackup { older: BTreeSet::new(), ..whole };
    note(pass, name, Some(clean), "dataset.backed_up").await?;
    Ok(true)
}

/// Makes the datasets again whose private part I keep in the store and that are
/// not here: what a fresh machine does. Returns their names.
///
/// # Errors
/// Those of this machine. A store that is away, and a backup that cannot be used,
/// are in the report.
pub(crate) async fn restore_private(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    report: &mut SyncReport,
) -> Result<Vec<DatasetName>> {
    let transport = pass.node.transport.clone();
    let discovered = transport.discover(SpaceKind::OwnCollection).await?;
    let mut kept: BTreeMap<DatasetName, Vec<String>> = BTreeMap::new();
    for space in discovered.spaces {
        if let Space::Collection { owner, kind: CollectionKind::Private, tag, hash } = space
            && owner == pass.node.email
        {
            kept.entry(tag).or_default().push(hash.as_str().to_owned());
        }
    }
    let mut restored = Vec::new();
    for (name, hashes) in kept {
        match restore_one(pass, store, &name, &hashes).await {
            Ok(true) => {
                report.datasets += 1;
                restored.push(name);
            }
            Ok(false) => {}
            Err(error) => settle(report, &name, Err(error))?,
        }
    }
    Ok(restored)
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
    let mut candidates = Vec::new();
    for hash in hashes {
        let mut objects = transport.list_all(&space(pass, name, hash)?).await?;
        // In an owner-only space all is mine; what is not is no part of it.
        objects.retain(|object| object.owner.as_ref().is_none_or(|who| *who == pass.node.email));
        let newest = objects.iter().filter_map(|object| object.created).max();
        candidates.push((newest, hash, objects));
    }
    candidates.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
    let mut problem = None;
    for (_, hash, objects) in candidates.iter().filter(|(_, _, objects)| !objects.is_empty()) {
        match take(&*transport, store, name, hash, objects).await {
            Ok(()) => {
                let older = hashes.iter().filter(|other| other != hash).cloned().collect();
                let hash = Some((*hash).clone());
                let backup = PrivateBackup { wanted: true, hash, older };
                note(pass, name, Some(backup), "dataset.restored").await?;
                return Ok(true);
            }
            Err(Error::Dataset(syft_dataset::Error::NameTaken { .. })) => {
                // It is here, and who noted its backup is gone: the next sync settles it.
                let older = hashes.iter().cloned().collect();
                let backup = PrivateBackup { wanted: true, hash: None, older };
                return note(pass, name, Some(backup), "dataset.backup_wanted")
                    .await
                    .map(|()| false);
            }
            Err(error @ Error::Dataset(_)) if !error.ends_the_pass() => problem = Some(error),
            Err(error) => return Err(error),
        }
    }
    problem.map_or(Ok(false), Err)
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
        let added = match transport.get_bytes(object, FILE_LIMIT).await {
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

async fn take_away(pass: &mut Pass<'_>, name: &DatasetName, known: PrivateBackup) -> Result<bool> {
    let all = known.older.into_iter().chain(known.hash).collect();
    remove(pass, name, &all).await?;
    note(pass, name, None, "dataset.backup_removed").await?;
    Ok(true)
}

async fn remove(pass: &Pass<'_>, name: &DatasetName, hashes: &BTreeSet<String>) -> Result<()> {
    let transport = &*pass.node.transport;
    for hash in hashes {
        let objects = transport.list_all(&space(pass, name, hash)?).await?;
        transport.delete(&objects).await?;
    }
    Ok(())
}

async fn note(
    pass: &mut Pass<'_>,
    name: &DatasetName,
    backup: Option<PrivateBackup>,
    action: &str,
) -> Result<()> {
    let scene = pass.node.scene();
    let mut draft = Draft::default();
    let hash = backup.as_ref().and_then(|backup| backup.hash.clone());
    let details = [("hash", json!(hash))];
    draft.audit(action, scene.now, scene.me, action, name.to_string(), details);
    draft.fact(Fact::PrivateBackup { dataset: name.clone(), backup });
    pass.carry_out(draft).await
}

fn space(pass: &Pass<'_>, name: &DatasetName, hash: &str) -> Result<Space> {
    Ok(Space::Collection {
        owner: pass.node.email.clone(),
        kind: CollectionKind::Private,
        tag: name.clone(),
        hash: CollectionHash::parse(hash)?,
    })
}
