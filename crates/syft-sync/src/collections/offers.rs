//! What owners offer me, by name and content.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use syft_core::{Access, DatasetName, Disk, Email, HomePath, NodePaths, Timestamp};
use syft_transport::{CollectionHash, CollectionKind, Space, SpaceKind, Transport};

use super::not_taken;
use super::sealed::{CollectionIndex, is_sealed, open};
use crate::Result;
use crate::channels::patiently;
use crate::node::Pass;
use crate::report::SyncReport;
use crate::sealed::KeyRing;

/// Largest cache that is read, in bytes.
const LIMIT: u64 = 16 << 20;

/// Collections that are opened in one pass to find out what they are.
const BUDGET: usize = 256;

/// What one owner offers.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) datasets: BTreeMap<DatasetName, Vec<Offer>>,
    /// Whether it is all that this owner offers: what could not be opened may be any.
    pub(super) is_whole: bool,
    /// Whether something newer may lie in a store that is away.
    is_partial: bool,
}

/// One version of a dataset.
#[derive(Debug)]
pub(super) struct Offer {
    /// The hash of its content.
    pub(super) hash: CollectionHash,
    /// When it was published, as its owner signed; `None` in the open.
    pub(super) at: Option<Timestamp>,
    /// Where it lies.
    pub(super) space: Space,
}

impl Default for Offered {
    fn default() -> Self {
        Offered { datasets: BTreeMap::new(), is_whole: true, is_partial: false }
    }
}

impl Offered {
    fn add(&mut self, name: DatasetName, offer: Offer) {
        let offers = self.datasets.entry(name).or_default();
        offers.push(offer);
        offers.sort_by_key(|offer| offer.at);
    }
}

/// What these owners offer. What one of them could not have put there is told, and is no
/// offer.
pub(super) async fn offers(
    pass: &Pass<'_>,
    owners: &BTreeSet<Email>,
    report: &mut SyncReport,
) -> Result<BTreeMap<Email, Offered>> {
    let discovered = pass.node.transport.discover(SpaceKind::Collection);
    let mut offers: BTreeMap<Email, Offered> = BTreeMap::new();
    let mut names = Names::load(&*pass.node.disk);
    let mut opened = 0;
    for space in patiently(&"the collections", 0, discovered).await?.spaces {
        let Space::Collection { owner, kind: CollectionKind::Mock, tag, hash } = &space else {
            continue;
        };
        if !owners.contains(owner) {
            continue;
        }
        let offered = offers.entry(owner.clone()).or_default();
        let known = pass.node.ring.as_ref().map(|ring| ring.with(owner)).transpose()?;
        let (seals, is_python) = match known {
            Some(Ok(owner)) => (owner.seals, owner.is_unlabelled),
            _ => (false, false),
        };
        // A Python client seals no mock (`protocol.md` c.2); where the store says who put
        // it there, it is still the owner's.
        let is_guarded = pass.node.transport.info_of(&space).capabilities.access_control;
        let in_the_open = !seals || is_python && is_guarded;
        match (&pass.node.ring, is_sealed(hash)) {
            (_, false) if in_the_open => {
                let (hash, space) = (hash.clone(), space.clone());
                offered.add(tag.clone(), Offer { hash, at: None, space });
            }
            (_, false) => {
                offered.is_whole = false;
                report.alarm(
                    owner,
                    format!(
                        "a dataset {tag} in the open is said to be of {owner}, who seals all: \
                         somebody else may have put it there, and it is not taken"
                    ),
                );
            }
            (Some(_), true) if seals && opened >= BUDGET => offered.is_whole = false,
            (Some(ring), true) if seals => {
                match name(pass, ring, (&mut names, &mut opened), &space).await {
                    Ok(Some(Named { name, hash, at })) => {
                        offered.add(name, Offer { hash, at: Some(at), space: space.clone() });
                    }
                    Ok(None) => {}
                    Err(error) => {
                        offered.is_whole = false;
                        not_taken(report, owner, None, error)?;
                    }
                }
            }
            // Sealed for those who seal; this node does not.
            (_, true) => offered.is_whole = false,
        }
    }
    names.save(&*pass.node.disk)?;
    for owner in owners {
        let (owner, recipient) = (owner.clone(), pass.node.email.clone());
        let outbox = Space::Outbox { owner: owner.clone(), recipient };
        if pass.node.transport.is_partial(&outbox) {
            let offered = offers.entry(owner).or_default();
            (offered.is_whole, offered.is_partial) = (false, true);
        }
    }
    for (owner, offered) in &mut offers {
        drop_older(pass, owner, offered, report);
    }
    Ok(offers)
}

/// What is older than what came here is no offer. If there is nothing newer, the store was
/// put back.
fn drop_older(pass: &Pass<'_>, owner: &Email, offered: &mut Offered, report: &mut SyncReport) {
    let mut put_back = Vec::new();
    for (name, offers) in &mut offered.datasets {
        offers.retain(|offer| !offer.at.is_some_and(|at| is_older(pass, owner, name, at)));
        if offers.is_empty() {
            put_back.push(name.clone());
        }
    }
    for name in put_back {
        offered.datasets.remove(&name);
        offered.is_whole = false;
        if offered.is_partial {
            continue;
        }
        report.alarm(
            owner,
            format!(
                "the store shows an older version of the dataset {name} than you have seen: it \
                 was put back, and is not taken, and you keep what you have; ask whoever runs the \
                 store, and {owner}, whose syft doctor --repair publishes it again"
            ),
        );
    }
}

/// Which dataset a sealed collection is; `None` if it is not for me.
async fn name(
    pass: &Pass<'_>,
    ring: &KeyRing,
    (names, opened): (&mut Names, &mut usize),
    space: &Space,
) -> Result<Option<Named>> {
    // An older one may have been published once more since.
    let is_old = |known: &Named| is_older(pass, space.owner(), &known.name, known.at);
    if let Some(known) = names.get(space).filter(|known| !is_old(known)) {
        return Ok(Some(known));
    }
    *opened += 1;
    let Some(opened) = open(&*pass.node.transport, ring, space.owner(), space).await? else {
        return Ok(None);
    };
    pass.note_index(space, &opened.index, "dataset.opened")?;
    let CollectionIndex { name, hash, at, .. } = opened.index;
    let named = Named { name, hash, at };
    names.note(space, named.clone());
    Ok(Some(named))
}

/// A dataset and the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    name: DatasetName,
    hash: CollectionHash,
    at: Timestamp,
}

/// Whether a newer version of a mock came here before.
fn is_older(pass: &Pass<'_>, owner: &Email, name: &DatasetName, at: Timestamp) -> bool {
    let known = pass.ledger.state().mocks.get(owner).and_then(|mocks| mocks.get(name));
    known.is_some_and(|known| at < *known)
}

/// Which datasets the sealed collections are that were opened before, so that none is
/// opened again. They lie in `.syft/cache/`: deleting them loses nothing.
#[derive(Debug, Default)]
struct Names {
    known: BTreeMap<String, Named>,
    now: BTreeMap<String, Named>,
}

impl Names {
    /// None if they cannot be read.
    fn load(disk: &dyn Disk) -> Self {
        let bytes = path().ok().and_then(|path| disk.read(&path, LIMIT).ok());
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Names { known: known.unwrap_or_default(), now: BTreeMap::new() }
    }

    fn get(&mut self, space: &Space) -> Option<Named> {
        let known = self.known.get(&space.to_string())?.clone();
        self.note(space, known.clone());
        Some(known)
    }

    fn note(&mut self, space: &Space, named: Named) {
        self.now.insert(space.to_string(), named);
    }

    fn save(&self, disk: &dyn Disk) -> Result<()> {
        if self.now == self.known {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&self.now).unwrap_or_default();
        Ok(disk.write(&path()?, &bytes, Access::OwnerOnly)?)
    }
}

fn path() -> Result<HomePath> {
    Ok(NodePaths::cache().join("collections.json")?)
}
