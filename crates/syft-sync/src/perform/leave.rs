//! Messages that were dealt with leave their inboxes together, when all else is done.

use std::collections::{BTreeMap, BTreeSet};

use syft_transport::{Error, Object, Space};

use super::remote::STUCK_IN_STORE_AWAY;
use super::stays::Stays;
use crate::Result;
use crate::channels::patiently;
use crate::ledger::RemoteEffect;
use crate::node::Pass;

/// Older objects of mine that lie beside what took their place, until there are so many.
const MOST_OLDER: usize = 2;

/// What goes out of the store at the end of a pass.
#[derive(Debug, Default)]
pub(crate) struct Leaving {
    /// Plans of which nothing is left to do but to retire messages.
    plans: Vec<u64>,
    /// What newer objects of mine took the place of: it goes with the messages, or once
    /// there is more than the last of them.
    older: Vec<Object>,
}

impl Pass<'_> {
    pub(super) fn leaves(&mut self, plan: u64) {
        self.leaving.plans.push(plan);
    }

    /// Something newer of mine was put, and is there.
    pub(crate) fn superseded(&mut self, older: Vec<Object>) {
        self.leaving.older.extend(older);
    }

    /// Takes out of the store what this pass has dealt with. Returns the store's complaint
    /// if something stays until the next one.
    pub(crate) async fn take_leave(&mut self) -> Result<Option<Error>> {
        let Leaving { plans, older } = std::mem::take(&mut self.leaving);
        let retired: Vec<Object> = plans.iter().flat_map(|plan| self.retired_by(*plan)).collect();
        if retired.is_empty() && older.len() < MOST_OLDER {
            return Ok(None);
        }
        let all = self.node.transport.clear(&older, &retired);
        if patiently(&"what is dealt with", 0, all).await.is_ok() {
            for plan in plans {
                self.done(plan, Stays::default())?;
            }
            return Ok(None);
        }
        self.take_leave_apart(plans).await
    }

    /// The same of each channel for itself: one peer whose channel is stuck holds up no
    /// other.
    async fn take_leave_apart(&mut self, plans: Vec<u64>) -> Result<Option<Error>> {
        let mut channels: BTreeMap<Space, Vec<(u64, Vec<Object>)>> = BTreeMap::new();
        for plan in plans {
            let retired = self.retired_by(plan);
            if let Some(first) = retired.first() {
                channels.entry(first.space.clone()).or_default().push((plan, retired));
            }
        }
        let (mut stuck, mut complaint) = (BTreeSet::new(), None);
        for (channel, plans) in channels {
            for (plan, retired) in plans {
                if stuck.len() >= STUCK_IN_STORE_AWAY || stuck.contains(&channel) {
                    break;
                }
                match self.take_out(&[], &retired).await {
                    Ok(stays) => self.done(plan, stays)?,
                    Err(crate::Error::Transport(error)) => {
                        stuck.insert(channel.clone());
                        complaint = Some(error);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(complaint)
    }

    fn retired_by(&self, plan: u64) -> Vec<Object> {
        let effects = self.ledger.remote_of(plan).iter();
        let retired = effects.filter_map(|effect| match effect {
            RemoteEffect::Retire { object } => Some(object.clone()),
            _ => None,
        });
        retired.collect()
    }
}
