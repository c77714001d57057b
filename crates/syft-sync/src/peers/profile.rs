//! What a participant shows to peers that look for no hello: those who run the Python
//! client find its advert in its profile (`protocol.md` d.1).

use serde_json::{Value, json};
use syft_core::{Advert, COMPAT_VERSION, Email};
use syft_transport::{
    Error, Object, ObjectName, PutMode, Recipient, Result, Space, Transport, TransportExt,
};

use crate::node::Pass;

const ADVERT: &str = "SYFT_version.json";

/// The key of a bundle's file under which the bundle stands.
const BUNDLE: &str = "public_encryption_bundle";

/// The advert of somebody who put no hello into my inbox, where such clients meet, and
/// their keys for me, if they show any.
pub(super) async fn profile_of(transport: &dyn Transport, owner: &Email) -> Result<Vec<Object>> {
    let space = Space::Profile { owner: owner.clone() };
    if !transport.info_of(&space).capabilities.profiles {
        return Ok(Vec::new());
    }
    let mut objects = transport.list_all(&space).await?;
    let names = [ADVERT.to_owned(), bundle_name(owner, &transport.info().identity)];
    let place = |object: &Object| names.iter().position(|name| name == object.name.as_str());
    objects.retain(|object| place(object).is_some());
    objects.sort_by_key(|object| (place(object), object.id.clone()));
    objects.dedup_by(|a, b| a.name == b.name);
    // Keys without an advert say nothing.
    Ok(if objects.first().and_then(place) == Some(0) { objects } else { Vec::new() })
}

fn bundle_name(of: &Email, to: &Email) -> String {
    format!("encryption_bundle_{of}_for_{to}.json")
}

/// An advert and, if there is one, a bundle as one document.
pub(super) fn joined(parts: Vec<Vec<u8>>) -> Vec<u8> {
    let read = |part: &Vec<u8>| serde_json::from_slice::<serde_json::Map<String, Value>>(part).ok();
    let [advert, bundle] = &parts[..] else { return parts.into_iter().next().unwrap_or_default() };
    let (Some(mut advert_fields), Some(mut bundle)) = (read(advert), read(bundle)) else {
        return advert.clone();
    };
    advert_fields.extend(bundle.remove(BUNDLE).map(|bundle| (BUNDLE.to_owned(), bundle)));
    serde_json::to_vec(&advert_fields).unwrap_or_else(|_| advert.clone())
}

/// Shows a peer my own advert and my keys, where such clients meet.
pub(super) async fn show(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    let transport = &*pass.node.transport;
    let is_met = meets(transport, &pass.node.email, peer);
    let Some(sharing) = transport.sharing().filter(|_| is_met) else { return Ok(()) };
    let me = &pass.node.email;
    let (space, name) = (Space::Profile { owner: me.clone() }, ObjectName::parse(ADVERT)?);
    let mine = transport.find(&space, &name).await?;
    if !says_as_much(transport, mine.as_ref()).await? {
        if let Some(older) = mine {
            transport.delete(&[older]).await?;
        }
        transport.open(&space).await?;
        let advert = Advert::of(COMPAT_VERSION, pass.node.clock.now()).to_json();
        let advert = advert
            .map_err(|error| Error::permanent("write", ADVERT, error.to_string()).because(error))?;
        match transport.put(&space, &name, advert.into(), PutMode::Create).await {
            // Another peer is greeted at the same time.
            Ok(_) | Err(Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    show_keys(pass, &space, peer).await?;
    sharing.grant(&space, &Recipient::from(peer)).await
}

/// Whether a peer is met where such clients are, and where my own profile lies.
fn meets(transport: &dyn Transport, me: &Email, peer: &Email) -> bool {
    let channel = Space::Inbox { owner: peer.clone(), sender: me.clone() };
    let profile = Space::Profile { owner: me.clone() };
    [channel, profile].iter().all(|space| transport.info_of(space).capabilities.profiles)
}

/// Takes back from somebody who was removed what `greet` let them into: my advert, my keys,
/// and my side of the channels between us. What it was told to forget lies in none of them
/// but the outbox, which stays open. Can be repeated.
pub(super) async fn hide(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    let transport = &*pass.node.transport;
    let is_met = meets(transport, &pass.node.email, peer);
    let Some(sharing) = transport.sharing().filter(|_| is_met) else { return Ok(()) };
    let me = pass.node.email.clone();
    let channels = Space::Inbox { owner: peer.clone(), sender: me.clone() };
    // The channels last: one who runs the Python client passes over a peer whose advert is
    // gone, and stops at one whose channels are.
    for space in [Space::Profile { owner: me }, channels] {
        match sharing.revoke(&space, &Recipient::from(peer)).await {
            // It never was let in, or nobody can be shut out of a channel.
            Ok(()) | Err(Error::NotFound { .. } | Error::Unsupported { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Shows a peer the keys to which it may seal, if I seal (`protocol.md` c.4).
async fn show_keys(pass: &Pass<'_>, space: &Space, peer: &Email) -> Result<()> {
    let (true, Some(keys)) = (pass.node.seals(), &pass.node.keys) else { return Ok(()) };
    let me = &pass.node.email;
    let name = ObjectName::parse(&bundle_name(me, peer))?;
    let not_written =
        |error: &dyn std::fmt::Display| Error::permanent("write", &name, error.to_string());
    let bundle = keys.bundle().to_did(me).map_err(|error| not_written(&error))?;
    let bytes =
        serde_json::to_vec(&json!({ BUNDLE: bundle })).map_err(|error| not_written(&error))?;
    let transport = &*pass.node.transport;
    let put = || transport.put(space, &name, bytes.clone().into(), PutMode::Create);
    let there = transport.find(space, &name).await?;
    if let Some(older) = there {
        if transport.get_bytes(&older, Advert::MAX_BYTES as u64).await? == bytes {
            return Ok(());
        }
        transport.delete(&[older]).await?;
    }
    put().await.map(drop)
}

/// Whether an advert of mine that lies there is of this version.
async fn says_as_much(transport: &dyn Transport, there: Option<&Object>) -> Result<bool> {
    let Some(there) = there else { return Ok(false) };
    let said = transport.get_bytes(there, Advert::MAX_BYTES as u64).await?;
    Ok(Advert::from_json(&said).is_ok_and(|advert| advert.version == COMPAT_VERSION))
}
