use std::collections::BTreeSet;

use syft_core::{DatasetName, Email, HomePath};
use syft_dataset::{CollectionFile, Dataset, DatasetStore};
use syft_transport::{
    CollectionHash, CollectionKind, PutBody, PutMode, Space, Transport, TransportExt, grants,
};

use super::object_name;
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::{Fact, Published};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{Error, Notice, Result, Work};

/// Brings the store to what the audiences say: each shared mock is there under
/// the hash of its content, granted to exactly those who may have it. A mock
/// that nobody may have is not put there. Every step can be repeated; the state
/// is noted when all are done.
pub(crate) async fn publish(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    peers: &BTreeSet<Email>,
    report: &mut SyncReport,
) -> Result<()> {
    let listing = store.list()?;
    for unreadable in &listing.unreadable {
        let folder = syft_core::safe_text(&unreadable.folder);
        report.notes.push(format!("dataset {folder}: {}", unreadable.reason));
    }
    let mut names = BTreeSet::new();
    for dataset in listing.datasets {
        let readers = readers(&dataset, peers);
        if readers.is_empty() {
            continue;
        }
        names.insert(dataset.name.clone());
        let brought = bring(pass, store, &dataset.name, readers).await;
        settle(report, &dataset.name, brought)?;
    }
    let published = pass.ledger.state().published.iter();
    let stale: Vec<(DatasetName, Published)> = published
        .filter(|(name, _)| !names.contains(*name))
        .map(|(name, published)| (name.clone(), published.clone()))
        .collect();
    for (name, published) in stale {
        let withdrawn = withdraw_all(pass, &name, &published).await;
        settle(report, &name, withdrawn)?;
    }
    Ok(())
}

/// Brings what a newcomer may have, and nothing else: nothing is concluded from
/// datasets that are not there. Returns their names.
pub(crate) async fn share_with(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    peers: &BTreeSet<Email>,
    newcomer: &Email,
    report: &mut SyncReport,
) -> Result<Vec<DatasetName>> {
    let mut shared = Vec::new();
    for dataset in store.list()?.datasets {
        let readers = readers(&dataset, peers);
        if readers.contains(newcomer) {
            let brought = bring(pass, store, &dataset.name, readers).await;
            settle(report, &dataset.name, brought)?;
            shared.push(dataset.name);
        }
    }
    Ok(shared)
}

/// What is wrong with one dataset stops no other; a store that is away stops all.
pub(super) fn settle(
    report: &mut SyncReport,
    name: &DatasetName,
    result: Result<bool>,
) -> Result<()> {
    match result {
        Ok(changed) => report.datasets += usize::from(changed),
        Err(Error::Transport(error)) if error.is_retryable() => return Err(error.into()),
        Err(error) if error.ends_the_pass() => return Err(error),
        Err(error) => report.notes.push(format!("dataset {name}: {error}")),
    }
    Ok(())
}

/// Brings one dataset to what it should be. What is about to lie in the store is
/// journalled first, so that no crash leaves a grant which nobody remembers.
async fn bring(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    name: &DatasetName,
    readers: BTreeSet<Email>,
) -> Result<bool> {
    let collection = store.collection(name)?;
    let hash = collection.hash.clone();
    let wanted = Published { hash, readers, complete: true, older: BTreeSet::new() };
    let known = pass.ledger.state().published.get(name).cloned();
    if known.as_ref() == Some(&wanted) {
        return Ok(false);
    }
    let same = known.as_ref().filter(|known| known.hash == wanted.hash);
    let mut begun = Published { complete: false, ..wanted.clone() };
    begun.readers.extend(same.into_iter().flat_map(|known| known.readers.iter().cloned()));
    if let Some(known) = &known {
        begun.older.clone_from(&known.older);
        begun.older.insert(known.hash.clone());
        begun.older.remove(&wanted.hash);
    }
    note(pass, name, Some(begun.clone()), "dataset.publishing").await?;
    let transport = &*pass.node.transport;
    let space = space(pass, name, &wanted.hash)?;
    if !same.is_some_and(|known| known.complete) {
        put_files(pass, &space, &collection.files).await?;
    }
    // The grants come last: whoever sees the collection sees all of it.
    for reader in &wanted.readers {
        patiently(&space, 0, grants::grant(transport, &space, reader)).await?;
    }
    for reader in begun.readers.difference(&wanted.readers) {
        patiently(&space, 0, grants::revoke(transport, &space, reader)).await?;
    }
    for older in &begun.older {
        withdraw(pass, name, older).await?;
    }
    note(pass, name, Some(wanted), "dataset.published").await?;
    Ok(true)
}

pub(super) async fn withdraw_all(
    pass: &mut Pass<'_>,
    name: &DatasetName,
    published: &Published,
) -> Result<bool> {
    for hash in published.older.iter().chain([&published.hash]) {
        withdraw(pass, name, hash).await?;
    }
    note(pass, name, None, "dataset.withdrawn").await?;
    Ok(true)
}

/// Those of my peers who may have the mock.
fn readers(dataset: &Dataset, peers: &BTreeSet<Email>) -> BTreeSet<Email> {
    let Some(audience) = &dataset.audience else { return BTreeSet::new() };
    peers.iter().filter(|peer| audience.includes(peer)).cloned().collect()
}

/// Puts the files of a dataset into its space.
pub(super) async fn put_files(
    pass: &Pass<'_>,
    space: &Space,
    files: &[CollectionFile],
) -> Result<()> {
    let transport = &*pass.node.transport;
    let total = files.len() as u64;
    let tell = |done| {
        let work = Work::Sending;
        pass.node.notices.notice(&Notice::Progress { work, done, total });
    };
    patiently(space, 0, transport.open(space)).await?;
    tell(0);
    for (file, done) in files.iter().zip(1..) {
        let name = object_name(&file.name)?;
        let put = transport.put(space, &name, body(pass, &file.path, file.size), PutMode::Create);
        patiently(&format!("{space}/{name}"), file.size, put).await?;
        tell(done);
    }
    Ok(())
}

fn body(pass: &Pass<'_>, path: &HomePath, size: u64) -> PutBody {
    let disk = pass.node.disk.clone();
    let path = path.clone();
    PutBody::from_reader(size, move || {
        disk.open(&path).map_err(|error| std::io::Error::other(error.to_string()))
    })
}

/// Takes a collection out of the store: grants first, so that nobody sees half of it.
async fn withdraw(pass: &Pass<'_>, name: &DatasetName, hash: &str) -> Result<()> {
    let transport: &dyn Transport = &*pass.node.transport;
    let space = space(pass, name, hash)?;
    for recipient in patiently(&space, 0, grants::list(transport, &space)).await? {
        patiently(&space, 0, grants::revoke(transport, &space, recipient)).await?;
    }
    let objects = patiently(&space, 0, transport.list_all(&space)).await?;
    Ok(patiently(&space, 0, transport.delete(&objects)).await?)
}

pub(super) async fn note(
    pass: &mut Pass<'_>,
    name: &DatasetName,
    published: Option<Published>,
    action: &str,
) -> Result<()> {
    let scene = pass.node.scene();
    let mut draft = Draft::default();
    let details = [
        ("readers", serde_json::json!(published.as_ref().map(|published| &published.readers))),
        ("hash", serde_json::json!(published.as_ref().map(|published| &published.hash))),
    ];
    draft.audit(action, scene.now, scene.me, action, name.to_string(), details);
    draft.fact(Fact::Published { dataset: name.clone(), published });
    pass.carry_out(draft).await
}

pub(super) fn space(pass: &Pass<'_>, name: &DatasetName, hash: &str) -> Result<Space> {
    Ok(Space::Collection {
        owner: pass.node.email.clone(),
        kind: CollectionKind::Mock,
        tag: name.clone(),
        hash: CollectionHash::parse(hash)?,
    })
}
