//! The login of a person in a browser on this machine (RFC 8252, section 7.3), or on
//! another one whose address is pasted.

mod exchange;
mod listener;
mod pkce;
mod reply;

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use syft_core::{Clock, Email, Entropy, SystemClock, SystemEntropy};
use tokio::net::TcpListener;
use url::Url;

use self::exchange::Exchange;
use self::pkce::{Pkce, random_text};
use self::reply::Expected;
use super::{ClientSecrets, DRIVE, DRIVE_SCOPE, Endpoints, TokenFile, http_client};
use crate::{Error, Result};

const ACTION: &str = "log in to";

/// A login that has begun: the person opens [`url`](Self::url), and either the browser
/// on this machine brings the answer ([`wait`](Self::wait)), or the person pastes the
/// address that a browser elsewhere was sent to ([`paste`](Self::paste)). Both may be
/// awaited at once.
///
/// Only the answer to this login is taken: it must bring back a random `state`
/// (RFC 6749, section 10.12), and its code is of use to this process alone (RFC 7636).
pub struct LoopbackLogin {
    url: Url,
    listener: TcpListener,
    expected: Expected,
    exchange: Exchange,
}

impl LoopbackLogin {
    /// Begins a login, and listens on 127.0.0.1 for its answer. `login_hint` is the
    /// account that the login page offers first; the person may choose another.
    ///
    /// # Errors
    /// [`Error::Temporary`] if the port cannot be had, [`Error::Permanent`] without
    /// randomness or TLS.
    pub async fn begin(
        secrets: ClientSecrets,
        endpoints: &Endpoints,
        login_hint: Option<&Email>,
    ) -> Result<Self> {
        let clock = Arc::new(SystemClock);
        LoopbackLogin::begin_with(secrets, endpoints, login_hint, clock, &SystemEntropy).await
    }

    /// As [`begin`](Self::begin), by another clock and another randomness.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn begin_with(
        secrets: ClientSecrets,
        endpoints: &Endpoints,
        login_hint: Option<&Email>,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self> {
        let (listener, redirect) = listen(secrets.redirect.as_ref()).await?;
        let (state, pkce) = (random_text(entropy)?, Pkce::new(entropy)?);
        let mut url = endpoints.auth_uri().unwrap_or(&secrets.auth_uri).clone();
        url.query_pairs_mut()
            .append_pair("client_id", &secrets.client_id)
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("response_type", "code")
            .append_pair("scope", DRIVE_SCOPE)
            .append_pair("access_type", "offline")
            // Without it, who has agreed once gets no refresh token.
            .append_pair("prompt", "consent")
            .append_pair("state", state.expose_secret())
            .append_pair("code_challenge", &pkce.challenge())
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(login_hint.map(|hint| ("login_hint", hint.as_str())));
        let token_uri = endpoints.token_uri().unwrap_or(&secrets.token_uri).clone();
        let (verifier, client) = (pkce.verifier, http_client()?);
        Ok(LoopbackLogin {
            url,
            listener,
            expected: Expected { redirect, state },
            exchange: Exchange { secrets, token_uri, verifier, client, clock },
        })
    }

    /// The page that the person opens in a browser. It is of use to nobody else.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits for the browser of this machine. Whatever else comes to the port is turned
    /// away and ends nothing.
    ///
    /// # Errors
    /// [`Error::Denied`] if the person refused or did not allow Drive,
    /// [`Error::Permanent`] if nobody answered in time, and what the exchange of the
    /// code brings.
    pub async fn wait(&self, timeout: Duration) -> Result<TokenFile> {
        let arrived = tokio::time::timeout(timeout, self.expected.arrive(&self.listener)).await;
        let (reply, page) = arrived.map_err(|_| {
            let seconds = timeout.as_secs();
            let detail = format!(
                "nobody confirmed it in the browser within {seconds} seconds: log in once more, \
                 or paste the address that the browser ended at"
            );
            Error::permanent(ACTION, DRIVE, detail)
        })??;
        let result = match reply {
            Ok(code) => self.exchange.tokens(&code, &self.expected.redirect).await,
            Err(error) => Err(error),
        };
        page.show(result.is_ok()).await;
        result
    }

    /// Takes what the person pasted: the address of the page that their browser could
    /// not open, or the code in it.
    ///
    /// # Errors
    /// [`Error::Permanent`] if it is neither or belongs to another login; else as
    /// [`wait`](Self::wait).
    pub async fn paste(&self, text: &str) -> Result<TokenFile> {
        let code = self.expected.pasted(text)?;
        self.exchange.tokens(&code, &self.expected.redirect).await
    }
}

/// A port of this machine, and the address by which Google sends the browser to it. By
/// number: a name may lead elsewhere (RFC 8252, section 8.3).
async fn listen(registered: Option<&Url>) -> Result<(TcpListener, Url)> {
    let port = registered.and_then(Url::port).unwrap_or(0);
    let failed = |error: std::io::Error| {
        let detail = format!("port {port} of 127.0.0.1 cannot be had");
        Error::temporary(ACTION, DRIVE, detail).because(error)
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let redirect = match registered {
        Some(registered) => registered.clone(),
        None => Url::parse(&format!("http://127.0.0.1:{port}/"))
            .map_err(|error| Error::permanent(ACTION, DRIVE, error.to_string()))?,
    };
    Ok((listener, redirect))
}

impl fmt::Debug for LoopbackLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redirect = self.expected.redirect.as_str();
        f.debug_struct("LoopbackLogin").field("redirect", &redirect).finish_non_exhaustive()
    }
}
