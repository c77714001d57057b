//! `/oauth2/token`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use syft_loopback::{Method, Params, Request, Response, StatusCode};

use super::grant::{Issued, Refusal, issue};
use crate::state::State;

/// The app of a call, and whether it showed its secret.
struct App {
    key: String,
    is_proven: bool,
}

/// Gives tokens for a code or a refresh token.
pub(crate) fn token(state: &mut State, request: &Request) -> Response {
    if request.method != Method::POST {
        return Response::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    let form = Params::read(&String::from_utf8_lossy(&request.body));
    let issued = match form.get("grant_type") {
        Some("refresh_token") => refreshed(state, request, &form).map(|issued| (issued, false)),
        Some("authorization_code") => exchanged(state, request, &form).map(|issued| (issued, true)),
        Some(_) => Err(Refusal("unsupported_grant_type", "unsupported grant type")),
        None => Err(Refusal("invalid_request", "missing required field \"grant_type\"")),
    };
    match issued {
        Ok((issued, of_code)) => issued.into_response(state, of_code),
        Err(refusal) => refusal.into_response(),
    }
}

fn refreshed(state: &mut State, request: &Request, form: &Params) -> Result<Issued, Refusal> {
    let app = app(state, request, form)?;
    let token = form.get("refresh_token").unwrap_or_default();
    let known = state.accounts.refreshers.get(token).filter(|(caller, _)| caller.app == app.key);
    let malformed = Refusal("invalid_grant", "refresh token is invalid or revoked");
    let (caller, by_pkce) = known.cloned().ok_or(malformed)?;
    if !by_pkce && !app.is_proven {
        return Err(Refusal("invalid_client", "Invalid client_id or client_secret"));
    }
    Ok(issue(state, &caller, None))
}

fn exchanged(state: &mut State, request: &Request, form: &Params) -> Result<Issued, Refusal> {
    let app = app(state, request, form)?;
    // A code is good for one try.
    let code = state.accounts.codes.remove(form.get("code").unwrap_or_default());
    let code = code.ok_or(Refusal("invalid_grant", "code doesn't exist or has expired"))?;
    if code.expires <= state.now() || code.caller.app != app.key {
        return Err(Refusal("invalid_grant", "code doesn't exist or has expired"));
    }
    if form.get("redirect_uri") != code.redirect.as_deref() {
        return Err(Refusal("invalid_grant", "redirect_uri mismatch"));
    }
    match (&code.challenge, form.get("code_verifier")) {
        (Some((method, challenge)), Some(verifier)) => {
            let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
            let shown = if method == "S256" { hashed.as_str() } else { verifier };
            if shown != challenge {
                return Err(Refusal("invalid_grant", "invalid code verifier"));
            }
        }
        (Some(_), None) => return Err(Refusal("invalid_grant", "code verifier is missing")),
        (None, _) if !app.is_proven => {
            return Err(Refusal("invalid_client", "Invalid client_id or client_secret"));
        }
        (None, _) => {}
    }
    let refresh = code.offline.then_some(code.challenge.is_some());
    Ok(issue(state, &code.caller, refresh))
}

/// The app, by its key and perhaps its secret, in the form or in the header.
fn app(state: &State, request: &Request, form: &Params) -> Result<App, Refusal> {
    let basic = request.header("authorization").and_then(|header| header.strip_prefix("Basic "));
    let basic = basic.and_then(|text| STANDARD.decode(text.trim()).ok());
    let basic = basic.and_then(|bytes| String::from_utf8(bytes).ok());
    let basic = basic.as_deref().and_then(|text| text.split_once(':'));
    let key = form.get("client_id").or(basic.map(|(key, _)| key)).unwrap_or_default();
    let secret = form.get("client_secret").or(basic.map(|(_, secret)| secret));
    let refusal = Refusal("invalid_client", "Invalid client_id or client_secret");
    let known = state.accounts.apps.get(key).ok_or(refusal)?;
    match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) if secret != known => Err(refusal),
        shown => Ok(App { key: key.to_owned(), is_proven: shown.is_some() }),
    }
}
