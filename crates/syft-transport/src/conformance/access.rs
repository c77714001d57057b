use std::fmt;

use super::{Cast, Exception, Verdict, ensure, name};
use crate::{Error, Identities, Result, TransportExt};

const LIMIT: u64 = 1024;

fn ensure_denied<T: fmt::Debug>(what: &str, result: Result<T>) -> Verdict {
    ensure!(matches!(result, Err(Error::Denied { .. })), "{what} gave {result:?}");
    Ok(())
}

pub(super) async fn writing_in_the_name_of_another_is_denied(cast: &Cast) -> Verdict {
    let (inbox, outbox, log) = (cast.inbox(), cast.outbox(), cast.log());
    cast.peer.open(&inbox).await?;
    cast.owner.open(&outbox).await?;
    cast.owner.open(&log).await?;
    for space in [&inbox, &outbox, &log] {
        ensure_denied("opening as a stranger", cast.stranger.open(space).await)?;
        let put = cast.stranger.put_bytes(space, &name("posed")?, b"x".to_vec()).await;
        ensure_denied("putting as a stranger", put)?;
        ensure!(cast.owner.list_all(space).await?.is_empty(), "{space} holds a stranger's object");
    }
    let put = cast.owner.put_bytes(&inbox, &name("posed")?, b"x".to_vec()).await;
    ensure_denied("putting into one's own inbox as its sender", put)
}

pub(super) async fn deleting_what_is_not_mine_is_denied(cast: &Cast) -> Verdict {
    let (inbox, outbox) = (cast.inbox(), cast.outbox());
    cast.peer.open(&inbox).await?;
    cast.owner.open(&outbox).await?;
    let message = cast.peer.put_bytes(&inbox, &name("message")?, b"x".to_vec()).await?;
    let event = cast.owner.put_bytes(&outbox, &name("event")?, b"x".to_vec()).await?;
    ensure_denied("retiring", cast.stranger.retire(std::slice::from_ref(&message)).await)?;
    ensure_denied("deleting", cast.stranger.delete(std::slice::from_ref(&event)).await)?;
    for (space, left) in [(&inbox, "message"), (&outbox, "event")] {
        ensure!(cast.owner.list_all(space).await?.len() == 1, "the {left} is gone");
    }
    Ok(())
}

pub(super) async fn reading_what_is_not_shared_is_denied(cast: &Cast) -> Verdict {
    if !cast.owner.info().capabilities.access_control {
        return Err(Exception::NotClaimed("whoever has the store reads it all".to_owned()));
    }
    let (inbox, outbox, collection) = (cast.inbox(), cast.outbox(), cast.collection()?);
    cast.peer.open(&inbox).await?;
    let mut objects = vec![cast.peer.put_bytes(&inbox, &name("message")?, b"x".to_vec()).await?];
    for space in [&outbox, &collection, &cast.log()] {
        cast.owner.open(space).await?;
        objects.push(cast.owner.put_bytes(space, &name("secret")?, b"x".to_vec()).await?);
    }
    for object in &objects {
        ensure_denied("listing", cast.stranger.list_all(&object.space).await)?;
        ensure_denied("reading", cast.stranger.get_bytes(object, LIMIT).await)?;
    }
    Ok(())
}

pub(super) async fn the_provider_states_who_put_an_object(cast: &Cast) -> Verdict {
    let inbox = cast.inbox();
    cast.peer.open(&inbox).await?;
    cast.peer.put_bytes(&inbox, &name("message")?, b"x".to_vec()).await?;
    let proven = cast.owner.info().identities == Identities::Proven;
    for object in cast.owner.list_all(&inbox).await? {
        let wanted = proven.then(|| cast.peer_email());
        ensure!(object.owner == wanted, "it states {:?}", object.owner);
    }
    if proven {
        return Ok(());
    }
    Err(Exception::NotClaimed("identities are claimed, and no owner is stated".to_owned()))
}
