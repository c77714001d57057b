//! A fresh machine's way back to the private parts of its datasets.

use std::collections::BTreeMap;

use syft_core::{DatasetName, Timestamp};
use syft_dataset::{Collection, DatasetStore, PRIVATE_METADATA};
use syft_transport::{CollectionKind, Space, SpaceKind, TransportExt};

use super::backup::{FILE_LIMIT, note};
use super::publish::settle;
use super::sealed::{CollectionIndex, is_sealed, open};
use super::stored::StoredFile;
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::{Fact, PrivateBackup};
use crate::node::{Node, Pass};
use crate::report::SyncReport;
use crate::{Error, Result};

/// The backups of private parts in the store.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Those of each dataset, the newest first.
    pub(crate) datasets: BTreeMap<DatasetName, Vec<Copy>>,
    /// Whether there are others, which anybody may have put there.
    has_others: bool,
}

/// One backup of a private part.
#[derive(Debug)]
pub(crate) struct Copy {
    /// The hash of its content.
    hash: String,
    /// When it was made, as I signed or, in the open, as the store says.
    at: Option<Timestamp>,
    pub(crate) files: Vec<StoredFile>,
}

/// Makes the datasets again whose private part I keep in the store and that are
/// not here: what a fresh machine does. Returns their names. Once nothing of them
/// waits for the store any more, that is noted.
///
/// Nothing that is not sealed is taken from a store without access control: whoever can
/// write there could plant a dataset of mine, with an audience (`threats.md` F16).
///
/// # Errors
/// Those of this machine, and a store that is away. A backup that cannot be used
/// is in the report.
pub(crate) async fn restore_private(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    report: &mut SyncReport,
) -> Result<Vec<DatasetName>> {
    let kept = kept(pass).await?;
    if kept.has_others {
        report.notes.push(
            "private parts of datasets in the store may be anybody's, and were not taken"
                .to_owned(),
        );
    }
    let mut restored = Vec::new();
    let mut is_settled = true;
    for (name, copies) in kept.datasets {
        match restore_one(pass, store, &name, &copies).await {
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

/// What the store keeps of private parts of mine, per dataset the newest first. What is
/// not provably mine is no part of them.
pub(crate) async fn kept(pass: &Pass<'_>) -> Result<Kept> {
    let transport = &pass.node.transport;
    let found = transport.discover(SpaceKind::OwnCollection);
    let found = patiently(&"my collections", 0, found).await?;
    let mut kept = Kept::default();
    for space in found.spaces {
        if let Space::Collection { owner, kind: CollectionKind::Private, tag, hash } = &space
            && *owner == pass.node.email
        {
            let copy = match is_sealed(hash) {
                true => sealed_copy(pass, &space).await?,
                false => open_copy(pass, &space, hash.as_str()).await?.map(|it| (tag.clone(), it)),
            };
            match copy {
                Some((name, copy)) => kept.datasets.entry(name).or_default().push(copy),
                None => kept.has_others = true,
            }
        }
    }
    for copies in kept.datasets.values_mut() {
        copies.sort_by(|a, b| (b.at, &a.hash).cmp(&(a.at, &b.hash)));
    }
    Ok(kept)
}

async fn sealed_copy(pass: &Pass<'_>, space: &Space) -> Result<Option<(DatasetName, Copy)>> {
    let Some(ring) = &pass.node.ring else { return Ok(None) };
    let opened = match open(&*pass.node.transport, ring, &pass.node.email, space).await {
        Ok(Some(opened)) => opened,
        // Not whole, or somebody else's: it is none of mine.
        Ok(None) => return Ok(None),
        Err(error) if error.is_of_content() => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(files) = opened.files() else { return Ok(None) };
    let CollectionIndex { name, hash, at, .. } = opened.index;
    Ok(Some((name, Copy { hash: hash.to_string(), at: Some(at), files })))
}

/// From one who seals nothing in the open is taken, but where Python clients meet, which
/// know no other way, and only if no node had a record there.
async fn open_copy(pass: &Pass<'_>, space: &Space, hash: &str) -> Result<Option<Copy>> {
    let info = pass.node.transport.info_of(space);
    let may_be_python = info.capabilities.profiles && pass.ledger.state().backup.is_none();
    if pass.node.seals() && !may_be_python {
        return Ok(None);
    }
    let mut objects = patiently(space, 0, pass.node.transport.list_all(space)).await?;
    objects.retain(|object| pass.node.is_provably_mine(object));
    let at = objects.iter().filter_map(|object| object.created).max();
    let files: Vec<_> = objects.into_iter().map(StoredFile::in_the_open).collect();
    Ok((!files.is_empty()).then(|| Copy { hash: hash.to_owned(), at, files }))
}

/// Makes a dataset from the newest of its backups that is whole.
async fn restore_one(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    name: &DatasetName,
    copies: &[Copy],
) -> Result<bool> {
    if pass.ledger.state().private.contains_key(name) {
        return Ok(false);
    }
    let hashes: Vec<String> = copies.iter().map(|copy| copy.hash.clone()).collect();
    let mut problem = None;
    for copy in copies {
        match take(pass.node, store, name, copy).await {
            Ok(()) => {
                let known = known(copy.hash.clone(), &hashes);
                note(pass, name, Some(known), "dataset.restored").await?;
                return Ok(true);
            }
            Err(Error::Dataset(syft_dataset::Error::NameTaken { .. })) => {
                return already_here(pass, store, name, &hashes).await.map(|()| false);
            }
            Err(error) if error.ends_the_pass() => return Err(error),
            Err(error) if error.is_of_content() => problem = Some(error),
            Err(error @ Error::Dataset(_)) => problem = Some(error),
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
    let mut here = [store.backup(name), store.private_collection(name)].into_iter().flatten();
    if let Some(Collection { hash, .. }) = here.find(|here| hashes.contains(&here.hash)) {
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

async fn take(node: &Node, store: &DatasetStore, name: &DatasetName, copy: &Copy) -> Result<()> {
    let is_by_itself = copy.is_by_itself();
    let mut incoming = store.begin_restore(name)?;
    for file in &copy.files {
        let body = file.fetch(&*node.transport, &node.disk, FILE_LIMIT).await;
        let added = body.and_then(|body| {
            let body = &mut body.reader()?;
            match is_by_itself {
                true => incoming.add_private(&file.path, body)?,
                false => incoming.add(&file.path, body)?,
            }
            Ok(())
        });
        if let Err(error) = added {
            incoming.abort();
            return Err(error);
        }
    }
    match is_by_itself {
        true => incoming.commit_private(&copy.hash)?,
        false => incoming.commit(&copy.hash)?,
    };
    Ok(())
}

impl Copy {
    /// Whether it is the private part without the mock, which lies elsewhere.
    fn is_by_itself(&self) -> bool {
        self.files.iter().any(|file| file.path == PRIVATE_METADATA)
    }
}
