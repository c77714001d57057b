//! Making tokens, and refusing to.

use serde_json::json;
use syft_loopback::{Response, StatusCode};

use crate::accounts::{Bearer, Caller, SCOPES};
use crate::state::State;

/// An error in the words of RFC 6749.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal(pub(super) &'static str, pub(super) &'static str);

impl Refusal {
    pub(super) fn into_response(self) -> Response {
        let Refusal(error, description) = self;
        let body = json!({"error": error, "error_description": description});
        Response::json(StatusCode::BAD_REQUEST, &body)
    }
}

/// Tokens that were just made.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    /// Seconds.
    lifetime: i64,
    caller: Caller,
}

impl Issued {
    /// The answer to a code tells also whose tokens they are.
    pub(super) fn into_response(self, state: &State, with_account: bool) -> Response {
        let mut body = json!({
            "access_token": self.access,
            "token_type": "bearer",
            "expires_in": self.lifetime,
        });
        let account = state.accounts.get(&self.caller.email).filter(|_| with_account);
        if let (Some(fields), Some(account)) = (body.as_object_mut(), account) {
            fields.insert("scope".to_owned(), SCOPES.into());
            fields.insert("uid".to_owned(), account.uid.clone().into());
            fields.insert("account_id".to_owned(), account.id.clone().into());
            if let Some(token) = self.refresh {
                fields.insert("refresh_token".to_owned(), token.into());
            }
        }
        Response::json(StatusCode::OK, &body)
    }
}

/// An access token, and if wanted a refresh token, which says whether it came by PKCE.
pub(crate) fn issue(state: &mut State, caller: &Caller, refresh: Option<bool>) -> Issued {
    let access = format!("sl.{}", state.dice.word(130));
    let life = state.accounts.token_life;
    let bearer = Bearer { caller: caller.clone(), expires: state.now().saturating_add(life) };
    state.accounts.bearers.insert(access.clone(), bearer);
    let refresh = refresh.map(|by_pkce| {
        let token = state.dice.word(64);
        state.accounts.refreshers.insert(token.clone(), (caller.clone(), by_pkce));
        token
    });
    Issued { access, refresh, lifetime: life / 1000, caller: caller.clone() }
}
