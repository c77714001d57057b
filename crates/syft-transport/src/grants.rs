//! Who a collection is shared with, the same way for every store.
//!
//! Where a store has [sharing](crate::Sharing) of its own, that is used;
//! elsewhere a grant is the object `grant_<recipient or any>.json` in the
//! collection. Such objects are part of the listing: see [`is_grant`].

use syft_core::Email;

use crate::{
    Error, ListOptions, Object, ObjectName, PutMode, Recipient, Result, Space, Transport,
    TransportExt,
};

const PREFIX: &str = "grant_";
const SUFFIX: &str = ".json";

/// Shares a collection of mine. Idempotent.
///
/// # Errors
/// [`Error::Denied`] for a collection of somebody else, and what the store says.
pub async fn grant(
    transport: &dyn Transport,
    space: &Space,
    recipient: impl Into<Recipient>,
) -> Result<()> {
    let recipient = recipient.into();
    if let Some(sharing) = transport.sharing() {
        return sharing.grant(space, &recipient).await;
    }
    let name = object_name(space, &recipient)?;
    let body = serde_json::json!({ "recipient": recipient.to_string() }).to_string();
    transport.put(space, &name, body.into_bytes().into(), PutMode::Create).await?;
    Ok(())
}

/// Stops sharing a collection of mine; what was read is not recalled. Idempotent.
///
/// # Errors
/// As for [`grant`].
pub async fn revoke(
    transport: &dyn Transport,
    space: &Space,
    recipient: impl Into<Recipient>,
) -> Result<()> {
    let recipient = recipient.into();
    if let Some(sharing) = transport.sharing() {
        return sharing.revoke(space, &recipient).await;
    }
    let name = object_name(space, &recipient)?;
    let found: Vec<Object> = transport.find(space, &name).await?.into_iter().collect();
    transport.delete(&found).await
}

/// Whom a collection is shared with, sorted.
///
/// # Errors
/// What the store says.
pub async fn list(transport: &dyn Transport, space: &Space) -> Result<Vec<Recipient>> {
    if let Some(sharing) = transport.sharing() {
        return sharing.grants(space).await;
    }
    let options = ListOptions::with_prefix(PREFIX);
    let listing = transport.list_with_skipped(space, &options).await?;
    let mut recipients: Vec<Recipient> =
        listing.objects.iter().filter_map(|object| recipient_of(object.name.as_str())).collect();
    recipients.sort();
    Ok(recipients)
}

/// Whether an object of a collection is a grant and no file of the dataset.
#[must_use]
pub fn is_grant(name: &ObjectName) -> bool {
    recipient_of(name.as_str()).is_some()
}

pub(crate) fn recipient_of(name: &str) -> Option<Recipient> {
    match name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)? {
        "any" => Some(Recipient::Any),
        email => Email::parse(email).ok().map(Recipient::One),
    }
}

pub(crate) fn file_name(recipient: &Recipient) -> String {
    format!("{PREFIX}{recipient}{SUFFIX}")
}

fn object_name(space: &Space, recipient: &Recipient) -> Result<ObjectName> {
    if !matches!(space, Space::Collection { .. }) {
        return Err(Error::unsupported("share", space, "only collections are shared"));
    }
    ObjectName::parse(&file_name(recipient))
}
