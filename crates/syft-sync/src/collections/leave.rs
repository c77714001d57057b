//! Stores in which my datasets were before they got another one.

use syft_transport::{SpaceKind, Transport, TransportExt, grants};

use crate::channels::patiently;
use crate::ledger::State;
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
    for url in config.data_left.clone() {
        // Somebody may be reached there since, so that they are to be there again.
        let is_needed = pass.node.routes.dataset_stores().contains(&url);
        if let (false, Some(store)) = (is_needed, pass.node.store_at(&url)) {
            match clear(pass, &*store).await {
                Err(Error::Transport(error)) => {
                    let problem = format!("your datasets are not taken out of {url} yet: {error}");
                    report.notes.push(problem);
                    continue;
                }
                cleared => cleared?,
            }
            pass.note("datasets.moved", url.clone())?;
        }
        config.data_left.retain(|left| *left != url);
        config.save(&*disk)?;
    }
    Ok(())
}

/// Whether all that is to be in the store is there.
fn is_settled(state: &State) -> bool {
    let has_backup = state.private.values().all(|private| private.hash.is_some());
    has_backup && state.published.values().all(|published| published.complete)
}

/// Takes all my datasets out of a store, the grants first: whoever had one sees that it is
/// gone.
pub(crate) async fn clear(pass: &Pass<'_>, store: &dyn Transport) -> Result<()> {
    let own = patiently(&"my datasets", 0, store.discover(SpaceKind::OwnCollection)).await?;
    for space in own.spaces {
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
