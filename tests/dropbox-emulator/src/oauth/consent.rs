//! The page where a person agrees, which here nobody has to look at.

use syft_loopback::header::LOCATION;
use syft_loopback::{Millis, Params, Request, Response, StatusCode};
use url::Url;

use crate::accounts::{Caller, Code, Consent};
use crate::state::State;

/// A code is good for some minutes.
const CODE_LIFE: Millis = 600_000;

/// Sends the browser back at once, with a code or a refusal. Without an address to send
/// it to, the page shows the code, for the person to copy.
pub(crate) fn consent(state: &mut State, request: &Request) -> Response {
    answer(state, &request.params).unwrap_or_else(|error| page(StatusCode::BAD_REQUEST, error))
}

fn page(status: StatusCode, text: &str) -> Response {
    Response::of(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn answer(state: &mut State, asked: &Params) -> Result<Response, &'static str> {
    let app = asked.get("client_id").unwrap_or_default();
    if !state.accounts.apps.contains_key(app) {
        return Err("Invalid client_id");
    }
    if asked.get("response_type") != Some("code") {
        return Err("Invalid response_type");
    }
    let redirect = asked.get("redirect_uri").map(str::to_owned);
    let mut back = match &redirect {
        Some(uri) if !state.accounts.redirects.contains(uri) => {
            return Err("Invalid redirect_uri: it must exactly match one of the app's own");
        }
        Some(uri) => Some(Url::parse(uri).map_err(|_| "Invalid redirect_uri")?),
        None => None,
    };
    let code = match agrees(state)? {
        Some(email) => {
            let caller = Caller { email, app: app.to_owned() };
            Some(new_code(state, asked, caller, redirect))
        }
        None => None,
    };
    let Some(back) = &mut back else {
        return Ok(page(StatusCode::OK, code.as_deref().unwrap_or("access_denied")));
    };
    let mut pairs = back.query_pairs_mut();
    match &code {
        Some(code) => pairs.append_pair("code", code),
        None => pairs.append_pair("error", "access_denied"),
    };
    if let Some(value) = asked.get("state") {
        pairs.append_pair("state", value);
    }
    drop(pairs);
    Ok(Response::empty(StatusCode::FOUND).with(LOCATION, back.as_str()))
}

/// Who agrees, if anybody does.
fn agrees(state: &State) -> Result<Option<String>, &'static str> {
    let account = match &state.accounts.consent {
        Consent::Refuse => return Ok(None),
        Consent::AgreeAs(email) => state.accounts.get(email),
        Consent::Agree => state.accounts.only(),
    };
    account.map(|account| Some(account.email.clone())).ok_or("Which account?")
}

fn new_code(state: &mut State, asked: &Params, caller: Caller, redirect: Option<String>) -> String {
    let code = state.dice.word(43);
    let method = asked.get("code_challenge_method").unwrap_or("plain").to_owned();
    let challenge = asked.get("code_challenge").map(|text| (method, text.to_owned()));
    let offline = asked.get("token_access_type") == Some("offline");
    let expires = state.now().saturating_add(CODE_LIFE);
    let kept = Code { caller, redirect, challenge, offline, expires };
    state.accounts.codes.insert(code.clone(), kept);
    code
}
