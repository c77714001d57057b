use super::{Cast, Exception, Verdict, ensure, name};
use crate::{Change, Cursor, Error, TransportExt};

pub(super) async fn changes_name_what_happened_since_the_cursor(cast: &Cast) -> Verdict {
    let (Some(mine), Some(strangers)) = (cast.owner.changes(), cast.stranger.changes()) else {
        return Err(Exception::NotClaimed("the store has no feed of changes".to_owned()));
    };
    let (inbox, message) = (cast.inbox(), name("message")?);
    cast.peer.open(&inbox).await?;
    let (start, elsewhere) = (mine.cursor().await?, strangers.cursor().await?);
    ensure!(mine.since(&start).await?.changes.is_empty(), "something happened in a quiet store");
    let put = cast.peer.put_bytes(&inbox, &message, b"x".to_vec()).await?;
    let page = mine.since(&start).await?;
    let told = page.changes.iter().any(|change| {
        matches!(change, Change::Put(o) if (&o.space, &o.name, &o.id) == (&inbox, &message, &put.id))
    });
    ensure!(told, "a new object is told as {:?}", page.changes);
    cast.owner.retire(std::slice::from_ref(&put)).await?;
    let page = mine.since(&page.next).await?;
    let is_it = |change: &Change| matches!(change, Change::Removed { id } if *id == put.id);
    ensure!(page.changes.iter().all(is_it), "told {:?}", page.changes);
    ensure!(!page.changes.is_empty(), "it is not told that a message was retired");
    ensure!(mine.since(&page.next).await?.changes.is_empty(), "a change is told twice");
    let leaked = strangers.since(&elsewhere).await?.changes;
    ensure!(leaked.is_empty(), "a stranger is told {leaked:?}");
    let unknown = mine.since(&Cursor("no such cursor".to_owned())).await;
    ensure!(matches!(unknown, Err(Error::Precondition { .. })), "a bad cursor gave {unknown:?}");
    Ok(())
}
