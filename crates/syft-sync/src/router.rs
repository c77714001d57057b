use std::sync::Arc;

use syft_core::codec::{Limits, decode_proposal, encode_proposal};
use syft_core::{Email, ProposalName, ProposedFileChangesMessage, Timestamp};
use syft_transport::{Object, ObjectName, PutMode, Space, Transport, TransportExt};

use crate::Result;

/// Messages between datasites over whatever transport leads there, by the names
/// of the seeds' connection router.
///
/// A node needs none: its syncers exchange messages by themselves, and journal
/// each one. This is for programs that speak with a datasite message by message,
/// in the open: somebody who seals takes nothing of it.
#[derive(Debug, Clone)]
pub struct Router {
    transport: Arc<dyn Transport>,
}

impl Router {
    /// Everything goes over this transport, as its identity.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Router { transport }
    }

    /// Puts a proposal into the inbox that `recipient` keeps for this identity.
    /// Sending a message again changes nothing.
    ///
    /// # Errors
    /// A message that the recipient would put away: of another sender, of another
    /// datasite, above the limits; the store.
    pub async fn send_proposed_file_changes_message(
        &self,
        recipient: &Email,
        message: &ProposedFileChangesMessage,
    ) -> Result<()> {
        let me = &self.transport.info().identity;
        message.check_channel(me, recipient).map_err(syft_core::Error::Rejected)?;
        let bytes = encode_proposal(message)?;
        let space = Space::Inbox { owner: recipient.clone(), sender: me.clone() };
        let name = ObjectName::parse(&message.name.to_string())?;
        self.transport.open(&space).await?;
        self.transport.put(&space, &name, bytes.into(), PutMode::Create).await?;
        Ok(())
    }

    /// The oldest proposal in my inbox that `sender` put there; `None` if there
    /// is none. It stays in the inbox: an owner's sync decides on it and takes it
    /// out.
    ///
    /// # Errors
    /// A message that is malformed, or that says it is of somebody else; the store.
    pub async fn get_next_proposed_filechange_message(
        &self,
        sender: &Email,
    ) -> Result<Option<ProposedFileChangesMessage>> {
        let me = &self.transport.info().identity;
        let space = Space::Inbox { owner: me.clone(), sender: sender.clone() };
        let listed = self.transport.list_all(&space).await?;
        let named = |object: &Object| Some((proposal_order(object.name.as_str())?, object.clone()));
        let mut messages: Vec<_> = listed.iter().filter_map(named).collect();
        messages.sort_by(|(first, _), (second, _)| first.cmp(second));
        let Some((_, object)) = messages.into_iter().next() else { return Ok(None) };
        let limits = Limits::PROPOSAL;
        let bytes = self.transport.get_bytes(&object, limits.packed_bytes).await?;
        let message = decode_proposal(&bytes, &limits).map_err(syft_core::Error::Rejected)?;
        message.check_channel(sender, me).map_err(syft_core::Error::Rejected)?;
        Ok(Some(message))
    }
}

/// Where a proposal stands among the others of its sender, by its name; `None`
/// for a name that is no proposal's.
pub(crate) fn proposal_order(name: &str) -> Option<(Timestamp, String)> {
    let name = ProposalName::parse(name).ok()?;
    Some((name.submitted(), name.uid().to_owned()))
}
