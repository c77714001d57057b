//! The record as it lies in the store.

use std::collections::BTreeMap;

use syft_core::{CheckpointName, ContentHash, Email, RecordChange, Timestamp, safe_text, shorten};
use syft_transport::{Object, TransportExt};

use super::{Body, LIMIT, SCHEMA, change, name_of, space_of};
use crate::channels::patiently;
use crate::checkpoints::restore::{damaged, unusable};
use crate::node::Pass;
use crate::peers::{PYTHON_PEERS, PeerRecord};
use crate::{Error, Result, bodies};

/// Longest name of a piece that is missing, in characters.
const LONGEST_NAME: usize = 200;

/// The record in the store.
#[derive(Debug)]
pub(in crate::checkpoints) struct Backup {
    pub(in crate::checkpoints) body: Body,
    /// Of what is recorded.
    pub(in crate::checkpoints) hash: ContentHash,
    /// Of the bytes that were put as a whole.
    pub(in crate::checkpoints) record: ContentHash,
}

/// The records in the store, the newest first, and whether there are others. They
/// are believed only where I have sealed them, or the store keeps others out and states
/// that I put them there: they say who my peers are and what may run.
pub(in crate::checkpoints) async fn listed(pass: &Pass<'_>) -> Result<(Vec<Object>, bool)> {
    let transport = &pass.node.transport;
    let space = space_of(pass);
    let mut objects = patiently(&space, 0, transport.list_all(&space)).await?;
    objects.retain(|object| object.name.as_str() != PYTHON_PEERS);
    let found = objects.len();
    objects.retain(|object| pass.node.is_provably_mine(object));
    let has_others = objects.len() < found;
    objects.sort_by_key(|object| std::cmp::Reverse(object.created));
    Ok((objects, has_others))
}

/// What is told where the newest record could not be had.
pub(in crate::checkpoints) fn lost(reason: &str) -> String {
    format!(
        "the newest record of your peers and jobs could not be had ({reason}): look through your \
         peers and jobs, and decide again what is missing"
    )
}

impl Backup {
    /// What the store has. Two of them are there only if putting the newer one or
    /// taking the older one away was cut short, or was undone by a program that synchronises
    /// folders: the newest that is whole counts, by what stands in it.
    pub(in crate::checkpoints) async fn fetch(
        pass: &Pass<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Backup>> {
        let (objects, has_others) = listed(pass).await?;
        if has_others {
            notes.push(
                "peers and decisions in the store may be anybody's, and were not taken: \
                 approve your peers again"
                    .to_owned(),
            );
        }
        let (mut newest, mut damage) = (None::<Backup>, None);
        for object in &objects {
            match Backup::read(pass, object).await {
                Ok(backup) => {
                    let is_newer = |newest: &Backup| backup.body.log > newest.body.log;
                    if newest.as_ref().is_none_or(is_newer) {
                        newest = Some(backup);
                    }
                }
                Err(error) if error.is_of_content() => damage = damage.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match (newest, damage) {
            (None, Some(damage)) => Err(damage),
            (newest, damage) => {
                let told = damage.filter(|_| newest.is_some());
                notes.extend(told.map(|damage| format!("{damage}; another one was taken")));
                Ok(newest)
            }
        }
    }

    async fn read(pass: &Pass<'_>, object: &Object) -> Result<Backup> {
        let me = &pass.node.email;
        let bytes = match bodies::whole(&*pass.node.transport, object, LIMIT).await {
            Ok(bytes) => bytes,
            Err(error) => return Err(unusable(object, error)),
        };
        let body: Body = serde_json::from_slice(&bytes).map_err(|error| damaged(object, error))?;
        if body.schema != SCHEMA || body.email != *me {
            return Err(damaged(object, format!("it is {} of {}", body.schema, body.email)));
        }
        let record = ContentHash::of(&bytes);
        if object.name != name_of(record)? {
            return Err(damaged(object, "its bytes are not those that it was named after"));
        }
        let (_, hash) = body.content()?;
        Ok(Backup { body, hash, record })
    }

    /// The same with what the event log says of it, `number` being that of the object of the
    /// log. What does not fit is told, and the record stays as it was put.
    pub(in crate::checkpoints) fn changed_by(
        self,
        number: u64,
        change: &RecordChange,
        notes: &mut Vec<String>,
    ) -> Self {
        if self.body.log.is_some_and(|log| number <= log) {
            return self;
        }
        let changed = match change.base == self.record {
            true => change::apply(&self.body, change),
            false => Err("the store shows an older one than the event log names".to_owned()),
        };
        match changed {
            Ok(body) => Backup { body, hash: change.hash, ..self },
            Err(reason) => {
                notes.push(lost(&reason));
                self
            }
        }
    }

    /// Whether this, with what the object of the log of number `told` says, is what was
    /// recorded when the newest one, of number `newest`, was put.
    pub(in crate::checkpoints) fn is_of(&self, newest: u64, told: Option<u64>) -> bool {
        told == Some(newest) || self.body.log.is_none_or(|log| log >= newest)
    }

    pub(in crate::checkpoints) fn peers(&self) -> &BTreeMap<Email, PeerRecord> {
        &self.body.peers
    }

    /// Whether every checkpoint is there that this state knows of.
    pub(in crate::checkpoints) fn check_pieces(
        &self,
        names: &[&str],
        full: Option<Timestamp>,
    ) -> Result<()> {
        let gone = self.body.checkpoints.iter().find(|name| {
            let at = CheckpointName::parse(name).map(|name| name.timestamp());
            let replaced = at.is_ok_and(|at| full.is_some_and(|full| at < full));
            !replaced && !names.contains(&name.as_str())
        });
        match gone {
            None => Ok(()),
            Some(name) => {
                let shown = shorten(&safe_text(name), LONGEST_NAME);
                Err(Error::Integrity(format!("{shown} is missing")))
            }
        }
    }
}
