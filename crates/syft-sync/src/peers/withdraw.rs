use syft_core::{DatasetName, DatasitePath, Email};
use syft_transport::{Object, Space};

use super::PeerTable;
use super::profile::hide;
use crate::batch::Batch;
use crate::channels::patiently;
use crate::collections;
use crate::engine::{Draft, RoutedFile, on_route};
use crate::ledger::Fact;
use crate::node::Pass;
use crate::{Error, Result, Role};

/// Takes back all that a removed peer can reach in the store: of an owner, the peer is
/// told to forget each file that it was sent, what lay in its outbox before is deleted,
/// and no mock is granted to it any more; of anybody, what the peer was let into for being
/// one. Returns the datasets that it could read. Can be repeated; the record says when all
/// of it is done.
///
/// # Errors
/// [`Error::Transport`] if the store is away: the next sync goes on.
pub(crate) async fn withdraw(
    pass: &mut Pass<'_>,
    table: &mut PeerTable,
    peer: &Email,
    role: Role,
) -> Result<Vec<DatasetName>> {
    let datasets = match role.is_owner() {
        true => withdraw_files(pass, peer).await?,
        false => Vec::new(),
    };
    patiently(peer, 0, hide(pass, peer)).await?;
    if let Some(record) = table.peers.get_mut(peer) {
        record.withdrawn = true;
        // Whoever is taken in again is let in again with the next hello.
        (record.greeted, record.said) = (false, None);
    }
    table.save(&*pass.node.disk)?;
    Ok(datasets)
}

async fn withdraw_files(pass: &mut Pass<'_>, peer: &Email) -> Result<Vec<DatasetName>> {
    // The keys first: whatever stands in the way of telling the peer.
    let datasets = collections::revoke_from(pass, peer).await?;
    let outbox = Space::Outbox { owner: pass.node.email.clone(), recipient: peer.clone() };
    // What still waits to get there would get there after this.
    if let Some(error) = pass.finish_pending().await?
        && pass.ledger.puts_into(&outbox)
    {
        return Err(Error::Transport(error));
    }
    let mut before = Vec::new();
    if !pass.ledger.state().withdrawn.contains(peer) {
        before = pass.list_whole(&outbox).await?;
    }
    let sent = pass.ledger.state().sent.get(peer);
    let paths: Vec<DatasitePath> = sent.into_iter().flat_map(|sent| sent.keys().cloned()).collect();
    let mut batch = Batch::new(u64::MAX);
    for path in paths {
        if let Some(full) = batch.add(RoutedFile { path, content: None }, 0) {
            forget(pass, peer, full, std::mem::take(&mut before)).await?;
        }
    }
    forget(pass, peer, batch.take(), before).await?;
    Ok(datasets)
}

/// Tells the peer to forget files; what lay there before goes in the same plan,
/// so that no repetition deletes what tells it.
async fn forget(
    pass: &mut Pass<'_>,
    peer: &Email,
    files: Vec<RoutedFile>,
    before: Vec<Object>,
) -> Result<()> {
    let mut draft = match files.is_empty() {
        true => Draft::default(),
        false => on_route(pass.ledger.state(), &pass.node.scene(), peer, files)?,
    };
    before.iter().for_each(|object| draft.delete(object));
    draft.fact(Fact::Withdrawn { reader: peer.clone() });
    pass.carry_out(draft).await
}
