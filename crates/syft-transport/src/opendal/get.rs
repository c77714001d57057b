use std::ops::Range;

use ::opendal::options::ReaderOptions;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{OpendalTransport, errors};
use crate::{ByteStream, Object, Result};

impl OpendalTransport {
    pub(super) async fn read(
        &self,
        object: &Object,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream> {
        let key = object.to_string();
        let failed = {
            let key = key.clone();
            move |error: ::opendal::Error| errors::error("get", &key, &error)
        };
        let range = range.unwrap_or(0..object.size);
        let range = range.start..range.end.min(object.size);
        if range.is_empty() {
            // Nothing is asked for, but of what is gone it is said.
            self.operator.stat(&key).await.map_err(failed)?;
            return Ok(stream::empty().boxed());
        }
        let options =
            ReaderOptions { content_length_hint: Some(object.size), ..ReaderOptions::default() };
        let reader = self.operator.reader_options(&key, options).await.map_err(&failed)?;
        let pieces = reader.into_stream(range).await.map_err(&failed)?;
        let mut pieces = pieces
            .map_err(failed)
            .map_ok(|buffer| stream::iter(buffer).map(Ok))
            .try_flatten()
            .boxed();
        // The store is asked when the first piece is: what is gone is told now.
        let first = pieces.try_next().await?;
        Ok(stream::iter(first.map(Ok)).chain(pieces).boxed())
    }
}
