//! What a participant shows to peers that look for no hello: those who run the Python
//! client find its advert in its profile (`protocol.md` d.1).

use syft_core::{Advert, COMPAT_VERSION, Email};
use syft_transport::{
    Object, ObjectName, PutMode, Recipient, Result, Space, Transport, TransportExt,
};

use crate::node::Pass;

const ADVERT: &str = "SYFT_version.json";

/// The advert of somebody who put no hello into my inbox, where such clients meet.
pub(super) async fn advert_of(transport: &dyn Transport, owner: &Email) -> Result<Option<Object>> {
    if !transport.info().capabilities.profiles {
        return Ok(None);
    }
    transport.find(&Space::Profile { owner: owner.clone() }, &ObjectName::parse(ADVERT)?).await
}

/// Shows a peer my own advert, where such clients meet.
pub(super) async fn show(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    let transport = &*pass.node.transport;
    let capabilities = transport.info().capabilities;
    let Some(sharing) = transport.sharing().filter(|_| capabilities.profiles) else {
        return Ok(());
    };
    let me = &pass.node.email;
    let (space, name) = (Space::Profile { owner: me.clone() }, ObjectName::parse(ADVERT)?);
    let mine = transport.find(&space, &name).await?;
    if !says_as_much(transport, mine.as_ref()).await? {
        if let Some(older) = mine {
            transport.delete(&[older]).await?;
        }
        transport.open(&space).await?;
        let advert = Advert::of(COMPAT_VERSION, pass.node.clock.now()).to_json();
        let advert = advert.map_err(|error| {
            syft_transport::Error::permanent("write", ADVERT, error.to_string()).because(error)
        })?;
        transport.put(&space, &name, advert.into(), PutMode::Create).await?;
    }
    sharing.grant(&space, &Recipient::from(peer)).await
}

/// Whether an advert of mine that lies there is of this version.
async fn says_as_much(transport: &dyn Transport, there: Option<&Object>) -> Result<bool> {
    let Some(there) = there else { return Ok(false) };
    let said = transport.get_bytes(there, Advert::MAX_BYTES as u64).await?;
    Ok(Advert::from_json(&said).is_ok_and(|advert| advert.version == COMPAT_VERSION))
}
