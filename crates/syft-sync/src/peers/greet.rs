//! What I say of myself, to whom.

use futures::stream::{self, StreamExt};
use syft_core::{COMPAT_VERSION, Email};
use syft_transport::{Error, ObjectName, PutMode, Recipient, Space, Transport, TransportExt};

use super::PeerTable;
use super::profile::show;
use crate::channels::{IN_FLIGHT, patiently};
use crate::hello::HELLO;
use crate::node::Pass;
use crate::{Hello, Result};

/// Puts my hello into the inbox of everybody whom I asked or accepted. Returns
/// what did not work, a line each: an inbox that cannot be written concerns that
/// peer alone, and is tried again by the next pass.
pub(crate) async fn greet(pass: &mut Pass<'_>, table: &mut PeerTable) -> Result<Vec<String>> {
    let me = &pass.node.email;
    let mut due = Vec::new();
    for (email, record) in table.to_greet() {
        let hello = hello_to(pass, email)?;
        let said = hello.fingerprint()?;
        if !record.greeted || record.said != Some(said) {
            let hello = written(pass, hello)?;
            due.push((email.clone(), said, hello, record.said != Some(said)));
        }
    }
    let transport = &*pass.node.transport;
    let pass_there = &*pass;
    let greeted: Vec<_> = stream::iter(due)
        .map(|(email, said, hello, is_news)| async move {
            let space = Space::Inbox { owner: email.clone(), sender: me.clone() };
            let put = async {
                put_hello(transport, &space, &hello, is_news).await?;
                let_in(transport, &space, &email).await?;
                show(pass_there, &email).await
            };
            let put = patiently(&space, 0, put).await;
            (email, said, put)
        })
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    let mut failed = Vec::new();
    for (email, said, put) in greeted {
        match put.map_err(crate::Error::from) {
            Ok(()) => {
                if let Some(record) = table.peers.get_mut(&email) {
                    (record.greeted, record.said) = (true, Some(said));
                }
                table.save(&*pass.node.disk)?;
            }
            Err(error) if error.ends_the_pass() => return Err(error),
            Err(error) => failed.push(format!("{email}: {error}")),
        }
    }
    Ok(failed)
}

/// Says hello to a peer in one store, if it is not said there.
pub(super) async fn say_hello(pass: &Pass<'_>, peer: &Email, store: &dyn Transport) -> Result<()> {
    let space = Space::Inbox { owner: peer.clone(), sender: pass.node.email.clone() };
    let name = ObjectName::parse(HELLO)?;
    if patiently(&space, 0, store.find(&space, &name)).await?.is_some() {
        return Ok(());
    }
    let hello = written(pass, hello_to(pass, peer)?)?;
    let put = async {
        put_hello(store, &space, &hello, false).await?;
        let_in(store, &space, peer).await
    };
    Ok(patiently(&space, 0, put).await?)
}

/// A hello as it is put, signed if there are keys.
fn written(pass: &Pass<'_>, hello: Hello) -> Result<Vec<u8>> {
    match &pass.node.keys {
        Some(keys) => hello.sign(keys)?.to_bytes(),
        None => hello.to_bytes(),
    }
}

/// Lets a peer into the channels between us, where it may have been shut out since they
/// were opened.
async fn let_in(
    transport: &dyn Transport,
    space: &Space,
    peer: &Email,
) -> syft_transport::Result<()> {
    let profiles = transport.info_of(space).capabilities.profiles;
    let Some(sharing) = transport.sharing().filter(|_| profiles) else { return Ok(()) };
    match sharing.grant(space, &Recipient::from(peer)).await {
        // Who may use a channel follows from whose it is.
        Err(Error::Unsupported { .. }) => Ok(()),
        granted => granted,
    }
}

/// What I say of myself to a peer, not signed yet: mostly nothing is to be said.
fn hello_to(pass: &Pass<'_>, peer: &Email) -> Result<Hello> {
    let (me, layout) = (&pass.node.email, pass.node.layouts.own().kind());
    let hello = Hello::of(me, layout, COMPAT_VERSION, pass.node.clock.now());
    let hello = if pass.node.seals() { hello.sealing() } else { hello };
    match &pass.node.keys {
        Some(keys) => hello.addressed(keys, peer),
        None => Ok(hello),
    }
}

/// Puts my hello into an inbox; one that is news takes the place of an older one: what I
/// run or how my datasite is laid out has changed since.
async fn put_hello(
    transport: &dyn Transport,
    space: &Space,
    hello: &[u8],
    is_news: bool,
) -> syft_transport::Result<()> {
    transport.open(space).await?;
    let name = ObjectName::parse(HELLO)?;
    let put = || transport.put(space, &name, hello.to_vec().into(), PutMode::Create);
    match put().await {
        Err(syft_transport::Error::AlreadyExists { .. }) => {}
        done => return done.map(drop),
    }
    let older = if is_news { transport.find(space, &name).await? } else { None };
    let me = &transport.info().identity;
    // Somebody else's is not mine to take away; the peer tells it apart by its owner.
    let mine = older.filter(|older| older.owner.as_ref().is_none_or(|owner| owner == me));
    let Some(mine) = mine else { return Ok(()) };
    transport.delete(&[mine]).await?;
    put().await.map(drop)
}
