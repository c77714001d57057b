use super::{Cast, Exception, Verdict, ensure, name};
use crate::{Listed, Object, Recipient, Space, SpaceKind, Transport, TransportExt, grants};

const LIMIT: u64 = 1024;

async fn finds(who: &dyn Transport, kind: SpaceKind, space: &Space) -> Result<bool, Exception> {
    Ok(who.discover(kind).await?.spaces.contains(space))
}

pub(super) async fn open_is_idempotent(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    cast.owner.put_bytes(&log, &name("a")?, b"x".to_vec()).await?;
    cast.owner.open(&log).await?;
    ensure!(cast.owner.list_all(&log).await?.len() == 1, "opening again lost an object");
    Ok(())
}

pub(super) async fn a_space_that_nobody_opened_is_empty(cast: &Cast) -> Verdict {
    for space in [cast.log(), cast.inbox(), cast.outbox(), cast.collection()?] {
        let listed = cast.owner.list_all(&space).await?;
        ensure!(listed.is_empty(), "{space} lists {listed:?}");
    }
    for kind in [SpaceKind::Inbox, SpaceKind::Outbox, SpaceKind::OwnCollection] {
        let found = cast.owner.discover(kind).await?;
        ensure!(found.spaces.is_empty(), "{kind:?} finds {:?}", found.spaces);
    }
    Ok(())
}

pub(super) async fn messages_are_retired_once(cast: &Cast) -> Verdict {
    let inbox = cast.inbox();
    cast.peer.open(&inbox).await?;
    for text in ["first", "second"] {
        cast.peer.put_bytes(&inbox, &name(text)?, text.as_bytes().to_vec()).await?;
    }
    let messages = cast.owner.list_all(&inbox).await?;
    ensure!(messages.len() == 2, "{} of 2 messages arrived", messages.len());
    for message in &messages {
        let body = cast.owner.get_bytes(message, LIMIT).await?;
        ensure!(body == message.name.as_str().as_bytes(), "{message} holds other bytes");
        cast.owner.retire(std::slice::from_ref(message)).await?;
        cast.owner.retire(std::slice::from_ref(message)).await?;
    }
    ensure!(cast.owner.list_all(&inbox).await?.is_empty(), "retired messages are listed");
    Ok(())
}

pub(super) async fn spaces_are_apart(cast: &Cast) -> Verdict {
    let owner = cast.owner_email();
    let spaces = [
        cast.log(),
        cast.outbox(),
        cast.collection()?,
        Space::Checkpoints { owner: owner.clone() },
        Space::Rolling { owner: owner.clone() },
        Space::Archive { owner: owner.clone() },
        Space::State { owner: owner.clone() },
        Space::Profile { owner },
    ];
    let name = name("same name")?;
    for space in &spaces {
        cast.owner.open(space).await?;
        cast.owner.put_bytes(space, &name, space.to_string().into_bytes()).await?;
    }
    for space in &spaces {
        let listed = cast.owner.list_all(space).await?;
        ensure!(listed.len() == 1, "{space} lists {listed:?}");
        for object in &listed {
            let body = cast.owner.get_bytes(object, LIMIT).await?;
            ensure!(body == space.to_string().into_bytes(), "{space} holds another's bytes");
        }
    }
    Ok(())
}

pub(super) async fn many_spaces_are_listed_as_each_is(cast: &Cast) -> Verdict {
    let (inbox, log) = (cast.inbox(), cast.log());
    for (who, space) in [(&cast.peer, &inbox), (&cast.owner, &log)] {
        who.open(space).await?;
        for text in ["first", "second"] {
            who.put_bytes(space, &name(text)?, space.to_string().into_bytes()).await?;
        }
    }
    let closed = Space::Checkpoints { owner: cast.owner_email() };
    // One is asked for twice, and nobody has opened another.
    let spaces = [log.clone(), closed, inbox.clone(), log];
    let lists = cast.owner.list_many(&spaces).await?;
    ensure!(lists.len() == spaces.len(), "{} lists of {} spaces", lists.len(), spaces.len());
    for (space, list) in spaces.iter().zip(lists) {
        let mut objects: Vec<Object> = list?.into_iter().filter_map(as_object).collect();
        objects.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let alone = cast.owner.list_all(space).await?;
        ensure!(objects == alone, "{space} lists {objects:?} among others and {alone:?} alone");
    }
    let theirs = Space::Log { owner: cast.peer_email() };
    cast.peer.open(&theirs).await?;
    let lists = cast.peer.list_many(&[inbox, theirs.clone()]).await?;
    ensure!(lists.len() == 2, "{} lists of 2 spaces", lists.len());
    // Whatever is said of a space that only the owner reads, it stops no other.
    ensure!(matches!(lists.last(), Some(Ok(list)) if list.is_empty()), "{theirs}: {lists:?}");
    Ok(())
}

fn as_object(line: Listed) -> Option<Object> {
    match line {
        Listed::Object(object) => Some(object),
        Listed::Skipped(_) => None,
    }
}

pub(super) async fn an_inbox_is_discovered(cast: &Cast) -> Verdict {
    let inbox = cast.inbox();
    cast.peer.open(&inbox).await?;
    cast.peer.put_bytes(&inbox, &name("hello")?, b"{}".to_vec()).await?;
    ensure!(finds(&*cast.owner, SpaceKind::Inbox, &inbox).await?, "the owner does not find it");
    ensure!(!finds(&*cast.peer, SpaceKind::Inbox, &inbox).await?, "the sender finds it");
    ensure!(!finds(&*cast.stranger, SpaceKind::Inbox, &inbox).await?, "a stranger finds it");
    Ok(())
}

pub(super) async fn an_outbox_is_discovered(cast: &Cast) -> Verdict {
    let outbox = cast.outbox();
    cast.owner.open(&outbox).await?;
    cast.owner.put_bytes(&outbox, &name("event")?, b"x".to_vec()).await?;
    ensure!(finds(&*cast.peer, SpaceKind::Outbox, &outbox).await?, "the recipient misses it");
    ensure!(!finds(&*cast.stranger, SpaceKind::Outbox, &outbox).await?, "a stranger finds it");
    let events = cast.peer.list_all(&outbox).await?;
    ensure!(events.len() == 1, "the recipient lists {events:?}");
    for event in &events {
        ensure!(cast.peer.get_bytes(event, LIMIT).await? == b"x", "the event came changed");
    }
    Ok(())
}

pub(super) async fn a_grant_makes_a_collection_discoverable(cast: &Cast) -> Verdict {
    let (space, peer) = (cast.collection()?, cast.peer_email());
    cast.owner.open(&space).await?;
    cast.owner.put_bytes(&space, &name("mock.csv")?, b"a,b\n".to_vec()).await?;
    ensure!(
        !finds(&*cast.peer, SpaceKind::Collection, &space).await?,
        "it is found without a grant"
    );
    grants::grant(&*cast.owner, &space, &peer).await?;
    grants::grant(&*cast.owner, &space, &peer).await?;
    ensure!(grants::list(&*cast.owner, &space).await? == [Recipient::from(&peer)], "other grants");
    ensure!(finds(&*cast.peer, SpaceKind::Collection, &space).await?, "the peer misses it");
    ensure!(!finds(&*cast.stranger, SpaceKind::Collection, &space).await?, "a stranger finds it");
    let files = cast.peer.list_all(&space).await?;
    let files: Vec<_> = files.iter().filter(|o| !grants::is_grant(&o.name)).collect();
    ensure!(files.len() == 1, "the peer lists {files:?}");
    for file in files {
        ensure!(cast.peer.get_bytes(file, LIMIT).await? == b"a,b\n", "the file came changed");
    }
    grants::revoke(&*cast.owner, &space, &peer).await?;
    grants::revoke(&*cast.owner, &space, &peer).await?;
    ensure!(!finds(&*cast.peer, SpaceKind::Collection, &space).await?, "it is found when revoked");
    ensure!(grants::list(&*cast.owner, &space).await?.is_empty(), "a revoked grant is listed");
    Ok(())
}

pub(super) async fn a_collection_for_any_reaches_everyone(cast: &Cast) -> Verdict {
    let space = cast.collection()?;
    cast.owner.open(&space).await?;
    grants::grant(&*cast.owner, &space, Recipient::Any).await?;
    if cast.owner.info().capabilities.any_by_name {
        let found = grants::list(&*cast.owner, &space).await?;
        ensure!(found == [Recipient::Any], "granted are {found:?}");
        return Err(Exception::NotClaimed("each reader is named".to_owned()));
    }
    for who in [&cast.peer, &cast.stranger] {
        let email = &who.info().identity;
        ensure!(finds(&**who, SpaceKind::Collection, &space).await?, "{email} misses it");
    }
    grants::revoke(&*cast.owner, &space, Recipient::Any).await?;
    ensure!(!finds(&*cast.peer, SpaceKind::Collection, &space).await?, "it is found when revoked");
    Ok(())
}

pub(super) async fn own_collections_are_found_again(cast: &Cast) -> Verdict {
    let space = cast.collection()?;
    cast.owner.open(&space).await?;
    cast.owner.put_bytes(&space, &name("mock.csv")?, b"x".to_vec()).await?;
    let kind = SpaceKind::OwnCollection;
    ensure!(finds(&*cast.owner, kind, &space).await?, "the owner does not find it");
    ensure!(!finds(&*cast.owner, SpaceKind::Collection, &space).await?, "it counts as another's");
    ensure!(!finds(&*cast.peer, kind, &space).await?, "it counts as the peer's own");
    Ok(())
}

pub(super) async fn all_that_is_mine_is_found_again(cast: &Cast) -> Verdict {
    let mine = [cast.log(), cast.outbox(), cast.collection()?];
    for space in &mine {
        cast.owner.open(space).await?;
    }
    let theirs = cast.inbox();
    cast.peer.open(&theirs).await?;
    for space in &mine {
        ensure!(finds(&*cast.owner, SpaceKind::Mine, space).await?, "{space} is not found");
        ensure!(!finds(&*cast.peer, SpaceKind::Mine, space).await?, "{space} is the peer's");
    }
    ensure!(finds(&*cast.peer, SpaceKind::Mine, &theirs).await?, "{theirs} is not found");
    ensure!(!finds(&*cast.owner, SpaceKind::Mine, &theirs).await?, "{theirs} is the owner's");
    Ok(())
}

pub(super) async fn a_sender_takes_back_what_was_put(cast: &Cast) -> Verdict {
    let inbox = cast.inbox();
    cast.peer.open(&inbox).await?;
    cast.peer.put_bytes(&inbox, &name("message")?, b"x".to_vec()).await?;
    let mine = cast.peer.list_all(&inbox).await?;
    ensure!(mine.len() == 1, "the sender sees {} of 1 messages", mine.len());
    cast.peer.delete(&mine).await?;
    cast.peer.delete(&mine).await?;
    ensure!(cast.owner.list_all(&inbox).await?.is_empty(), "the message is still there");
    Ok(())
}
