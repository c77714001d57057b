//! What somebody has who uses Dropbox: an account, and tokens for it.

use std::sync::Arc;
use std::time::Duration;

use syft_loopback::{Shared, millis};

use crate::accounts::Caller;
use crate::oauth::{Issued, issue};
use crate::state::State;

/// An account with the tokens that an app has for it.
#[derive(Debug, Clone)]
pub struct AccountHandle {
    shared: Arc<Shared<State>>,
    email: String,
    tokens: Issued,
}

/// The one app that there is.
const APP: &str = "emulatorappkey1";

/// Its secret.
const SECRET: &str = "emulatorsecret1";

impl AccountHandle {
    /// Makes the account unless it is there, and new tokens.
    pub(crate) fn new(shared: &Arc<Shared<State>>, email: &str, tree: Option<usize>) -> Self {
        let mut state = shared.state();
        let email = state.open_account(email, tree).email;
        state.accounts.apps.insert(APP.to_owned(), SECRET.to_owned());
        let caller = Caller { email: email.clone(), app: APP.to_owned() };
        let tokens = issue(&mut state, &caller, Some(true));
        drop(state);
        AccountHandle { shared: Arc::clone(shared), email, tokens }
    }

    /// The address of the account.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// A token for `Authorization: Bearer`. It lives for four hours by the emulator's
    /// clock and is not renewed by itself.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.tokens.access
    }

    /// The token for new access tokens, as from a login with PKCE: it needs no secret.
    #[must_use]
    pub fn refresh_token(&self) -> &str {
        self.tokens.refresh.as_deref().unwrap_or_default()
    }

    /// The key of the app: the `client_id`.
    #[must_use]
    pub fn app_key(&self) -> &str {
        APP
    }

    /// The secret of the app: the `client_secret`.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        SECRET
    }

    /// Ends all access tokens of the account; they can be refreshed.
    pub fn expire_tokens(&self) {
        self.shared.state().accounts.expire(&self.email);
    }

    /// Takes back all consent of the account, as its owner can at Dropbox: no token is
    /// good any more.
    pub fn withdraw_consent(&self) {
        self.shared.state().accounts.withdraw(&self.email, None);
    }

    /// How long access tokens live that are made from now on, of all accounts.
    pub fn set_token_life(&self, life: Duration) {
        self.shared.state().accounts.token_life = millis(life);
    }

    /// How many bytes the account's root may hold from now on.
    pub fn set_space(&self, bytes: usize) {
        let mut state = self.shared.state();
        let account = state.open_account(&self.email, None);
        if let Some(tree) = state.trees.get_mut(account.tree) {
            tree.space = Some(bytes);
        }
    }
}
