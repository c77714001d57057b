//! What owner and watcher have in common: an object of a channel, fetched once.

use syft_core::{Email, Reject, RejectCode};
use syft_transport::{Error, Object, Space, TransportExt};

use crate::Result;
use crate::engine::{Draft, refuse_unread, unknown_id};
use crate::node::Pass;

/// Messages of one channel that are dealt with in one pass (`threats.md` I13).
const BUDGET: usize = 256;

/// What became of an object that was to be fetched.
pub(crate) enum Fetched {
    Bytes(Vec<u8>),
    /// It was put away without being parsed.
    PutAway,
    /// It is gone.
    Gone,
}

impl Pass<'_> {
    /// The objects of a channel that were not dealt with, in the order of `key`; as
    /// many as one pass deals with. A peer that sends without end takes its own time.
    pub(crate) async fn new_objects<K: Ord>(
        &self,
        space: &Space,
        key: impl Fn(&str) -> Option<K>,
    ) -> Result<Vec<Object>> {
        let arrived = self.ledger.state().arrived.get(&space.to_string());
        let listed = self.node.transport.list_all(space).await?;
        let mut objects: Vec<(K, Object)> = listed
            .into_iter()
            .filter(|object| !arrived.is_some_and(|a| a.names.contains(object.name.as_str())))
            .filter(|object| !self.ledger.retires(object))
            .filter_map(|object| Some((key(object.name.as_str())?, object)))
            .collect();
        objects.sort_by(|(a, first), (b, second)| (a, &first.id).cmp(&(b, &second.id)));
        Ok(objects.into_iter().map(|(_, object)| object).take(BUDGET).collect())
    }

    /// Fetches an object whose author must be `from`. One of another author or
    /// above the limit is put away unread (`threats.md` S10, I11).
    pub(crate) async fn fetch(
        &mut self,
        object: &Object,
        from: &Email,
        limit: u64,
        retire: bool,
    ) -> Result<Fetched> {
        let foreign = object.owner.as_ref().filter(|owner| *owner != from);
        let reject = match foreign {
            Some(owner) => Some(Reject::new(
                RejectCode::ForeignFile,
                format!("a file in {from}'s folder was put there by {owner}"),
            )),
            None if object.size > limit => Some(too_large(object.size, limit)),
            None => None,
        };
        let reject = match reject {
            Some(reject) => reject,
            None => match self.node.transport.get_bytes(object, limit).await {
                Ok(bytes) => return Ok(Fetched::Bytes(bytes)),
                Err(Error::NotFound { .. }) => return Ok(Fetched::Gone),
                Err(Error::TooLarge { .. }) => too_large(object.size, limit),
                Err(error) => return Err(error.into()),
            },
        };
        let mut draft = Draft::default();
        let scene = self.node.scene();
        // A stranger's file is no word of the peer, so the peer gets no answer.
        let mine = retire && foreign.is_none();
        let id = if mine { unknown_id(self.ledger.state(), object) } else { None };
        draft.quarantine(&scene, from, object, None, id, &reject);
        if let Some(id) = id {
            refuse_unread(&mut draft, &scene, from, id, &reject)?;
        }
        if retire {
            draft.retire(object);
        }
        self.carry_out(draft).await?;
        Ok(Fetched::PutAway)
    }
}

fn too_large(size: u64, limit: u64) -> Reject {
    Reject::new(RejectCode::TooLarge, format!("the message has {size} bytes, above {limit}"))
}
