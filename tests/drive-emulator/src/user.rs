//! What somebody has who uses Drive: an account, and tokens for it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use syft_loopback::{Shared, millis, to_text};

use crate::accounts::{Caller, DRIVE_SCOPE};
use crate::oauth::{Issued, issue};
use crate::state::State;

/// An account with the tokens that one OAuth client has for it.
#[derive(Debug, Clone)]
pub struct UserHandle {
    shared: Arc<Shared<State>>,
    email: String,
    client_id: String,
    client_secret: String,
    tokens: Issued,
}

impl UserHandle {
    /// Makes the account and the client unless they are there, and new tokens.
    pub(crate) fn new(shared: &Arc<Shared<State>>, email: &str, client: &str) -> Self {
        let client_id = format!("{client}.apps.googleusercontent.com");
        let client_secret = format!("GOCSPX-{client}");
        let mut state = shared.state();
        state.open_account(email);
        state.accounts.clients.insert(client_id.clone(), client_secret.clone());
        let email = state.accounts.spelling(email).unwrap_or_else(|| email.to_owned());
        let scope = DRIVE_SCOPE.to_owned();
        let caller = Caller { email: email.clone(), client: client_id.clone(), scope };
        let tokens = issue(&mut state, &caller, true);
        drop(state);
        UserHandle { shared: Arc::clone(shared), email, client_id, client_secret, tokens }
    }

    /// The address of the account.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// A token for `Authorization: Bearer`. It lives for an hour by the emulator's
    /// clock and is not renewed by itself.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.tokens.access
    }

    /// The token for new access tokens.
    #[must_use]
    pub fn refresh_token(&self) -> &str {
        self.tokens.refresh.as_deref().unwrap_or_default()
    }

    /// The id of the OAuth client.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The secret of the OAuth client.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// The same account through another OAuth client, which sees other
    /// `appProperties`. The name is any word.
    #[must_use]
    pub fn through(&self, client: &str) -> UserHandle {
        UserHandle::new(&self.shared, &self.email, client)
    }

    /// The account's token file as Google's Python library writes it; its token has
    /// expired if that is wanted, and must be refreshed first.
    #[must_use]
    pub fn token_file_json(&self, expired: bool) -> String {
        let mut state = self.shared.state();
        let scope = DRIVE_SCOPE.to_owned();
        let caller = Caller { email: self.email.clone(), client: self.client_id.clone(), scope };
        let fresh = issue(&mut state, &caller, false);
        let life = if expired { -60_000 } else { state.accounts.token_life };
        let expires = state.now().saturating_add(life);
        if let Some(bearer) = state.accounts.bearers.get_mut(&fresh.access) {
            bearer.expires = expires;
        }
        let expiry = to_text(expires);
        let file = json!({
            "type": "authorized_user",
            "token": fresh.access,
            "refresh_token": self.refresh_token(),
            "token_uri": format!("{}/token", state.url),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scopes": [DRIVE_SCOPE],
            "universe_domain": "googleapis.com",
            "account": "",
            "expiry": expiry,
        });
        format!("{file:#}\n")
    }

    /// The file that Google gives out for the OAuth client: what a login begins with.
    #[must_use]
    pub fn client_file_json(&self) -> String {
        let url = self.shared.state().url.clone();
        let file = json!({"installed": {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "project_id": "emulator",
            "auth_uri": format!("{url}/o/oauth2/v2/auth"),
            "token_uri": format!("{url}/token"),
            "redirect_uris": ["http://localhost"],
        }});
        format!("{file:#}\n")
    }

    /// Ends all access tokens of the account; they can be refreshed.
    pub fn expire_tokens(&self) {
        self.shared.state().accounts.expire(&self.email);
    }

    /// Takes back all consent of the account, as its owner can at Google: no token is
    /// good any more.
    pub fn withdraw_consent(&self) {
        self.shared.state().accounts.withdraw(&self.email, None);
    }

    /// How long access tokens live that are made from now on, of all accounts.
    pub fn set_token_life(&self, life: Duration) {
        self.shared.state().accounts.token_life = millis(life);
    }
}
