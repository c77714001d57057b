//! What the login page sends back through the browser (RFC 6749, sections 4.1.2 and
//! 4.1.2.1).

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use syft_core::{safe_text, shorten};
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

use super::ACTION;
use super::listener::{Page, arrive};
use crate::drive::auth::DRIVE;
use crate::{Error, Result};

/// Longest code of an error that is shown, in characters.
const MAX_SHOWN: usize = 100;
/// Longest text that may be pasted, in bytes.
const MAX_PASTED: usize = 16 * 1024;

/// The answer that a login waits for.
pub(super) struct Expected {
    pub(super) redirect: Url,
    pub(super) state: SecretString,
}

/// What a visit of the port, or a pasted address, turns out to be.
pub(super) enum Reply {
    /// The answer to this login: a code, or that there will be none.
    Ours(Result<SecretString>),
    /// The answer to another login, or a forgery.
    Foreign,
    /// No answer of a login page, as a browser's question for an icon.
    Nothing,
}

impl Expected {
    /// Waits for the answer; the page is shown when it is known what comes of it.
    pub(super) async fn arrive(
        &self,
        listener: &TcpListener,
    ) -> Result<(Result<SecretString>, Page)> {
        arrive(listener, |target| self.visited(target)).await
    }

    /// Looks at the target of a request, as `/?state=…&code=…`.
    fn visited(&self, target: &str) -> Reply {
        match self.redirect.join(target) {
            Ok(url) if url.origin() == self.redirect.origin() => match url.query() {
                Some(query) if url.path() == self.redirect.path() => self.read(query),
                _ => Reply::Nothing,
            },
            _ => Reply::Nothing,
        }
    }

    /// Takes what a person pasted: an address, its query, or the code alone.
    pub(super) fn pasted(&self, text: &str) -> Result<SecretString> {
        let text = text.trim().trim_matches(['"', '\'']);
        let wrong = |detail| Err(Error::permanent(ACTION, DRIVE, detail));
        if text.is_empty() || text.len() > MAX_PASTED || text.contains(char::is_whitespace) {
            return wrong("paste the address of the page that the browser could not open");
        }
        let query = match text.split_once('?') {
            Some((_, query)) => query.split('#').next().unwrap_or_default(),
            None if text.contains("code=") || text.contains("error=") => text,
            // A code alone brings no state. What guards here is the person who pastes it,
            // and that this process alone can use it.
            None if !text.contains("://") => return Ok(unescaped(text)),
            None => "",
        };
        match self.read(query) {
            Reply::Ours(reply) => reply,
            Reply::Foreign => wrong(
                "this is the answer to another login: open the address that was shown last, and \
                 paste what comes of it",
            ),
            Reply::Nothing => wrong(
                "there is no code in this address: paste the one that the browser was sent to \
                 after the login, which begins with http://127.0.0.1 or http://localhost",
            ),
        }
    }

    fn read(&self, query: &str) -> Reply {
        let field = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
        };
        let (code, error) = (field("code"), field("error"));
        if code.is_none() && error.is_none() {
            return Reply::Nothing;
        }
        if !field("state").is_some_and(|state| is_same(&state, self.state.expose_secret())) {
            return Reply::Foreign;
        }
        Reply::Ours(match (error, code) {
            (None, Some(code)) => Ok(code.as_ref().into()),
            (error, _) => Err(refused(&error.unwrap_or_default())),
        })
    }
}

/// A code that stood in an address may be escaped: `4%2F0A…`.
fn unescaped(code: &str) -> SecretString {
    let pair = format!("code={code}");
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    // A plus would become a blank, and no code holds one.
    pairs.next().map_or_else(SecretString::default, |(_, code)| code.replace(' ', "+").into())
}

fn refused(error: &str) -> Error {
    if error == "access_denied" {
        let detail = "it was refused in the browser: log in again and allow access to Google \
                      Drive; an account that is no test user of a program in testing cannot";
        return Error::denied(ACTION, DRIVE, detail);
    }
    let shown = safe_text(&shorten(error, MAX_SHOWN));
    Error::denied(ACTION, DRIVE, format!("the login page answered {shown}"))
}

/// Compares by digests: how long it takes says nothing about where they differ.
fn is_same(a: &str, b: &str) -> bool {
    Sha256::digest(a) == Sha256::digest(b)
}
