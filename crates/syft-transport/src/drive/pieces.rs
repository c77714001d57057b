//! A large file on its way, which goes on where it was cut (Drive API, "Perform a resumable
//! upload").

use std::time::Duration;

use bytes::Bytes;
use google_drive3::api::File;
use google_drive3::hyper::header::{CONTENT_RANGE, RANGE};
use google_drive3::hyper::{Method, StatusCode};
use tokio::time::sleep;
use url::Url;

use super::call::{Call, What};
use super::client::{Answer, Client};
use super::source::Source;
use super::upload::BYTES;
use crate::{Error, PutBody, Result};

/// Failures in a row, without progress between them, until an upload is given up.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// An upload that was opened.
pub(super) struct Pieces<'a> {
    client: &'a Client,
    /// Whoever knows it may send: no token goes with it.
    address: Url,
    length: u64,
    what: &'a What,
    source: Source<'a>,
    /// All before this has arrived.
    at: u64,
    failures: u32,
}

/// What the server says of an upload.
enum Progress {
    Done(Box<File>),
    /// All before this has arrived.
    At(u64),
    /// It knows of none.
    Gone,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(client: &'a Client, address: Url, body: &'a PutBody, what: &'a What) -> Self {
        let (length, source) = (body.length(), Source::new(body, &what.subject));
        Pieces { client, address, length, what, source, at: 0, failures: 0 }
    }

    /// The file, once all of it is there, and the hash of what was sent.
    pub(super) async fn send_all(mut self) -> Result<(File, String)> {
        loop {
            let piece = self.source.read_at(self.at).await?;
            let progress = match self.send(piece).await {
                Err(error) if error.is_retryable() => self.ask_until_answered(error).await?,
                sent => sent?,
            };
            match progress {
                Progress::Done(file) => return Ok((*file, self.source.md5())),
                Progress::Gone => return Err(self.failed("Google has forgotten the upload")),
                Progress::At(next) if next > self.at => (self.at, self.failures) = (next, 0),
                Progress::At(next) => {
                    self.at = next;
                    self.wait(|it| it.failed("Google takes no more of it")).await?;
                }
            }
        }
    }

    async fn send(&mut self, piece: Bytes) -> Result<Progress> {
        let last = self.at + (piece.len() as u64).saturating_sub(1);
        let range = format!("bytes {}-{last}/{}", self.at, self.length);
        let call = self.call(range).content(BYTES, piece);
        self.put(call).await
    }

    /// After a failure: asks how much of it arrived, until that is known.
    async fn ask_until_answered(&mut self, mut error: Error) -> Result<Progress> {
        loop {
            self.wait(|_| error).await?;
            let question = self.call(format!("bytes */{}", self.length));
            match self.put(question).await {
                Err(again) if again.is_retryable() => error = again,
                known => return known,
            }
        }
    }

    /// Waits, unless that was in vain too often.
    async fn wait(&mut self, or: impl FnOnce(&Self) -> Error) -> Result<()> {
        if self.failures >= TRIES {
            return Err(or(self));
        }
        sleep(FIRST_WAIT * 2_u32.saturating_pow(self.failures)).await;
        self.failures += 1;
        Ok(())
    }

    fn call(&self, range: String) -> Call {
        let call = Call::new(Method::PUT, self.address.clone(), self.what.clone());
        call.header(CONTENT_RANGE, range).unsigned()
    }

    async fn put(&mut self, call: Call) -> Result<Progress> {
        let answer = self.client.send_any(&call).await?;
        match answer.status {
            // Not a redirection: the upload is not complete.
            StatusCode::PERMANENT_REDIRECT => Ok(Progress::At(arrived(&answer))),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Progress::Gone),
            _ => {
                let body = answer.checked().await?.bytes().await?;
                let file = serde_json::from_slice(&body).map_err(|error| {
                    self.failed("Google's answer is not understood").because(error)
                })?;
                Ok(Progress::Done(Box::new(file)))
            }
        }
    }

    fn failed(&self, detail: &str) -> Error {
        Error::temporary(self.what.action, &self.what.subject, detail)
    }
}

/// Where to go on: nothing has arrived where the answer names no range.
fn arrived(answer: &Answer) -> u64 {
    let range = answer.headers.get(RANGE).and_then(|value| value.to_str().ok());
    let last = range.and_then(|range| range.rsplit_once('-')?.1.parse::<u64>().ok());
    last.map_or(0, |last| last.saturating_add(1))
}
