//! Files on their way back, checked by size and hash.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use google_drive3::hyper::header::RANGE;
use google_drive3::hyper::{Method, StatusCode};
use md5::{Digest as _, Md5};
use tokio::time::sleep;

use super::DriveTransport;
use super::call::What;
use super::client::Client;
use crate::{ByteStream, Error, Object, Result, Space, Version};

/// Cuts in a row, without a byte between them, until a download is given up.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);

impl DriveTransport {
    pub(super) async fn get_object(
        &self,
        object: &Object,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream> {
        let what = What::new("get", object);
        if !matches!(object.space, Space::Collection { .. }) {
            self.check_read(&object.space, &what).await?;
        }
        let is_whole = range.is_none();
        let range = range.map_or(0..object.size, |range| range.start..range.end.min(object.size));
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let mut download = Download {
            client: self.client().clone(),
            id: object.id.clone(),
            what: what.clone(),
            left: range,
            body: None,
            failures: 0,
            md5: Md5::new(),
            wanted: object.version.clone().filter(|_| is_whole),
        };
        match download.open().await {
            Ok(()) => {}
            Err(error @ Error::NotFound { .. }) => {
                self.check_read(&object.space, &what).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        Ok(stream::try_unfold(download, Download::next).boxed())
    }
}

/// A file on its way, and where to go on if it is cut.
struct Download {
    client: Client,
    id: String,
    what: What,
    left: Range<u64>,
    body: Option<ByteStream>,
    failures: u32,
    /// Of all that came.
    md5: Md5,
    /// The hash of the whole, if all of it is asked for.
    wanted: Option<Version>,
}

impl Download {
    async fn open(&mut self) -> Result<()> {
        let call = self
            .client
            .call(Method::GET, &["files", &self.id], self.what.clone())
            .query("alt", "media");
        let call = match (self.left.start, &self.wanted) {
            (0, Some(_)) => call,
            (start, _) => call.header(RANGE, format!("bytes={start}-{}", self.left.end - 1)),
        };
        let answer = self.client.send(&call).await?;
        // A server that gives more than the part begins at the start.
        let is_part = answer.status == StatusCode::PARTIAL_CONTENT;
        let skip = if is_part { 0 } else { self.left.start };
        self.body = Some(without_start(answer.stream(), skip));
        Ok(())
    }

    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        while !self.left.is_empty() {
            match self.piece().await {
                Ok(piece) => {
                    self.md5.update(&piece);
                    self.left.start += piece.len() as u64;
                    self.failures = 0;
                    return Ok(Some((piece, self)));
                }
                Err(error) if error.is_retryable() && self.failures < TRIES => {
                    sleep(FIRST_WAIT * 2_u32.saturating_pow(self.failures)).await;
                    self.failures += 1;
                    self.body = None;
                }
                Err(error) => return Err(error),
            }
        }
        let came = Version(format!("{:x}", self.md5.clone().finalize()));
        if self.wanted.take().is_some_and(|wanted| wanted != came) {
            let What { action, subject } = self.what;
            return Err(Error::precondition(action, subject, "other bytes came than are listed"));
        }
        Ok(None)
    }

    /// What comes next, of which there is some.
    async fn piece(&mut self) -> Result<Bytes> {
        if self.body.is_none() {
            self.open().await?;
        }
        let left = usize::try_from(self.left.end - self.left.start).unwrap_or(usize::MAX);
        while let Some(body) = &mut self.body {
            let Some(mut piece) = body.try_next().await? else { break };
            piece.truncate(left);
            if !piece.is_empty() {
                return Ok(piece);
            }
        }
        let What { action, subject } = &self.what;
        Err(Error::temporary(action, subject, "it was cut"))
    }
}

/// A body without so many bytes at its start.
fn without_start(body: ByteStream, skip: u64) -> ByteStream {
    stream::try_unfold((body, skip), |(mut body, mut skip)| async move {
        while let Some(mut piece) = body.try_next().await? {
            let dropped = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
            let _ = piece.split_to(dropped);
            skip -= dropped as u64;
            if !piece.is_empty() {
                return Ok(Some((piece, (body, skip))));
            }
        }
        Ok(None)
    })
    .boxed()
}
