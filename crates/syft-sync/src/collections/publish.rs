use std::collections::{BTreeMap, BTreeSet};

use syft_core::{ContentHash, DatasetName, Email, Timestamp};
use syft_dataset::{Collection, Dataset, DatasetStore};
use syft_transport::{CollectionKind, Recipient, Space, Transport, TransportExt, grants};

use super::form::Form;
use super::leave::come_back;
use super::unreached::tell_of_unreached;
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::{Fact, Published};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{Error, Result};

/// Brings the store to what the audiences say: each shared mock is there under
/// the hash of its content, granted to exactly those who may have it. A mock
/// that nobody may have is not put there, unless its private part is kept there alone.
/// Every step can be repeated; the state is noted when all are done.
pub(crate) async fn publish(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    peers: &BTreeSet<Email>,
    report: &mut SyncReport,
) -> Result<()> {
    come_back(pass, report).await?;
    let listing = store.list()?;
    for unreadable in &listing.unreadable {
        let folder = syft_core::safe_text(&unreadable.folder);
        report.notes.push(format!("dataset {folder}: {}", unreadable.reason));
    }
    let (mut names, mut away) = (BTreeSet::new(), Away::default());
    let mut all = BTreeSet::new();
    for dataset in listing.datasets {
        let readers = readers(&dataset, peers);
        all.extend(readers.iter().cloned());
        if readers.is_empty() && !is_kept(pass, &dataset.name) {
            continue;
        }
        names.insert(dataset.name.clone());
        let brought = bring(pass, store, &dataset.name, readers).await;
        away.count(settle(report, &dataset.name, brought))?;
    }
    tell_of_unreached(pass, &all, report)?;
    let published = pass.ledger.state().published.iter();
    let stale: Vec<(DatasetName, Published)> = published
        .filter(|(name, _)| !names.contains(*name))
        .map(|(name, published)| (name.clone(), published.clone()))
        .collect();
    for (name, published) in stale {
        let withdrawn = withdraw_all(pass, &name, &published).await;
        away.count(settle(report, &name, withdrawn))?;
    }
    away.0.map_or(Ok(()), Err)
}

/// That a store was away for one dataset: it may be one of several.
#[derive(Default)]
struct Away(Option<Error>);

impl Away {
    /// The second time all are left for the next pass.
    fn count(&mut self, settled: Result<()>) -> Result<()> {
        match settled {
            Err(error @ Error::Transport(_)) if self.0.is_none() => {
                self.0 = Some(error);
                Ok(())
            }
            settled => settled,
        }
    }
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
    let known = pass.ledger.state().published.get(name).cloned();
    let same = known.as_ref().filter(|known| known.hash == hash && known.complete);
    let wanted = in_their_forms(pass, readers, same, hash)?;
    if wanted.readers.is_empty() && known.is_none() && !is_kept(pass, name) {
        return Ok(false);
    }
    if known.as_ref() == Some(&wanted) {
        return Ok(false);
    }
    let same = known.as_ref().filter(|known| known.hash == wanted.hash);
    let mut begun = Published { complete: false, ..wanted.clone() };
    begun.readers.extend(same.into_iter().flat_map(|known| known.readers.iter().cloned()));
    for (reader, key) in same.into_iter().flat_map(|known| &known.sealed) {
        begun.sealed.entry(reader.clone()).or_insert(*key);
    }
    if let Some(known) = &known {
        begun.older.clone_from(&known.older);
        begun.older.extend(known.places());
        // Also what an earlier pass had begun to take away.
        let places: BTreeSet<String> = wanted.places().collect();
        begun.older.retain(|place| !places.contains(place));
    }
    let at = pass.ledger.state().next_time(pass.node.clock.now());
    let mut draft = noted(pass, name, Some(begun.clone()), "dataset.publishing");
    draft.fact(Fact::Time { at });
    pass.begin(draft)?;
    for form in Form::of_mock(pass, name, &wanted.hash, &wanted.apart)? {
        bring_form(pass, &form, (name, &collection, at), same, &begun, &wanted).await?;
    }
    for older in &begun.older {
        for form in Form::all(pass, CollectionKind::Mock, name, older)? {
            withdraw(pass, form.space()).await?;
        }
    }
    note(pass, name, Some(wanted), "dataset.published").await?;
    Ok(true)
}

/// Brings what lies there in one form from what it was, `same`, to what it should be.
async fn bring_form(
    pass: &Pass<'_>,
    form: &Form,
    (name, collection, at): (&DatasetName, &Collection, Timestamp),
    same: Option<&Published>,
    begun: &Published,
    wanted: &Published,
) -> Result<()> {
    let to = form.readers(wanted);
    // After a crash it is not known what of it is there.
    let is_known = same.is_none_or(|same| same.complete);
    let had = match same {
        Some(same) if is_known => form.readers(same),
        Some(_) => begun.readers.clone(),
        None => BTreeSet::new(),
    };
    let is_kept = matches!(form, Form::Open(_)) && is_kept(pass, name);
    if to.is_empty() && !is_kept {
        return if had.is_empty() { Ok(()) } else { withdraw(pass, form.space()).await };
    }
    let mut index = None;
    if !is_known || had.is_empty() {
        index = form.put(pass, name, (&collection.hash, at), &collection.files).await?;
    }
    // The grants come last: whoever sees the collection sees all of it.
    let mut away = None;
    for reader in &to {
        let has_it = same.is_some_and(|same| same.key_of(reader) == wanted.key_of(reader));
        if !(is_known && had.contains(reader) && has_it) {
            let granted = form.grant(pass, reader, index).await;
            match granted {
                // Who is reached over another store gets it all the same.
                Err(Error::Transport(error)) if error.is_retryable() => {
                    away.get_or_insert(error);
                }
                granted => granted?,
            }
        }
    }
    for reader in had.difference(&to) {
        form.revoke(pass, reader).await?;
    }
    away.map_or(Ok(()), |error| Err(error.into()))
}

/// The version of this hash, with its readers and the keys to which they are given it. With
/// whom nothing is exchanged now keeps what they were given of this version, and gets nothing
/// new.
fn in_their_forms(
    pass: &Pass<'_>,
    readers: BTreeSet<Email>,
    known: Option<&Published>,
    hash: String,
) -> Result<Published> {
    let mut wanted = Published { hash, complete: true, ..Published::default() };
    let Some(ring) = &pass.node.ring else { return Ok(Published { readers, ..wanted }) };
    let must_seal = pass.node.routes.datasets_info().must_seal;
    for reader in readers {
        match (ring.with(&reader)?, known.filter(|known| known.readers.contains(&reader))) {
            // Not every store over which somebody is reached takes nothing in the open.
            (Ok(found), _) if must_seal && !found.seals => continue,
            (Ok(found), _) => {
                let keys = if found.is_unlabelled { &mut wanted.apart } else { &mut wanted.sealed };
                let bundle = found.bundle.filter(|_| found.seals);
                keys.extend(bundle.map(|bundle| (reader.clone(), bundle.fingerprint())));
            }
            (Err(_), Some(known)) => {
                let kept = |keys: &BTreeMap<Email, ContentHash>| {
                    keys.get(&reader).map(|key| (reader.clone(), *key))
                };
                wanted.sealed.extend(kept(&known.sealed));
                wanted.apart.extend(kept(&known.apart));
            }
            (Err(_), None) => continue,
        }
        wanted.readers.insert(reader);
    }
    Ok(wanted)
}

pub(super) async fn withdraw_all(
    pass: &mut Pass<'_>,
    name: &DatasetName,
    published: &Published,
) -> Result<bool> {
    let mut forms = Form::of_mock(pass, name, &published.hash, &published.apart)?;
    for older in &published.older {
        forms.extend(Form::all(pass, CollectionKind::Mock, name, older)?);
    }
    for form in forms {
        withdraw(pass, form.space()).await?;
    }
    note(pass, name, None, "dataset.withdrawn").await?;
    Ok(true)
}

/// Whether a mock lies in the store for its owner, whoever else may have it: where the
/// private part is kept by itself.
fn is_kept(pass: &Pass<'_>, name: &DatasetName) -> bool {
    let private = pass.ledger.state().private.get(name);
    pass.node.keeps_as_python() && private.is_some_and(|private| private.wanted)
}

/// Those of my peers who may have the mock.
fn readers(dataset: &Dataset, peers: &BTreeSet<Email>) -> BTreeSet<Email> {
    let Some(audience) = &dataset.audience else { return BTreeSet::new() };
    peers.iter().filter(|peer| audience.includes(peer)).cloned().collect()
}

/// Takes a collection out of the store: grants first, so that nobody sees half of it.
pub(crate) async fn withdraw(pass: &Pass<'_>, space: &Space) -> Result<()> {
    let transport: &dyn Transport = &*pass.node.transport;
    for recipient in granted(pass, space).await? {
        patiently(space, 0, grants::revoke(transport, space, recipient)).await?;
    }
    let objects = patiently(space, 0, transport.list_all(space)).await?;
    Ok(patiently(space, 0, transport.delete(&objects)).await?)
}

/// Whom a collection of mine is shared with; one that was never put there, with nobody.
pub(super) async fn granted(pass: &Pass<'_>, space: &Space) -> Result<Vec<Recipient>> {
    match patiently(space, 0, grants::list(&*pass.node.transport, space)).await {
        Err(syft_transport::Error::NotFound { .. }) => Ok(Vec::new()),
        granted => Ok(granted?),
    }
}

pub(super) async fn note(
    pass: &mut Pass<'_>,
    name: &DatasetName,
    published: Option<Published>,
    action: &str,
) -> Result<()> {
    let draft = noted(pass, name, published, action);
    pass.carry_out(draft).await
}

fn noted(pass: &Pass<'_>, name: &DatasetName, published: Option<Published>, action: &str) -> Draft {
    let scene = pass.node.scene();
    let mut draft = Draft::default();
    let details = [
        ("readers", serde_json::json!(published.as_ref().map(|published| &published.readers))),
        ("hash", serde_json::json!(published.as_ref().map(|published| &published.hash))),
    ];
    draft.audit(action, scene.now, scene.me, action, name.to_string(), details);
    draft.fact(Fact::Published { dataset: name.clone(), published });
    draft
}
