//! What is done to several objects in one call.

use super::{Cast, Verdict, ensure, name};
use crate::{Transport, TransportExt};

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
