//! What is done to several objects or spaces in one call.

use super::{Cast, Verdict, ensure, name};
use crate::{Listed, Transport, TransportExt};

pub(super) async fn what_is_cleared_is_deleted_and_retired(cast: &Cast) -> Verdict {
    let (log, inbox) = (cast.log(), cast.inbox());
    cast.owner.open(&log).await?;
    cast.peer.open(&inbox).await?;
    for text in ["first", "second", "third"] {
        cast.owner.put_bytes(&log, &name(text)?, b"x".to_vec()).await?;
        cast.peer.put_bytes(&inbox, &name(text)?, b"x".to_vec()).await?;
    }
    let (mut logged, mut messages) =
        (cast.owner.list_all(&log).await?, cast.owner.list_all(&inbox).await?);
    logged.pop();
    messages.pop();
    // What is gone already is success.
    for _ in 0..2 {
        cast.owner.clear(&logged, &messages).await?;
    }
    cast.owner.clear(&[], &[]).await?;
    for space in [log, inbox] {
        let left = cast.owner.list_all(&space).await?;
        ensure!(left.len() == 1, "{} are left in {space}", left.len());
    }
    Ok(())
}

pub(super) async fn several_spaces_are_listed_as_each_alone(cast: &Cast) -> Verdict {
    let (log, inbox, outbox) = (cast.log(), cast.inbox(), cast.outbox());
    cast.owner.open(&log).await?;
    cast.peer.open(&inbox).await?;
    cast.owner.put_bytes(&log, &name("a")?, b"x".to_vec()).await?;
    cast.owner.put_bytes(&log, &name("b")?, b"x".to_vec()).await?;
    cast.peer.put_bytes(&inbox, &name("a")?, b"y".to_vec()).await?;
    let spaces = [log, outbox, inbox];
    let lists = cast.owner.list_each(&spaces).await?;
    ensure!(lists.len() == spaces.len(), "{} lists of {} spaces", lists.len(), spaces.len());
    for (space, list) in spaces.iter().zip(lists) {
        let mut objects: Vec<_> = list
            .into_iter()
            .filter_map(|line| match line {
                Listed::Object(object) => Some(object),
                Listed::Skipped(_) => None,
            })
            .collect();
        objects.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let alone = cast.owner.list_all(space).await?;
        ensure!(objects == alone, "{space} holds {alone:?}, and together {objects:?}");
    }
    Ok(())
}
