//! What plans put into the store.

use syft_core::ContentHash;
use syft_transport::{
    Error as StoreError, Object, ObjectName, PutBody, PutMode, Result as TransportResult, Space,
};

use super::BLOB_LIMIT;
use crate::Result;
use crate::channels::patiently;
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::sealed::is_closed;

impl Pass<'_> {
    /// Puts an object, in place of an older one where the store can do that. Returns the
    /// older one if it is still to be removed.
    pub(super) async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        blob: &ContentHash,
        older: Option<&Object>,
    ) -> Result<Option<Object>> {
        let bytes = self.ledger.blobs().read(blob, BLOB_LIMIT)?;
        self.node.cache_event(space, name, &bytes)?;
        let body = PutBody::from(bytes);
        let has_place = self.node.transport.info_of(space).capabilities.in_place;
        if let Some(older) = older.filter(|_| has_place) {
            let mode = PutMode::InPlaceOf(older.clone());
            match self.put_so(space, name, &body, mode).await {
                // What may not be changed is left beside it, and goes as far as it may.
                Err(StoreError::Denied { .. } | StoreError::Unsupported { .. }) => {}
                put => {
                    let put = self.note_put(space, name, put)?;
                    return Ok(put.is_none().then(|| older.clone()));
                }
            }
        }
        let put = self.put_so(space, name, &body, PutMode::Create).await;
        let put = self.note_put(space, name, put)?;
        // An earlier try may have put it in the older one's place.
        let is_older = |object: &&Object| put.as_ref().is_none_or(|put| put.id != object.id);
        Ok(older.filter(is_older).cloned())
    }

    async fn put_so(
        &self,
        space: &Space,
        name: &ObjectName,
        body: &PutBody,
        mode: PutMode,
    ) -> TransportResult<Object> {
        let transport = &*self.node.transport;
        let put = async {
            transport.open(space).await?;
            transport.put(space, name, body.clone(), mode).await
        };
        patiently(space, body.length(), put).await
    }

    /// Notes what came of a put; `None` if it is given up.
    fn note_put(
        &self,
        space: &Space,
        name: &ObjectName,
        put: TransportResult<Object>,
    ) -> Result<Option<Object>> {
        match put {
            // Nothing goes to somebody who was removed and poses as another now.
            Err(error) if is_closed(&error) && self.is_removed(space)? => {
                self.note("object.dropped", format!("{space}/{name}"))?;
                Ok(None)
            }
            // Somebody who can write the folder took the name. It stays
            // taken, so waiting would only hold up what comes after.
            Err(StoreError::AlreadyExists { .. }) => {
                self.note("object.blocked", format!("{space}/{name}"))?;
                Ok(None)
            }
            put => {
                let object = put?;
                self.note_written(object.clone())?;
                Ok(Some(object))
            }
        }
    }

    /// Whether a channel is one to a peer that was removed or rejected.
    fn is_removed(&self, space: &Space) -> Result<bool> {
        let (Space::Outbox { recipient: peer, .. } | Space::Inbox { owner: peer, .. }) = space
        else {
            return Ok(false);
        };
        let table = PeerTable::load(&*self.node.disk)?;
        Ok(table.state(peer).is_none_or(|state| state.is_refused()))
    }
}
