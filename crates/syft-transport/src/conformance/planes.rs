use super::{Cast, Exception, Verdict, ensure, name};
use crate::{ChangeKind, Cursor, Error, TransportExt};

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
        change.space == inbox
            && change.name.as_ref() == Some(&message)
            && change.kind == ChangeKind::Put
    });
    ensure!(told, "a new object is told as {:?}", page.changes);
    cast.owner.retire(&[put]).await?;
    let page = mine.since(&page.next).await?;
    ensure!(page.changes.iter().all(|c| c.kind == ChangeKind::Removed), "told {:?}", page.changes);
    ensure!(mine.since(&page.next).await?.changes.is_empty(), "a change is told twice");
    let leaked = strangers.since(&elsewhere).await?.changes;
    ensure!(leaked.is_empty(), "a stranger is told {leaked:?}");
    let unknown = mine.since(&Cursor("no such cursor".to_owned())).await;
    ensure!(matches!(unknown, Err(Error::Precondition { .. })), "a bad cursor gave {unknown:?}");
    Ok(())
}
