use std::collections::BTreeSet;

use syft_core::{Email, ProposalName};
use syft_transport::{
    CollectionHash, CollectionKind, Error, ListOptions, Object, Space, SpaceKind, Transport,
    TransportExt,
};

use super::{Left, RemoteItem};
use crate::Result;
use crate::ledger::{Ledger, State};
use crate::node::Node;
use crate::peers::PeerTable;
use crate::traffic::{Direction, transfers};

/// What lies in the store and is mine to take.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// My objects, collections first: whoever sees a dataset sees all of it.
    pub(crate) mine: Vec<(Object, bool)>,
    /// Messages to me that were dealt with and lie there still.
    pub(crate) consumed: Vec<Object>,
    /// What stays, and why.
    pub(crate) left: Vec<Left>,
}

impl Gathered {
    /// What would go, without what is named.
    pub(crate) fn items(&self, kept: &BTreeSet<String>) -> Vec<RemoteItem> {
        let mine = self.mine.iter().map(|(object, orphan)| (object, *orphan));
        let consumed = self.consumed.iter().map(|object| (object, false));
        let items = mine.chain(consumed).map(|(object, orphan)| RemoteItem {
            object: object.to_string(),
            bytes: object.size,
            orphan,
        });
        items.filter(|item| !kept.contains(&item.object)).collect()
    }
}

/// Looks everywhere: in the spaces that the records name, and in all that the
/// store knows to be mine by their names. Changes nothing; a store that is away
/// is an error.
pub(crate) async fn gather(
    node: &Node,
    ledger: Option<&Ledger>,
    table: &PeerTable,
) -> Result<Gathered> {
    let transport = &*node.transport;
    let known: BTreeSet<String> = match node.audit.open().and_then(|log| log.entries()) {
        Ok(entries) => transfers(&entries)
            .into_iter()
            .filter(|transfer| transfer.direction == Direction::Out)
            .map(|transfer| transfer.object)
            .collect(),
        // A log that cannot be read knows nothing: all is found by its name.
        Err(_) => BTreeSet::new(),
    };
    let mut spaces = by_records(&node.email, ledger.map(Ledger::state), table);
    spaces.extend(transport.discover(SpaceKind::Mine).await?.spaces);
    spaces.extend(transport.discover(SpaceKind::OwnCollection).await?.spaces);
    let mut gathered = Gathered::default();
    for space in &spaces {
        if let Some(objects) = listed(transport, space, &mut gathered.left).await? {
            for object in objects {
                let orphan = !known.contains(&object.to_string());
                match foreign(&object, &node.email) {
                    Some(owner) => gathered
                        .left
                        .push(Left::new(object.to_string(), format!("{owner} put it there"))),
                    None => gathered.mine.push((object, orphan)),
                }
            }
        }
    }
    inboxes(node, ledger, &mut gathered).await?;
    gathered.mine.sort_by_key(|(object, _)| !matches!(object.space, Space::Collection { .. }));
    Ok(gathered)
}

/// My inboxes hold the words of others: what was dealt with goes, all else is theirs.
async fn inboxes(node: &Node, ledger: Option<&Ledger>, gathered: &mut Gathered) -> Result<()> {
    for space in node.transport.discover(SpaceKind::Inbox).await?.spaces {
        let Space::Inbox { sender, .. } = &space else { continue };
        let arrived = ledger.and_then(|ledger| ledger.state().arrived.get(&space.to_string()));
        let is_consumed = |object: &Object| {
            let uid = ProposalName::parse(object.name.as_str()).ok();
            let seen = uid.is_some_and(|name| {
                arrived.is_some_and(|all| all.ids.iter().any(|id| id.to_string() == name.uid()))
            });
            seen || ledger.is_some_and(|ledger| ledger.retires(object))
        };
        let objects = listed(&*node.transport, &space, &mut gathered.left).await?;
        for object in objects.into_iter().flatten() {
            if is_consumed(&object) {
                gathered.consumed.push(object);
            } else {
                let reason = format!("{sender} put it there");
                gathered.left.push(Left::new(object.to_string(), reason));
            }
        }
    }
    Ok(())
}

/// `None` where I may not look.
async fn listed(
    transport: &dyn Transport,
    space: &Space,
    left: &mut Vec<Left>,
) -> Result<Option<Vec<Object>>> {
    match transport.list_with_skipped(space, &ListOptions::default()).await {
        Ok(listing) => {
            let skipped = listing.skipped.iter();
            left.extend(
                skipped.map(|skip| Left::new(format!("{space}/{}", skip.name), &*skip.reason)),
            );
            Ok(Some(listing.objects))
        }
        Err(error @ Error::Denied { .. }) => {
            left.push(Left::new(space.to_string(), error.to_string()));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn foreign<'a>(object: &'a Object, me: &Email) -> Option<&'a Email> {
    object.owner.as_ref().filter(|owner| *owner != me)
}

/// The spaces that must be there by what this home knows.
fn by_records(me: &Email, state: Option<&State>, table: &PeerTable) -> BTreeSet<Space> {
    let owner = || me.clone();
    let mut spaces = BTreeSet::from([
        Space::Log { owner: owner() },
        Space::Checkpoints { owner: owner() },
        Space::Rolling { owner: owner() },
        Space::Archive { owner: owner() },
        Space::State { owner: owner() },
        Space::Profile { owner: owner() },
    ]);
    let mut people: BTreeSet<&Email> = table.peers.keys().collect();
    if let Some(state) = state {
        people.extend(state.sent.keys().chain(state.proposed.keys()).chain(state.copies.keys()));
        for (tag, published) in &state.published {
            let hashes = published.older.iter().chain([&published.hash]);
            spaces.extend(hashes.filter_map(|hash| {
                let (tag, kind) = (tag.clone(), CollectionKind::Mock);
                let hash = CollectionHash::parse(hash).ok()?;
                Some(Space::Collection { owner: owner(), kind, tag, hash })
            }));
        }
    }
    for peer in people.into_iter().filter(|peer| *peer != me) {
        spaces.insert(Space::Outbox { owner: owner(), recipient: peer.clone() });
        spaces.insert(Space::Inbox { owner: peer.clone(), sender: owner() });
    }
    spaces
}
