use bytes::Bytes;
use futures::stream::{self, StreamExt};

use super::{Cast, Verdict, ensure, name};
use crate::probe::noise;
use crate::{Error, Object, PutBody, PutMode, Transport, TransportExt, collect};

const LIMIT: u64 = 16 * 1024 * 1024;

pub(super) async fn bytes_come_back_as_they_were_put(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let bodies = [
        Vec::new(),
        b"\r\n\0\xff\xfe line\n".to_vec(),
        noise(65_537, 1),
        noise(3 * 1024 * 1024, 2),
    ];
    for (i, body) in bodies.into_iter().enumerate() {
        let object = cast.owner.put_bytes(&log, &name(&format!("body_{i}"))?, body.clone()).await?;
        ensure!(object.size == body.len() as u64, "put says {} bytes", object.size);
        let back = cast.owner.get_bytes(&object, LIMIT).await?;
        ensure!(back == body, "a body of {} bytes came back changed", body.len());
    }
    Ok(())
}

pub(super) async fn a_streamed_body_comes_back_as_it_was_put(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let whole = noise(700_001, 3);
    let pieces: Vec<Bytes> = whole.chunks(9_999).map(Bytes::copy_from_slice).collect();
    let body = PutBody::from_stream(whole.len() as u64, move || {
        stream::iter(pieces.clone().into_iter().map(Ok)).boxed()
    });
    let object = cast.owner.put(&log, &name("streamed")?, body, PutMode::Create).await?;
    ensure!(cast.owner.get_bytes(&object, LIMIT).await? == whole, "it came back changed");
    Ok(())
}

pub(super) async fn a_range_is_what_lies_within_the_object(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let body = noise(300_000, 4);
    let object = cast.owner.put_bytes(&log, &name("ranged")?, body.clone()).await?;
    let ranges = [0..0, 0..1, 5..262_150, 299_999..300_000, 299_990..400_000, 300_000..u64::MAX];
    for range in ranges {
        let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
        let wanted = body.get(within(range.start)..within(range.end)).unwrap_or_default();
        let stream = cast.owner.get(&object, Some(range.clone())).await?;
        let got = collect(stream, "a range", LIMIT).await?;
        ensure!(got == wanted, "{range:?} gave {} bytes, not {}", got.len(), wanted.len());
    }
    Ok(())
}

pub(super) async fn a_body_that_fails_leaves_nothing(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let body = PutBody::from_stream(8, || {
        let broken = Err(Error::permanent("read", "the body", "made to fail"));
        stream::iter([Ok(Bytes::from_static(b"12345678")), broken]).boxed()
    });
    let put = cast.owner.put(&log, &name("cut")?, body, PutMode::Create).await;
    ensure!(put.is_err(), "a put whose body fails is success");
    nothing_there(&*cast.owner, &cast.log()).await
}

pub(super) async fn a_body_beyond_the_largest_is_refused_unread(cast: &Cast) -> Verdict {
    let log = cast.log();
    let Some(largest) = cast.owner.info().capabilities.largest else { return Ok(()) };
    cast.owner.open(&log).await?;
    let body = PutBody::from_stream(largest.saturating_add(1), || {
        let read = Err(Error::permanent("read", "the body", "it was read, though it is too large"));
        stream::iter([read]).boxed()
    });
    let put = cast.owner.put(&log, &name("large")?, body, PutMode::Create).await;
    ensure!(matches!(put, Err(Error::TooLarge { .. })), "putting {largest} and one: {put:?}");
    nothing_there(&*cast.owner, &cast.log()).await
}

pub(super) async fn a_body_of_another_length_leaves_nothing(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    for declared in [3, 5] {
        let body = PutBody::from_stream(declared, || {
            stream::iter([Ok(Bytes::from_static(b"four"))]).boxed()
        });
        let put = cast.owner.put(&log, &name("length")?, body, PutMode::Create).await;
        ensure!(put.is_err(), "4 bytes were taken for {declared}");
    }
    nothing_there(&*cast.owner, &log).await
}

async fn nothing_there(transport: &dyn Transport, space: &crate::Space) -> Verdict {
    let there: Vec<Object> = transport.list_all(space).await?;
    ensure!(there.is_empty(), "{} objects are listed", there.len());
    Ok(())
}
