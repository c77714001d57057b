use std::collections::BTreeSet;

use syft_core::{Email, ProposalName};
use syft_transport::{Error, Object, Space, Transport, TransportExt, grants};

use super::gather::Gathered;
use super::{DeleteReport, Left, RemoteItem};
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::Fact;
use crate::node::{Node, Pass};
use crate::peers::PeerTable;
use crate::{Notice, Result, Work};

/// Objects in one call.
const AT_ONCE: usize = 64;

/// Takes out of the store what was gathered, but for what stays, and what is then left of
/// me; from one who `leaves`, also the folders that others put something into. Every step
/// can be repeated. Tells what went.
pub(crate) async fn clear_remote(
    node: &Node,
    gathered: &Gathered,
    kept: &BTreeSet<String>,
    leaves: bool,
    report: &mut DeleteReport,
) -> Result<()> {
    let transport = &*node.transport;
    let stays = |object: &&Object| kept.contains(&object.to_string());
    let mine: Vec<Object> = gathered
        .mine
        .iter()
        .map(|(object, _)| object)
        .filter(|object| !stays(object))
        .cloned()
        .collect();
    revoke(transport, &mine, report).await?;
    let total = (mine.len() + gathered.consumed.len()) as u64;
    let mut done = 0;
    let mut tell = |step: usize| {
        done += step as u64;
        node.notices.notice(&Notice::Progress { work: Work::Deleting, done, total });
    };
    for chunk in mine.chunks(AT_ONCE) {
        each(chunk, report, async |objects| transport.delete(objects).await).await?;
        tell(chunk.len());
    }
    for chunk in gathered.consumed.chunks(AT_ONCE) {
        each(chunk, report, async |objects| transport.retire(objects).await).await?;
        tell(chunk.len());
    }
    let swept = patiently(&"the store", 0, transport.sweep(leaves)).await?;
    let refused: BTreeSet<&str> = report.left.iter().map(|left| left.what.as_str()).collect();
    report.remote = gathered.items(kept);
    report.remote.retain(|item| !refused.contains(item.object.as_str()));
    let swept = swept.into_iter().map(|object| RemoteItem { object, bytes: 0, orphan: true });
    report.remote.extend(swept);
    Ok(())
}

/// Where the store itself keeps who may read, that goes before the files.
async fn revoke(
    transport: &dyn Transport,
    objects: &[Object],
    report: &mut DeleteReport,
) -> Result<()> {
    if transport.sharing().is_none() {
        return Ok(());
    }
    let collections: BTreeSet<&Space> = objects
        .iter()
        .map(|object| &object.space)
        .filter(|space| matches!(space, Space::Collection { .. }))
        .collect();
    for space in collections {
        let granted = match grants::list(transport, space).await {
            Err(error) if !error.is_retryable() => {
                report.left.push(Left::new(space.to_string(), error.to_string()));
                continue;
            }
            granted => granted?,
        };
        for recipient in granted {
            grants::revoke(transport, space, recipient).await?;
        }
    }
    Ok(())
}

/// All at once, or one by one if the store refuses one of them.
async fn each(
    objects: &[Object],
    report: &mut DeleteReport,
    remove: impl AsyncFn(&[Object]) -> Result<(), Error>,
) -> Result<()> {
    match remove(objects).await {
        Err(error) if !error.is_retryable() => {}
        other => return Ok(other?),
    }
    for object in objects {
        match remove(std::slice::from_ref(object)).await {
            Err(error) if !error.is_retryable() => {
                report.left.push(Left::new(object.to_string(), error.to_string()));
            }
            other => other?,
        }
    }
    Ok(())
}

/// From here on the store may hold less than the records say, whatever happens.
pub(crate) async fn note_emptying(pass: &mut Pass<'_>) -> Result<()> {
    let mut draft = Draft::default();
    draft.fact(Fact::Emptying);
    pass.carry_out(draft).await
}

/// Brings the records of a home that stays to what the store holds now: nothing.
/// The next sync sends what is due, proposals that nobody has taken among it.
pub(crate) async fn forget_store(pass: &mut Pass<'_>) -> Result<()> {
    let owners: Vec<Email> = pass.ledger.state().proposed.keys().cloned().collect();
    let mut waiting = BTreeSet::new();
    for owner in &owners {
        let inbox = Space::Inbox { owner: owner.clone(), sender: pass.node.email.clone() };
        if pass.ledger.puts_into(&inbox) {
            let mine = pass.ledger.state().proposed.get(owner).into_iter().flatten();
            waiting.extend(mine.map(|(_, proposed)| proposed.message.to_string()));
            continue;
        }
        let listed = patiently(&inbox, 0, pass.node.transport.list_all(&inbox)).await?;
        let names = listed.iter().filter_map(|o| ProposalName::parse(o.name.as_str()).ok());
        waiting.extend(names.map(|name| name.uid().to_owned()));
    }
    let mut table = PeerTable::load(&*pass.node.disk)?;
    table.peers.values_mut().for_each(|peer| peer.greeted = false);
    table.save(&*pass.node.disk)?;
    let scene = pass.node.scene();
    let mut draft = Draft::default();
    draft.fact(Fact::StoreEmptied);
    for (owner, proposals) in &pass.ledger.state().proposed {
        for (path, proposed) in proposals {
            if !waiting.contains(&proposed.message.to_string()) {
                draft.fact(Fact::Unproposed { owner: owner.clone(), path: path.clone() });
            }
        }
    }
    let subject = scene.me.to_string();
    draft.audit("emptied", scene.now, scene.me, "store.emptied", subject, []);
    pass.carry_out(draft).await
}
