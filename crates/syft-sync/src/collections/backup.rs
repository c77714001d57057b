//! The private part of a dataset in a store that keeps it for its owner alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use syft_core::{DatasetName, DatasitePath};
use syft_dataset::{CollectionFile, DatasetStore};
use syft_transport::{CollectionKind, Object, Space, TransportExt};

use super::form::Form;
use super::object_name;
use super::publish::settle;
use super::sealed::open;
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::{Fact, PrivateBackup};
use crate::node::{Node, Pass};
use crate::report::SyncReport;
use crate::sealed::KeyRing;
use crate::{Error, Result, bodies};

/// A larger file could not be brought back, in bytes.
pub(super) const FILE_LIMIT: u64 = 1 << 30;

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

/// Whether private data may lie in a store: sealed, or where nobody else can read.
///
/// # Errors
/// [`Error::Refused`], with the reason, if others could read it there.
pub(crate) fn check_owner_only(node: &Node) -> Result<()> {
    let info = node.routes.datasets_info();
    if info.capabilities.access_control || node.seals() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "the private part is not uploaded to {}: whoever can open that store could read it, \
         since it is neither owner-only nor sealed",
        info.name
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
    check_owner_only(pass.node)?;
    let backup = match pass.node.keeps_as_python() {
        // The mock is a collection of its own.
        true => store.private_collection(name),
        false => store.backup(name),
    };
    let backup = match backup {
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
        let at = pass.ledger.state().next_time(pass.node.clock.now());
        let mut draft = noted(pass, name, Some(begun), "dataset.backing_up");
        draft.fact(Fact::Time { at });
        pass.begin(draft)?;
        let form = Form::mine(pass, CollectionKind::Private, name, &backup.hash)?;
        match form.put(pass, name, (&backup.hash, at), &backup.files).await {
            // Told below, and not believed: an earlier try may have been cut short.
            Err(Error::Transport(syft_transport::Error::AlreadyExists { .. })) => {}
            put => drop(put?),
        }
        match &form {
            Form::Sealed { ring, space, .. } => {
                read_back_sealed(pass, ring, space, &backup.files).await?;
            }
            form => read_back(pass, form.space(), &backup.files).await?,
        }
    }
    older.remove(&backup.hash);
    if !is_there {
        let current = Form::mine(pass, CollectionKind::Private, name, &backup.hash)?;
        for form in Form::all(pass, CollectionKind::Private, name, &backup.hash)? {
            if form.space() != current.space() {
                remove_space(pass, form.space()).await?;
            }
        }
    }
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

/// Whether the store gives back what was put there; until it does, nothing older
/// goes (`threats.md` F13). A file that is another one there goes, so that the next
/// sync puts it anew.
async fn read_back(pass: &Pass<'_>, space: &Space, files: &[CollectionFile]) -> Result<()> {
    let transport = &*pass.node.transport;
    let listed = patiently(space, 0, transport.list_all(space)).await?;
    for file in files {
        let name = object_name(&file.name)?;
        let is_it = |object: &&Object| {
            object.name == name && object.owner.as_ref() == Some(&pass.node.email)
        };
        let there = listed.iter().find(is_it);
        let is_whole = match there {
            Some(object) => bodies::holds(transport, object, file.sha256).await?,
            None => false,
        };
        if is_whole {
            continue;
        }
        if let Some(object) = there {
            patiently(object, 0, transport.delete(std::slice::from_ref(object))).await?;
        }
        return Err(not_given_back(&file.name));
    }
    Ok(())
}

/// The same of one that is sealed.
async fn read_back_sealed(
    pass: &Pass<'_>,
    ring: &KeyRing,
    space: &Space,
    files: &[CollectionFile],
) -> Result<()> {
    let transport = &*pass.node.transport;
    let stored = match open(transport, ring, &pass.node.email, space).await {
        Ok(opened) => opened.and_then(|opened| opened.files().ok()).unwrap_or_default(),
        Err(error) if error.is_of_content() => Vec::new(),
        Err(error) => return Err(error),
    };
    let stored: BTreeMap<_, _> = stored.iter().map(|file| (file.path.as_str(), file)).collect();
    for file in files {
        let Some(there) = stored.get(file.name.as_str()) else {
            return Err(not_given_back(&file.name));
        };
        match there.hash(transport, FILE_LIMIT).await {
            Ok(hash) if hash == file.sha256 => {}
            Ok(_) => return Err(not_given_back(&file.name)),
            Err(error) if error.is_of_content() => return Err(not_given_back(&file.name)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn not_given_back(file: &DatasitePath) -> Error {
    Error::Integrity(format!(
        "the store does not give {file} back as it was put there; what was kept before stays, and \
         the next sync puts it anew"
    ))
}

async fn take_away(pass: &mut Pass<'_>, name: &DatasetName, known: PrivateBackup) -> Result<bool> {
    let all = known.older.into_iter().chain(known.hash).collect();
    remove(pass, name, &all).await?;
    note(pass, name, None, "dataset.backup_removed").await?;
    Ok(true)
}

async fn remove(pass: &Pass<'_>, name: &DatasetName, hashes: &BTreeSet<String>) -> Result<()> {
    for hash in hashes {
        for form in Form::all(pass, CollectionKind::Private, name, hash)? {
            remove_space(pass, form.space()).await?;
        }
    }
    Ok(())
}

async fn remove_space(pass: &Pass<'_>, space: &Space) -> Result<()> {
    let transport = &*pass.node.transport;
    let objects = patiently(space, 0, transport.list_all(space)).await?;
    Ok(patiently(space, 0, transport.delete(&objects)).await?)
}

pub(super) async fn note(
    pass: &mut Pass<'_>,
    name: &DatasetName,
    backup: Option<PrivateBackup>,
    action: &str,
) -> Result<()> {
    let draft = noted(pass, name, backup, action);
    pass.carry_out(draft).await
}

fn noted(
    pass: &Pass<'_>,
    name: &DatasetName,
    backup: Option<PrivateBackup>,
    action: &str,
) -> Draft {
    let scene = pass.node.scene();
    let mut draft = Draft::default();
    let hash = backup.as_ref().and_then(|backup| backup.hash.clone());
    let details = [("hash", json!(hash))];
    draft.audit(action, scene.now, scene.me, action, name.to_string(), details);
    draft.fact(Fact::PrivateBackup { dataset: name.clone(), backup });
    draft
}
