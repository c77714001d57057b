use std::collections::BTreeSet;

use syft_core::{DatasetName, Email, ProposalName};
use syft_transport::{Space, TransportExt};

use super::reseal::{backup_anew, mocks_anew, unpropose};
use super::shown::{log_lacks, put_back};
use crate::channels::patiently;
use crate::checkpoints::listed_mock;
use crate::engine::Draft;
use crate::ledger::{Gap, Published, TrustFact};
use crate::node::Pass;
use crate::sealed::reject_of;
use crate::{Result, bodies};

/// A larger object is not put away with its bytes, in bytes.
const FORGED_LIMIT: u64 = 64 << 20;

/// Goes on in spite of all that does not fit, since the owner of this home says so. Returns
/// what was done, a line each; what stands in the way with one peer is a line, too.
pub(crate) async fn repair(pass: &mut Pass<'_>, peers: &BTreeSet<Email>) -> Result<Vec<String>> {
    let mut done = Vec::new();
    let found: Vec<_> = pass.ledger.state().contradictions.clone().into_iter().collect();
    for (channel, contradiction) in found {
        let mut draft = Draft::default();
        reconciled(pass, &mut draft, &channel);
        draft.fact(TrustFact::Reconciled { channel });
        pass.begin(draft)?;
        done.push(format!("goes on with {} from here", contradiction.peer));
    }
    for peer in peers {
        match repair_with(pass, peer, &mut done).await {
            Err(error) if error.ends_the_pass() => return Err(error),
            Err(error) => done.push(format!("{peer}: could not look: {error}")),
            Ok(()) => {}
        }
    }
    let lost: Vec<Email> = pass.ledger.state().outbox_lost.iter().cloned().collect();
    for peer in lost {
        done.push(format!("the next sync sends everything to {peer} again"));
        pass.learn(TrustFact::SentAnew { peer })?;
    }
    if has_lost_log(pass).await? {
        put_again(pass, peers).await?;
        done.push("the next sync puts everything of yours into the store again".to_owned());
    } else if let Some(name) = changed_mock(pass).await? {
        let mut draft = Draft::default();
        mocks_anew(pass, &mut draft).await?;
        pass.carry_out(draft).await?;
        done.push(format!(
            "{name} is not in the store as you published it: the next sync publishes your \
             datasets again"
        ));
    }
    Ok(done)
}

/// The same with one peer: what is missing is given up, what was forged is put away.
async fn repair_with(pass: &mut Pass<'_>, peer: &Email, done: &mut Vec<String>) -> Result<()> {
    let (me, peer) = (pass.node.email.clone(), peer.clone());
    let outbox = Space::Outbox { owner: peer.clone(), recipient: me.clone() };
    let inbox = Space::Inbox { owner: me, sender: peer.clone() };
    for space in [outbox, inbox] {
        let channel = space.to_string();
        let Some(arrived) = pass.ledger.state().arrived.get(&channel).cloned() else { continue };
        let listed = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
        let mut draft = Draft::default();
        if put_back(pass, &peer, &space, &listed).is_some() {
            reconciled(pass, &mut draft, &channel);
            draft.fact(TrustFact::Forgotten { channel: channel.clone() });
            done.push(format!("goes on with what {peer} has in the store"));
        }
        if let Some(Gap { messages, .. }) = arrived.gap() {
            draft.fact(TrustFact::GapClosed { channel: channel.clone() });
            done.push(format!("goes on without {messages} of {peer} that did not arrive"));
        }
        let forged = listed.iter().filter(|object| arrived.forged.contains(object.name.as_str()));
        for object in forged {
            let body = bodies::whole(&*pass.node.transport, object, FORGED_LIMIT).await;
            let Some(reject) = body.as_ref().err().and_then(reject_of) else { continue };
            let raw = bodies::whole(&*pass.node.store, object, FORGED_LIMIT).await.ok();
            draft.quarantine(&pass.node.scene(), &peer, object, raw.as_deref(), None, reject);
            if matches!(object.space, Space::Inbox { .. }) {
                draft.retire(object);
            }
            done.push(format!("put {} away, which was not of {peer}", object.name));
        }
        pass.carry_out(draft).await?;
    }
    Ok(())
}

fn reconciled(pass: &Pass<'_>, draft: &mut Draft, channel: &str) {
    let scene = pass.node.scene();
    let key = format!("reconciled:{channel}");
    draft.audit(key, scene.now, scene.me, "channel.reconciled", channel, []);
}

async fn has_lost_log(pass: &Pass<'_>) -> Result<bool> {
    let log = Space::Log { owner: pass.node.email.clone() };
    let state = pass.ledger.state();
    let Some(newest) = state.saved.log.last() else { return Ok(false) };
    if pass.ledger.puts_into(&log) {
        return Ok(false);
    }
    let listed = patiently(&log, 0, pass.node.transport.list_all(&log)).await?;
    let names: BTreeSet<&str> = listed.iter().map(|object| object.name.as_str()).collect();
    Ok(!names.contains(newest.name.as_str()) || !log_lacks(state, &names).is_empty())
}

/// A dataset whose mock does not lie in the store as I put it there.
async fn changed_mock(pass: &Pass<'_>) -> Result<Option<DatasetName>> {
    let published = pass.ledger.state().published.iter();
    let is_there = |it: &Published| it.complete && !it.readers.is_empty();
    for (name, published) in published.filter(|(_, published)| is_there(published)) {
        let files = listed_mock(pass, name, published).await?;
        let mut is_whole = !files.is_empty();
        for file in files {
            match file.hash(&*pass.node.transport, u64::MAX).await {
                Err(error) if error.is_of_content() => is_whole = false,
                hash => drop(hash?),
            }
        }
        if !is_whole {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

/// Takes what is left of my backup out of the store, and makes all that lay there due again;
/// in one plan, so that none of it is forgotten.
async fn put_again(pass: &mut Pass<'_>, readers: &BTreeSet<Email>) -> Result<()> {
    let mut draft = Draft::default();
    backup_anew(pass, &mut draft).await?;
    draft.fact(TrustFact::DatasetsAnew);
    for peer in readers {
        draft.fact(TrustFact::SentAnew { peer: peer.clone() });
        let inbox = Space::Inbox { owner: peer.clone(), sender: pass.node.email.clone() };
        let listed = pass.list_whole(&inbox).await?;
        let names = listed.iter().filter_map(|one| ProposalName::parse(one.name.as_str()).ok());
        let waiting: BTreeSet<String> = names.map(|name| name.uid().to_owned()).collect();
        unpropose(pass, &mut draft, peer, |message| !waiting.contains(message));
    }
    pass.carry_out(draft).await
}
