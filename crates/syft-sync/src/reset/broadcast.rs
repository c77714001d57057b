use std::collections::BTreeSet;

use syft_core::Email;

use super::{Broadcast, Kept};
use crate::Result;
use crate::batch::Batch;
use crate::engine::{RoutedFile, on_route};
use crate::ledger::{RemoteEffect, State};
use crate::node::Pass;
use crate::sealed::is_closed;

/// Deletions in one message are bounded by their number alone.
const NO_CONTENT: u64 = 0;

/// Who was sent files that are not taken back yet, and is reached now.
pub(crate) fn due(state: &State, lost: &BTreeSet<Email>) -> Vec<Broadcast> {
    let sent = state.sent.iter().filter(|(_, files)| !files.is_empty());
    let sent = sent.filter(|(peer, _)| !lost.contains(*peer));
    sent.map(|(peer, files)| Broadcast { peer: peer.clone(), files: files.len() }).collect()
}

/// Tells every reader to forget all that was sent. Each message is noted as one
/// that stays before it is sent.
pub(crate) async fn broadcast(
    pass: &mut Pass<'_>,
    kept: &mut Kept,
    lost: &BTreeSet<Email>,
) -> Result<()> {
    for Broadcast { peer, .. } in due(pass.ledger.state(), lost) {
        if !can_be_told(pass, &peer)? {
            continue;
        }
        let sent = pass.ledger.state().sent.get(&peer).into_iter().flatten();
        let paths: Vec<_> = sent.map(|(path, _)| path.clone()).collect();
        let mut batch = Batch::new(u64::MAX);
        for path in paths {
            let file = RoutedFile { path, content: None };
            if let Some(full) = batch.add(file, NO_CONTENT) {
                send(pass, kept, &peer, full).await?;
            }
        }
        send(pass, kept, &peer, batch.take()).await?;
    }
    Ok(())
}

/// Whether anything can be told to a peer.
fn can_be_told(pass: &Pass<'_>, peer: &Email) -> Result<bool> {
    match &pass.node.ring {
        Some(ring) => Ok(ring.with(peer)?.is_ok()),
        None => Ok(true),
    }
}

/// Finishes the messages that an earlier try could not send.
pub(crate) async fn finish(pass: &mut Pass<'_>, kept: &Kept) -> Result<()> {
    let is_kept =
        |effect: &RemoteEffect| put_key(effect).is_some_and(|key| kept.objects.contains(&key));
    pass.finish_local()?;
    for (id, pending) in pass.ledger.pending() {
        if pending.plan.remote.iter().any(is_kept) {
            match pass.finish(id).await {
                Err(crate::Error::Transport(error)) if is_closed(&error) => {}
                done => done?,
            }
        }
    }
    Ok(())
}

async fn send(
    pass: &mut Pass<'_>,
    kept: &mut Kept,
    reader: &Email,
    files: Vec<RoutedFile>,
) -> Result<()> {
    let draft = on_route(pass.ledger.state(), &pass.node.scene(), reader, files)?;
    kept.objects.extend(draft.plan.remote.iter().filter_map(put_key));
    kept.save(&*pass.node.disk)?;
    pass.carry_out(draft).await
}

fn put_key(effect: &RemoteEffect) -> Option<String> {
    match effect {
        RemoteEffect::Put { space, name, .. } => Some(format!("{space}/{name}")),
        _ => None,
    }
}
