//! The mocks that owners share with me: of several owners at once, but decided and
//! written one file after the other.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use syft_core::Email;
use syft_dataset::{DatasetStore, IncomingCopy};

use super::arrivals::{Arrival, Wanted, arrivals};
use super::not_taken;
use super::offers::{Offer, Offered, offers};
use crate::engine::Draft;
use crate::ledger::TrustFact;
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{Notice, Result, Work};

/// Fetches the mocks that owners share with me and that I do not have yet, and
/// drops those that are no longer shared. What is wrong with one owner, or with one
/// dataset, concerns that one alone.
pub(crate) async fn pull(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    owners: &BTreeSet<Email>,
    report: &mut SyncReport,
) -> Result<()> {
    let mut shared = offers(pass, owners, report).await?;
    let mut wanted = Vec::new();
    for owner in owners {
        let offered = shared.remove(owner).unwrap_or_default();
        match look(pass, store, owner, offered, report) {
            Ok(new) => wanted.extend((!new.is_empty()).then_some(new)),
            Err(error) if error.ends_the_pass() => return Err(error),
            Err(error) => report.notes.push(format!("datasets of {owner}: {error}")),
        }
    }
    fetch(pass, store, wanted, report).await
}

/// Drops the copies that are no longer shared with me, and says what I lack.
fn look(
    pass: &Pass<'_>,
    store: &DatasetStore,
    owner: &Email,
    offered: Offered,
    report: &mut SyncReport,
) -> Result<Vec<Wanted>> {
    for dataset in store.list_of(owner)?.datasets {
        if offered.is_whole && !offered.datasets.contains_key(&dataset.name) {
            store.remove_copy(owner, &dataset.name)?;
            pass.note("dataset.copy_removed", format!("{owner}/{}", dataset.name))?;
            report.datasets += 1;
        }
    }
    let mut wanted = Vec::new();
    for (name, mut offers) in offered.datasets {
        match store.copy_hash(owner, &name) {
            // While an owner replaces a mock both versions are offered, and the older
            // one goes soon.
            Ok(Some(here)) if offers.iter().any(|offer| offer.hash.as_str() == here) => {}
            Ok(_) => wanted.extend(offers.pop().map(|offer| {
                let (owner, Offer { hash, at, space }) = (owner.clone(), offer);
                Wanted { owner, name, hash, at, space }
            })),
            Err(error) => match crate::Error::from(error) {
                error if error.ends_the_pass() => return Err(error),
                error => report.notes.push(format!("dataset {owner}/{name}: {error}")),
            },
        }
    }
    Ok(wanted)
}

/// Fetches what is wanted; the datasets of one owner one after the other.
async fn fetch(
    pass: &mut Pass<'_>,
    store: &DatasetStore,
    wanted: Vec<Vec<Wanted>>,
    report: &mut SyncReport,
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut incoming = Incoming { pass, store, copies: BTreeMap::new(), done: 0, total: 0 };
    let mut came = Vec::new();
    let mut arriving = arrivals(pass.node, store.limits().bytes, wanted);
    while let Some((wanted, arrival)) = arriving.next().await {
        match incoming.take(&wanted, arrival) {
            Ok(false) => {}
            Ok(true) => {
                report.datasets += 1;
                came.extend(wanted.at.map(|at| (wanted.owner, wanted.name, at)));
            }
            Err(error) => {
                incoming.give_up(&wanted);
                let Wanted { owner, name, .. } = &wanted;
                not_taken(report, owner, Some(name), error)?;
            }
        }
    }
    incoming.tell(true);
    let mut draft = Draft::default();
    for (owner, dataset, at) in came {
        draft.fact(TrustFact::MockIs { owner, dataset, at });
    }
    pass.begin(draft).map(drop)
}

/// The copies that are being made, one of each owner at a time.
struct Incoming<'p, 'n> {
    pass: &'p Pass<'n>,
    store: &'p DatasetStore,
    copies: BTreeMap<Email, IncomingCopy>,
    done: u64,
    total: u64,
}

impl Incoming<'_, '_> {
    /// Takes what arrived of a dataset; whether all of it is there now.
    fn take(&mut self, wanted: &Wanted, arrival: Arrival) -> Result<bool> {
        let Wanted { owner, name, hash, .. } = wanted;
        match arrival {
            Arrival::Begins { files } => {
                self.total += files as u64;
                self.tell(false);
                let copy = self.store.begin_copy(owner, name)?;
                self.copies.insert(owner.clone(), copy);
            }
            Arrival::File { file, body, .. } => {
                self.done += 1;
                self.tell(false);
                // One that was given up takes nothing more.
                if let Some(copy) = self.copies.get_mut(owner) {
                    copy.add(&file, &mut body.reader()?)?;
                }
            }
            Arrival::Ends => {
                let Some(copy) = self.copies.remove(owner) else { return Ok(false) };
                copy.commit(Some(hash.as_str()))?;
                self.pass.note("dataset.fetched", format!("{owner}/{name}"))?;
                return Ok(true);
            }
            Arrival::Failed(error) => return Err(error),
        }
        Ok(false)
    }

    fn give_up(&mut self, wanted: &Wanted) {
        if let Some(copy) = self.copies.remove(&wanted.owner) {
            copy.abort();
        }
    }

    /// Says how far it is; at the end, what did not come is not waited for.
    fn tell(&self, has_ended: bool) {
        let (work, done) = (Work::Receiving, self.done);
        let total = if has_ended { done } else { self.total.max(done + 1) };
        self.pass.node.notices.notice(&Notice::Progress { work, done, total });
    }
}
