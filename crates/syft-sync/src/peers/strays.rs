//! What I left for a peer in one of its further stores while the first was away. Whoever has
//! nothing but datasets there does not listen there.

use std::collections::BTreeMap;
use std::sync::Arc;

use syft_core::Email;
use syft_transport::{Listed, Object, Space, Transport, TransportExt};

use super::PeerTable;
use super::greet::say_hello;
use super::moving::{bring_along, channels, mine};
use crate::channels::patiently;
use crate::hello::HELLO;
use crate::node::Pass;
use crate::{Error, Result};

/// Where something of mine may have been left.
struct Place {
    peer: Email,
    space: Space,
    /// The store over which the peer is reached first.
    first: Arc<dyn Transport>,
}

/// Brings into the first store of each peer what I left in others. What a store does not do
/// now is done by a later pass.
pub(super) async fn bring_strays(pass: &Pass<'_>, table: &PeerTable) -> Result<()> {
    let mut places: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for (peer, record) in &table.peers {
        let ways = record.ways();
        let Some((first, further)) = ways.split_first() else { continue };
        let (owner, sender) = (pass.node.email.clone(), peer.clone());
        let is_away = pass.node.transport.is_partial(&Space::Inbox { owner, sender });
        if !record.state.is_connected() || record.moving.is_some() || is_away {
            continue;
        }
        let Some(first) = pass.node.store_at(first) else { continue };
        for url in further {
            let here = channels(&pass.node.email, peer).map(|space| Place {
                peer: peer.clone(),
                space,
                first: first.clone(),
            });
            places.entry(url.clone()).or_default().extend(here);
        }
    }
    for (url, places) in places {
        let Some(store) = pass.node.store_at(&url) else { continue };
        match bring_from(pass, &*store, &places).await {
            // It is told by whoever needs it.
            Err(Error::Transport(_)) => {}
            brought => brought?,
        }
    }
    Ok(())
}

async fn bring_from(pass: &Pass<'_>, store: &dyn Transport, places: &[Place]) -> Result<()> {
    let spaces: Vec<Space> = places.iter().map(|place| place.space.clone()).collect();
    let listed = patiently(&"what was left", 0, store.list_many(&spaces)).await?;
    for (place, listed) in places.iter().zip(listed) {
        let is_object = |line: &Listed| matches!(line, Listed::Object(_));
        if listed.is_ok_and(|lines| lines.iter().any(is_object)) {
            bring_one(pass, store, place).await?;
        }
    }
    Ok(())
}

async fn bring_one(pass: &Pass<'_>, store: &dyn Transport, place: &Place) -> Result<()> {
    let Place { peer, space, first } = place;
    let mut left: Vec<Object> = mine(pass, store, space).await?;
    if left.iter().any(|object| object.name.as_str() == HELLO) {
        say_hello(pass, peer, &**first).await?;
    }
    bring_along(pass, peer, store, &**first).await?;
    // What I show of my own stays until it goes everywhere: a reader that looks into both
    // meanwhile must not miss it.
    if space.owner() == peer {
        let there = patiently(space, 0, first.list_all(space)).await?;
        left.retain(|object| there.iter().any(|there| there.name == object.name));
        patiently(space, 0, store.delete(&left)).await?;
    }
    Ok(())
}
