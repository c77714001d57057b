//! Stores in which my datasets were before they got another one.

use std::collections::BTreeSet;

use syft_transport::{CollectionKind, Space, SpaceKind, Transport, TransportExt, grants};

use super::form::Form;
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::{State, TrustFact};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{Error, NodeConfig, Result};

/// Takes my datasets out of the stores in which they were before, once all of them lie where
/// they are to be. Every step can be repeated; a store that is away is tried again by the
/// next pass.
pub(crate) async fn leave(pass: &mut Pass<'_>, report: &mut SyncReport) -> Result<()> {
    let disk = pass.node.disk.clone();
    let Some(mut config) = NodeConfig::load(&*disk)? else { return Ok(()) };
    if config.data_left.is_empty() || !is_settled(pass.ledger.state()) {
        return Ok(());
    }
    let used = pass.node.routes.dataset_stores();
    for url in config.data_left.clone().into_iter().filter(|url| !used.contains(url)) {
        if unless_away(clear_left_at(pass, &url).await, &url, report)? {
            pass.note("datasets.moved", url.clone())?;
            config.data_left.retain(|left| *left != url);
            config.save(&*disk)?;
        }
    }
    Ok(())
}

/// Begins anew in stores in which my datasets were before and are to be again: of what lies
/// there still something may have been withdrawn since. What I keep there for myself alone
/// stays as far as it is wanted.
pub(super) async fn come_back(pass: &mut Pass<'_>, report: &mut SyncReport) -> Result<()> {
    let disk = pass.node.disk.clone();
    let Some(mut config) = NodeConfig::load(&*disk)? else { return Ok(()) };
    let used = pass.node.routes.dataset_stores();
    for url in config.data_left.clone().into_iter().filter(|url| used.contains(url)) {
        let Some(store) = pass.node.store_at(&url) else { continue };
        let wanted = wanted_backups(pass)?;
        if unless_away(clear_but(pass, &*store, &wanted).await, &url, report)? {
            let mut draft = Draft::default();
            draft.fact(TrustFact::DatasetsAnew);
            pass.begin(draft)?;
            config.data_left.retain(|left| *left != url);
            config.save(&*disk)?;
        }
    }
    Ok(())
}

/// Whether it was done; a store that is away is told.
fn unless_away(done: Result<()>, url: &str, report: &mut SyncReport) -> Result<bool> {
    match done {
        Err(Error::Transport(error)) => {
            report.notes.push(format!("your datasets are not taken out of {url} yet: {error}"));
            Ok(false)
        }
        done => done.map(|()| true),
    }
}

/// The spaces of private parts that are to be kept.
fn wanted_backups(pass: &Pass<'_>) -> Result<BTreeSet<Space>> {
    let mut wanted = BTreeSet::new();
    for (name, known) in pass.ledger.state().private.iter().filter(|(_, known)| known.wanted) {
        for hash in known.older.iter().chain(&known.hash) {
            let forms = Form::all(pass, CollectionKind::Private, name, hash)?;
            wanted.extend(forms.iter().map(|form| form.space().clone()));
        }
    }
    Ok(wanted)
}

/// Whether all that is to be in the store is there.
fn is_settled(state: &State) -> bool {
    let has_backup = state.private.values().all(|private| private.hash.is_some());
    has_backup && state.published.values().all(|published| published.complete)
}

/// Takes my datasets out of all stores in which they were before, wherever else they lie, but
/// for those that `is_away` says.
pub(crate) async fn clear_left(pass: &Pass<'_>, is_away: impl Fn(&str) -> bool) -> Result<()> {
    let config = NodeConfig::load(&*pass.node.disk)?;
    let left = config.into_iter().flat_map(|config| config.data_left);
    for url in left.filter(|url| !is_away(url)) {
        clear_left_at(pass, &url).await?;
    }
    Ok(())
}

async fn clear_left_at(pass: &Pass<'_>, url: &str) -> Result<()> {
    match pass.node.store_at(url) {
        Some(store) => clear(pass, &*store).await,
        None => Ok(()),
    }
}

/// Takes all my datasets out of a store, the grants first: whoever had one sees that it is
/// gone.
pub(crate) async fn clear(pass: &Pass<'_>, store: &dyn Transport) -> Result<()> {
    clear_but(pass, store, &BTreeSet::new()).await
}

async fn clear_but(pass: &Pass<'_>, store: &dyn Transport, kept: &BTreeSet<Space>) -> Result<()> {
    let own = patiently(&"my datasets", 0, store.discover(SpaceKind::OwnCollection)).await?;
    for space in own.spaces.into_iter().filter(|space| !kept.contains(space)) {
        for recipient in patiently(&space, 0, grants::list(store, &space)).await? {
            patiently(&space, 0, grants::revoke(store, &space, recipient)).await?;
        }
        let mut objects = patiently(&space, 0, store.list_all(&space)).await?;
        let me = &pass.node.email;
        objects.retain(|object| object.owner.as_ref().is_none_or(|owner| owner == me));
        patiently(&space, 0, store.delete(&objects)).await?;
    }
    Ok(())
}
