use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use tokio::sync::Barrier;

use super::{Cast, Exception, Verdict, ensure, name};
use crate::probe::noise;
use crate::{
    Error, Object, ObjectName, PutBody, PutMode, Result, Space, Transport, TransportExt, collect,
};

const CREATORS: usize = 16;
const ROUNDS: usize = 8;
const LIMIT: u64 = 1024 * 1024;

/// Lets all creators put at the same moment, each its own body.
async fn race(
    transport: &Arc<dyn Transport>,
    space: &Space,
    name: &ObjectName,
    bodies: Vec<Vec<u8>>,
) -> Result<Vec<Result<Object>>, Exception> {
    let start = Arc::new(Barrier::new(bodies.len()));
    let creators = bodies.into_iter().map(|body| {
        let (transport, start) = (transport.clone(), start.clone());
        let (space, name) = (space.clone(), name.clone());
        tokio::spawn(async move {
            start.wait().await;
            transport.put_bytes(&space, &name, body).await
        })
    });
    join_all(creators).await.into_iter().map(|end| end.map_err(Exception::broken)).collect()
}

pub(super) async fn one_of_many_creators_wins(cast: &Cast) -> Verdict {
    if !cast.owner.info().capabilities.exclusive_create {
        return Err(Exception::NotClaimed("the store cannot create exclusively".to_owned()));
    }
    let log = cast.log();
    cast.owner.open(&log).await?;
    for round in 0..ROUNDS {
        let name = name(&format!("raced_{round}"))?;
        let bodies: Vec<_> = (1..=CREATORS).map(|i| noise(4_000 + i, i as u64 * 2)).collect();
        let mut winner = None;
        let results = race(&cast.owner, &log, &name, bodies.clone()).await?;
        for (result, body) in results.into_iter().zip(bodies) {
            match result {
                Ok(object) => {
                    ensure!(winner.is_none(), "round {round} has several winners");
                    winner = Some((object, body));
                }
                Err(Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(Exception::broken(error)),
            }
        }
        let Some((object, body)) = winner else {
            return Err(Exception::Broken(format!("round {round} has no winner")));
        };
        let kept = cast.owner.get_bytes(&object, LIMIT).await?;
        ensure!(kept == body, "round {round} kept the bytes of a loser");
    }
    let listed = cast.owner.list_all(&log).await?;
    ensure!(listed.len() == ROUNDS, "{} objects after {ROUNDS} rounds", listed.len());
    Ok(())
}

pub(super) async fn same_bytes_from_many_creators_all_succeed(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let bodies = vec![noise(20_000, 9); CREATORS];
    for result in race(&cast.owner, &log, &name("same")?, bodies).await? {
        result?;
    }
    let listed = cast.owner.list_all(&log).await?;
    ensure!(listed.len() == 1, "there are {} twins", listed.len());
    Ok(())
}

/// The body itself looks into the space while it is half put.
pub(super) async fn a_reader_never_sees_a_part(cast: &Cast) -> Verdict {
    let outbox = cast.outbox();
    cast.owner.open(&outbox).await?;
    let whole = noise(200_000, 11);
    let pieces: Vec<Bytes> = whole.chunks(50_000).map(Bytes::copy_from_slice).collect();
    let (reader, space, length) = (cast.peer.clone(), outbox.clone(), whole.len() as u64);
    let body = PutBody::from_stream(length, move || {
        let (reader, space) = (reader.clone(), space.clone());
        stream::iter(pieces.clone())
            .then(move |piece| look(reader.clone(), space.clone(), piece))
            .boxed()
    });
    let object = cast.owner.put(&outbox, &name("whole")?, body, PutMode::Create).await?;
    ensure!(cast.peer.get_bytes(&object, LIMIT).await? == whole, "it came back changed");
    Ok(())
}

async fn look(reader: Arc<dyn Transport>, space: Space, piece: Bytes) -> Result<Bytes> {
    let Some(object) = reader.list_all(&space).await?.into_iter().next() else {
        return Ok(piece);
    };
    let stream = reader.get(&object, None).await?;
    let seen = collect(stream, "a part", LIMIT).await?.len();
    let detail = format!("a reader saw {seen} bytes of it before it was put");
    Err(Error::permanent("put", &object, detail))
}
