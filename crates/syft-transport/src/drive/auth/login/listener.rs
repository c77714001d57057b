//! The smallest HTTP server that can take one answer from a browser.

use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::ACTION;
use super::reply::Reply;
use crate::drive::auth::DRIVE;
use crate::{Error, Result};

/// Longest request in bytes, head and all.
const MAX_REQUEST: usize = 16 * 1024;
/// How long a visitor may take to ask, or to take the page.
const VISIT: Duration = Duration::from_secs(10);
/// Visitors at the same time; a browser opens connections ahead and says nothing.
const MAX_VISITORS: usize = 32;

/// A browser that waits for its page.
pub(super) struct Page(TcpStream);

impl Page {
    /// Tells the person how it ended. That the browser is gone changes nothing.
    pub(super) async fn show(self, logged_in: bool) {
        let (title, text) = if logged_in {
            ("Logged in", "You can close this window.")
        } else {
            ("Not logged in", "What went wrong stands where you began the login.")
        };
        self.answer("200 OK", title, text).await;
    }

    async fn turn_away(self, reply: &Reply) {
        let (status, text) = match reply {
            Reply::Foreign => ("400 Bad Request", "This belongs to another login."),
            _ => ("404 Not Found", "There is nothing here."),
        };
        self.answer(status, "Login", text).await;
    }

    async fn answer(mut self, status: &str, title: &str, text: &str) {
        let body = format!(
            "<!doctype html><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{text}"
        );
        // The address of the page holds a code: it is not kept and not passed on.
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let written = async {
            self.0.write_all(head.as_bytes()).await?;
            self.0.write_all(body.as_bytes()).await?;
            self.0.shutdown().await
        };
        // Whether the page arrives or not, the login goes on.
        let _ = tokio::time::timeout(VISIT, written).await;
    }
}

/// Takes visitors until one brings the answer. They do not wait for each other.
pub(super) async fn arrive(
    listener: &TcpListener,
    judge: impl Fn(&str) -> Reply,
) -> Result<(Result<SecretString>, Page)> {
    let mut visitors = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if visitors.len() < MAX_VISITORS => {
                let (stream, _) = accepted.map_err(|error| {
                    let detail = "the port on this machine does not work any more";
                    Error::temporary(ACTION, DRIVE, detail).because(error)
                })?;
                visitors.push(visit(stream, &judge));
            }
            Some(Some(ours)) = visitors.next(), if !visitors.is_empty() => return Ok(ours),
        }
    }
}

async fn visit(
    mut stream: TcpStream,
    judge: impl Fn(&str) -> Reply,
) -> Option<(Result<SecretString>, Page)> {
    let head = tokio::time::timeout(VISIT, read_head(&mut stream)).await.ok()??;
    let reply = target(&head).map_or(Reply::Nothing, judge);
    match reply {
        Reply::Ours(reply) => Some((reply, Page(stream))),
        other => {
            Page(stream).turn_away(&other).await;
            None
        }
    }
}

/// The head of a request, to the empty line: what is left unread makes a browser drop
/// the answer.
async fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= MAX_REQUEST || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// The target of a GET (RFC 9112, section 3).
fn target(head: &[u8]) -> Option<&str> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("GET"), Some(target), Some(version), None) if version.starts_with("HTTP/1.") => {
            Some(target)
        }
        _ => None,
    }
}
