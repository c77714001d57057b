//! The token endpoint, and its neighbours.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use syft_loopback::{Params, Request, Response};

use super::grant::{Issued, Refusal, issue};
use super::service;
use crate::state::State;

/// Gives tokens for a refresh token, a code, or the word of a service account.
pub(crate) fn token(state: &mut State, request: &Request) -> Response {
    if request.method != Method::POST {
        return Refusal::new("invalid_request", "The method must be POST.").into_response();
    }
    let form = Params::read(&String::from_utf8_lossy(&request.body));
    let issued = match form.get("grant_type") {
        Some("refresh_token") => refreshed(state, request, &form),
        Some("authorization_code") => exchanged(state, request, &form),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => service::asserted(state, &form),
        Some(_) => Err(Refusal::new("unsupported_grant_type", "Invalid grant_type.")),
        None => Err(Refusal::new("invalid_request", "Required parameter is missing: grant_type")),
    };
    issued.map_or_else(Refusal::into_response, Issued::into_response)
}

fn refreshed(state: &mut State, request: &Request, form: &Params) -> Result<Issued, Refusal> {
    let client = client(state, request, form)?;
    let token = form.get("refresh_token").unwrap_or_default();
    let caller = state.accounts.refreshers.get(token).filter(|caller| caller.client == client);
    let gone = Refusal::grant("Token has been expired or revoked.");
    let caller = caller.ok_or(gone)?.clone();
    Ok(issue(state, &caller, false))
}

fn exchanged(state: &mut State, request: &Request, form: &Params) -> Result<Issued, Refusal> {
    let client = client(state, request, form)?;
    let code = form.get("code").unwrap_or_default();
    // A code is good for one try.
    let code = state.accounts.codes.remove(code).ok_or(Refusal::grant("Malformed auth code."))?;
    if code.expires <= state.now() || code.caller.client != client {
        return Err(Refusal::grant("Bad Request"));
    }
    if form.get("redirect_uri") != Some(code.redirect.as_str()) {
        return Err(Refusal::new("redirect_uri_mismatch", "Bad Request"));
    }
    if let Some((method, challenge)) = &code.challenge {
        let Some(verifier) = form.get("code_verifier") else {
            return Err(Refusal::grant("Missing code verifier."));
        };
        let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let shown = if method == "S256" { hashed.as_str() } else { verifier };
        if shown != challenge {
            return Err(Refusal::grant("Invalid code verifier."));
        }
    }
    Ok(issue(state, &code.caller, true))
}

/// The OAuth client, by its id and secret in the form or in the header.
fn client(state: &State, request: &Request, form: &Params) -> Result<String, Refusal> {
    let basic = request.header("authorization").and_then(|header| header.strip_prefix("Basic "));
    let basic = basic.and_then(|text| STANDARD.decode(text.trim()).ok());
    let basic = basic.and_then(|bytes| String::from_utf8(bytes).ok());
    let basic = basic.as_deref().and_then(|text| text.split_once(':'));
    let id = form.get("client_id").or(basic.map(|(id, _)| id)).unwrap_or_default();
    let secret = form.get("client_secret").or(basic.map(|(_, secret)| secret)).unwrap_or_default();
    let known = state.accounts.clients.get(id);
    let known = known.ok_or(Refusal {
        status: StatusCode::UNAUTHORIZED,
        error: "invalid_client",
        description: "The OAuth client was not found.",
    })?;
    if known != secret {
        let (error, description) = ("invalid_client", "Unauthorized");
        return Err(Refusal { status: StatusCode::UNAUTHORIZED, error, description });
    }
    Ok(id.to_owned())
}

/// Withdraws a token: a refresh token with all that came from its consent.
pub(crate) fn revoke(state: &mut State, request: &Request) -> Response {
    let form = Params::read(&String::from_utf8_lossy(&request.body));
    let token = request.params.get("token").or(form.get("token")).unwrap_or_default();
    let by_refresher = state.accounts.refreshers.get(token).cloned();
    let by_bearer = state.accounts.bearers.get(token).map(|bearer| bearer.caller.clone());
    let Some(caller) = by_refresher.or(by_bearer) else {
        return Refusal::new("invalid_token", "Token expired or revoked").into_response();
    };
    state.accounts.withdraw(&caller.email, Some(&caller.client));
    Response::json(StatusCode::OK, &json!({}))
}

/// What a token is for.
pub(crate) fn info(state: &mut State, request: &Request) -> Response {
    let token = request.params.get("access_token").unwrap_or_default();
    let now = state.now();
    let bearer = state.accounts.bearers.get(token).filter(|bearer| bearer.expires > now);
    let Some(bearer) = bearer else {
        return Refusal::new("invalid_token", "Invalid Value").into_response();
    };
    let body = json!({
        "azp": bearer.caller.client,
        "aud": bearer.caller.client,
        "scope": bearer.caller.scope,
        "exp": (bearer.expires / 1000).to_string(),
        "expires_in": ((bearer.expires - now) / 1000).to_string(),
        "email": bearer.caller.email,
        "email_verified": "true",
        "access_type": "offline",
    });
    Response::json(StatusCode::OK, &body)
}
