use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syft_core::{Clock, SystemClock, Timestamp};

use super::answer::Granted;
use super::source::Source;
use super::{Bearer, Credentials, Endpoints, HttpClient, TokenFile, TokenStatus, TokenStore};
use crate::{Error, Result};

/// So many seconds before its end a token is no longer used: it has to last the call.
const MARGIN: f64 = 60.0;

/// Valid access tokens for [`DRIVE_SCOPE`](super::DRIVE_SCOPE), renewed when they end.
///
/// Of callers that need a new token at the same time one asks for it, and all get what
/// it got, be it a token or an error. Clones share everything.
#[derive(Clone)]
pub struct Tokens {
    source: Arc<Source>,
    held: Arc<Mutex<Held>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    client: HttpClient,
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn TokenStore>>,
}

#[derive(Default)]
struct Held {
    bearer: Option<Bearer>,
    expires_at: Option<Timestamp>,
    unsaved: Option<String>,
    /// How often a new token was asked for, and what went wrong the last time.
    asked: u64,
    failure: Option<Error>,
}

impl Tokens {
    /// Tokens by what a participant brings; nothing is asked before one is needed.
    #[must_use]
    pub fn new(credentials: Credentials, endpoints: &Endpoints, client: HttpClient) -> Self {
        let source = Source::new(credentials, endpoints);
        let (bearer, expires_at) = source.brought().unzip();
        let held = Held { bearer, expires_at: expires_at.flatten(), ..Held::default() };
        Tokens {
            source: Arc::new(source),
            held: Arc::new(Mutex::new(held)),
            turn: Arc::default(),
            client,
            clock: Arc::new(SystemClock),
            store: None,
        }
    }

    /// By another clock than the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With a place for what is renewed; without, the next process starts from the
    /// credentials again.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// A token that is good for 60 seconds at least, as far as is known.
    ///
    /// # Errors
    /// [`Error::Denied`] if the login has ended or was withdrawn, [`Error::Throttled`]
    /// and [`Error::Temporary`] where asking again later may help.
    pub async fn bearer(&self) -> Result<Bearer> {
        match self.usable(None) {
            Some(bearer) => Ok(bearer),
            None => self.renewed(None).await,
        }
    }

    /// A token in place of one that the API refused with the status 401. It is asked
    /// for once, however many callers were refused with it. A call that is refused again
    /// with the new one is refused for good.
    ///
    /// # Errors
    /// As [`bearer`](Self::bearer); [`Error::Denied`] if no other can be had.
    pub async fn renew(&self, refused: &Bearer) -> Result<Bearer> {
        self.renewed(Some(refused)).await
    }

    /// What is known about how long this lasts.
    #[must_use]
    pub fn status(&self) -> TokenStatus {
        let held = self.held();
        TokenStatus {
            expires_at: held.expires_at,
            refreshable: self.source.is_refreshable(),
            refresh_expires_at: self.source.refresh_expiry(),
            unsaved: held.unsaved.clone(),
            refused: match &held.failure {
                Some(error @ Error::Denied { .. }) => Some(error.context().detail.clone()),
                _ => None,
            },
        }
    }

    async fn renewed(&self, refused: Option<&Bearer>) -> Result<Bearer> {
        let asked_before = self.held().asked;
        let _turn = self.turn.lock().await;
        if let Some(bearer) = self.usable(refused) {
            return Ok(bearer);
        }
        if let Some(error) = self.failure_since(asked_before) {
            return Err(error);
        }
        let renewed = self.source.renew(&self.client, self.clock.now()).await;
        let (bearer, file) = self.held().settle(renewed)?;
        self.save(file).await;
        Ok(bearer)
    }

    /// What those were told for whom somebody else has asked meanwhile.
    fn failure_since(&self, asked_before: u64) -> Option<Error> {
        let held = self.held();
        held.failure.as_ref().filter(|_| held.asked != asked_before).map(Error::repeat)
    }

    fn usable(&self, refused: Option<&Bearer>) -> Option<Bearer> {
        let held = self.held();
        let now = self.clock.now().seconds();
        let lasts = held.expires_at.is_none_or(|end| now < end.seconds() - MARGIN);
        let bearer = held.bearer.as_ref().filter(|_| lasts)?;
        (!refused.is_some_and(|refused| refused.is(bearer))).then(|| bearer.clone())
    }

    async fn save(&self, file: Option<TokenFile>) {
        let (Some(store), Some(file)) = (self.store.clone(), file) else { return };
        // It goes on if the caller gives up: what was renewed is not lost.
        let saved = tokio::task::spawn_blocking(move || store.save(&file)).await;
        let problem = match saved {
            Ok(saved) => saved.err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        self.held().unsaved = problem;
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Notes how a question for a new token ended.
    fn settle(
        &mut self,
        renewed: Result<(Granted, Option<TokenFile>)>,
    ) -> Result<(Bearer, Option<TokenFile>)> {
        self.asked += 1;
        self.failure = renewed.as_ref().err().map(Error::repeat);
        let (granted, file) = renewed?;
        self.expires_at = granted.expires_at;
        Ok((self.bearer.insert(granted.bearer).clone(), file))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tokens").field(&self.status()).finish()
    }
}
