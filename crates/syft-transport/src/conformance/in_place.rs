//! Objects that take the place of older ones. A store that cannot do it says so, and the
//! first promise sees to it that it left everything as it was.

use super::{Cast, Exception, Verdict, ensure, name};
use crate::probe::noise;
use crate::{Change, Error, Object, PutMode, Result, Space, Transport, TransportExt};

const LIMIT: u64 = 16 * 1024 * 1024;

/// Puts bytes of the owner in place of an older object.
async fn put(cast: &Cast, older: &Object, text: &str, body: &[u8]) -> Result<Object> {
    let name = crate::ObjectName::parse(text)?;
    let mode = PutMode::InPlaceOf(older.clone());
    cast.owner.put(&older.space, &name, body.to_vec().into(), mode).await
}

/// An object of the owner's, in a store that can put another in its place.
async fn older(cast: &Cast) -> Result<Object, Exception> {
    if !cast.owner.info().capabilities.in_place {
        return Err(Exception::NotClaimed("the store puts nothing in place of another".to_owned()));
    }
    let log = cast.log();
    cast.owner.open(&log).await?;
    Ok(cast.owner.put_bytes(&log, &name("older")?, b"older".to_vec()).await?)
}

/// Nothing lies in a space but this object, with these bytes.
async fn is_alone(who: &dyn Transport, space: &Space, text: &str, body: &[u8]) -> Verdict {
    let listed = who.list_all(space).await?;
    let [object] = &listed[..] else {
        return Err(Exception::broken(format!("{} objects are listed", listed.len())));
    };
    ensure!(object.name.as_str() == text, "{} is listed and not {text}", object.name);
    ensure!(object.size == body.len() as u64, "{text} is listed with {} bytes", object.size);
    let back = who.get_bytes(object, LIMIT).await?;
    ensure!(back == body, "{text} holds {} other bytes", back.len());
    Ok(())
}

pub(super) async fn an_object_takes_the_place_of_an_older_one_or_it_is_unsupported(
    cast: &Cast,
) -> Verdict {
    let outbox = cast.outbox();
    cast.owner.open(&outbox).await?;
    let mut last = cast.owner.put_bytes(&outbox, &name("first")?, b"first".to_vec()).await?;
    is_alone(&*cast.peer, &outbox, "first", b"first").await?;
    // Another name and other bytes, the same name, the same bytes, none, and many of them.
    let many = noise(6 * 1024 * 1024, 21);
    let others: [(&str, &[u8]); 5] =
        [("second", b"2"), ("second", b"22"), ("third", b"22"), ("third", b""), ("fourth", &many)];
    for (text, body) in others {
        let replaced = put(cast, &last, text, body).await;
        if !cast.owner.info().capabilities.in_place {
            let refused = matches!(replaced, Err(Error::Unsupported { .. }));
            ensure!(refused, "a store that cannot do it answered {replaced:?}");
            return is_alone(&*cast.owner, &outbox, "first", b"first").await;
        }
        last = replaced?;
        let is_it = last.name.as_str() == text && last.space == outbox;
        ensure!(is_it && last.size == body.len() as u64, "put says {last:?}");
        for who in [&cast.owner, &cast.peer] {
            is_alone(&**who, &outbox, text, body).await?;
        }
        let back = cast.owner.get_bytes(&last, LIMIT).await?;
        ensure!(back == body, "what put tells of holds {} other bytes", back.len());
    }
    // The name of one that went is free again.
    cast.owner.put_bytes(&outbox, &name("second")?, b"again".to_vec()).await?;
    let listed = cast.owner.list_all(&outbox).await?;
    ensure!(listed.len() == 2, "{} of 2 objects are listed", listed.len());
    Ok(())
}

pub(super) async fn taking_a_place_again_changes_nothing(cast: &Cast) -> Verdict {
    let older = older(cast).await?;
    let first = put(cast, &older, "newer", b"newer").await?;
    for _ in 0..2 {
        let again = put(cast, &older, "newer", b"newer").await?;
        ensure!(again.id == first.id, "it is {} and then {}", first.id, again.id);
        ensure!(again.version == first.version, "it is told to be another version");
        is_alone(&*cast.owner, &older.space, "newer", b"newer").await?;
    }
    Ok(())
}

pub(super) async fn what_takes_the_place_of_nothing_is_created(cast: &Cast) -> Verdict {
    let older = older(cast).await?;
    cast.owner.delete(std::slice::from_ref(&older)).await?;
    for _ in 0..2 {
        put(cast, &older, "newer", b"newer").await?;
        is_alone(&*cast.owner, &older.space, "newer", b"newer").await?;
    }
    let other = put(cast, &older, "newer", b"other").await;
    ensure!(matches!(other, Err(Error::AlreadyExists { .. })), "a taken name gave {other:?}");
    is_alone(&*cast.owner, &older.space, "newer", b"newer").await
}

pub(super) async fn the_place_of_a_third_object_is_not_taken(cast: &Cast) -> Verdict {
    let older = older(cast).await?;
    cast.owner.put_bytes(&older.space, &name("third")?, b"third".to_vec()).await?;
    let over = put(cast, &older, "third", b"other").await;
    ensure!(matches!(over, Err(Error::AlreadyExists { .. })), "a taken name gave {over:?}");
    let listed = cast.owner.list_all(&older.space).await?;
    ensure!(listed.len() == 2, "{} of 2 objects are left", listed.len());
    // The same bytes are there already: only the older one goes.
    put(cast, &older, "third", b"third").await?;
    is_alone(&*cast.owner, &older.space, "third", b"third").await
}

pub(super) async fn the_place_of_what_is_not_mine_is_not_taken(cast: &Cast) -> Verdict {
    let (older, inbox) = (older(cast).await?, cast.inbox());
    cast.peer.open(&inbox).await?;
    let message = cast.peer.put_bytes(&inbox, &name("message")?, b"x".to_vec()).await?;
    let (own, new) = (Space::Log { owner: cast.stranger.info().identity.clone() }, name("new")?);
    cast.stranger.open(&own).await?;
    for (who, space, of) in [
        (&cast.stranger, &older.space, &older),
        (&cast.stranger, &own, &older),
        (&cast.owner, &inbox, &message),
        (&cast.owner, &older.space, &message),
    ] {
        let mode = PutMode::InPlaceOf(of.clone());
        let taken = who.put(space, &new, b"y".to_vec().into(), mode).await;
        ensure!(matches!(taken, Err(Error::Denied { .. })), "the place of {of} gave {taken:?}");
    }
    is_alone(&*cast.owner, &older.space, "older", b"older").await?;
    is_alone(&*cast.owner, &inbox, "message", b"x").await
}

pub(super) async fn the_feed_shows_what_took_a_place(cast: &Cast) -> Verdict {
    let older = older(cast).await?;
    let Some(feed) = cast.owner.changes() else { return Ok(()) };
    let start = feed.cursor().await?;
    let newer = put(cast, &older, "newer", b"newer").await?;
    let changes = feed.since(&start).await?.changes;
    let is_put = |change: &Change| matches!(change, Change::Put(object) if *object == newer);
    ensure!(changes.iter().any(is_put), "told is {changes:?}");
    let is_gone = |change: &Change| matches!(change, Change::Removed { id } if *id == older.id);
    let is_told = older.id == newer.id || changes.iter().any(is_gone);
    ensure!(is_told, "that the older one went is not told: {changes:?}");
    Ok(())
}
