//! Making tokens, and refusing to.

use hyper::StatusCode;
use serde_json::json;
use syft_loopback::Response;

use crate::accounts::{Bearer, Caller};
use crate::state::State;

/// An error in the words of RFC 6749.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) description: &'static str,
}

impl Refusal {
    pub(super) fn new(error: &'static str, description: &'static str) -> Self {
        Refusal { status: StatusCode::BAD_REQUEST, error, description }
    }

    pub(super) fn grant(description: &'static str) -> Self {
        Refusal::new("invalid_grant", description)
    }

    pub(super) fn into_response(self) -> Response {
        let body = json!({"error": self.error, "error_description": self.description});
        Response::json(self.status, &body)
    }
}

/// Tokens that were just made.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    /// Seconds.
    pub(crate) lifetime: i64,
    pub(crate) scope: String,
}

impl Issued {
    pub(super) fn into_response(self) -> Response {
        let mut body = json!({
            "access_token": self.access,
            "expires_in": self.lifetime,
            "scope": self.scope,
            "token_type": "Bearer",
        });
        if let (Some(token), Some(body)) = (self.refresh, body.as_object_mut()) {
            body.insert("refresh_token".to_owned(), token.into());
        }
        Response::json(StatusCode::OK, &body)
    }
}

/// An access token, and if wanted a refresh token.
pub(crate) fn issue(state: &mut State, caller: &Caller, refreshable: bool) -> Issued {
    let access = format!("ya29.{}", state.dice.word(60));
    let life = state.accounts.token_life;
    let bearer = Bearer { caller: caller.clone(), expires: state.now().saturating_add(life) };
    state.accounts.bearers.insert(access.clone(), bearer);
    let refresh = refreshable.then(|| format!("1//{}", state.dice.word(60)));
    if let Some(token) = &refresh {
        state.accounts.refreshers.insert(token.clone(), caller.clone());
    }
    // Google tells a second less than it grants.
    let lifetime = (life / 1000 - 1).max(0);
    Issued { access, refresh, lifetime, scope: caller.scope.clone() }
}
