//! The page where a person agrees, which here nobody has to look at.

use hyper::StatusCode;
use hyper::header::LOCATION;
use syft_loopback::{Millis, Params, Request, Response};
use url::{Host, Url};

use crate::accounts::{Caller, Code, Consent};
use crate::state::State;

/// A code is good for some minutes.
const CODE_LIFE: Millis = 600_000;

/// Sends the browser back at once, with a code or a refusal. What Google shows as
/// a page of its own, such as an unknown client, is a page here too.
pub(crate) fn consent(state: &mut State, request: &Request) -> Response {
    answer(state, &request.params).unwrap_or_else(|error| {
        Response::of(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", format!("{error}\n"))
    })
}

fn answer(state: &mut State, asked: &Params) -> Result<Response, &'static str> {
    let text = |name| asked.get(name).unwrap_or_default();
    let client = text("client_id");
    if !state.accounts.clients.contains_key(client) {
        return Err("Error 401: invalid_client");
    }
    let redirect = text("redirect_uri").to_owned();
    let mut back = Url::parse(&redirect).map_err(|_| "Error 400: redirect_uri_mismatch")?;
    if back.scheme() != "http" || !is_loopback(&back) {
        return Err("Error 400: redirect_uri_mismatch");
    }
    if text("response_type") != "code" || text("scope").is_empty() {
        return Err("Error 400: invalid_request");
    }
    let email = match state.accounts.consent.clone() {
        Consent::Refuse => None,
        Consent::AgreeAs(email) => Some(email),
        Consent::Agree => Some(text("login_hint").to_owned())
            .filter(|hint| !hint.is_empty())
            .or_else(|| state.accounts.only()),
    };
    let wants_choice = email.is_none() && state.accounts.consent != Consent::Refuse;
    if wants_choice {
        return Err("Which account? Say login_hint.");
    }
    let mut answer = vec![];
    match email {
        None => answer.push(("error", "access_denied".to_owned())),
        Some(email) => {
            let email = state.accounts.spelling(&email).ok_or("Couldn't find this account")?;
            let (client, scope) = (client.to_owned(), text("scope").to_owned());
            answer.push(("scope", scope.clone()));
            let caller = Caller { email, client, scope };
            answer.push(("code", code(state, asked, caller, redirect)));
        }
    }
    if let Some(value) = asked.get("state") {
        answer.push(("state", value.to_owned()));
    }
    back.query_pairs_mut().extend_pairs(answer);
    Ok(Response::empty(StatusCode::FOUND).with(LOCATION, back.as_str()))
}

fn code(state: &mut State, asked: &Params, caller: Caller, redirect: String) -> String {
    let code = format!("4/{}", state.dice.word(60));
    let method = asked.get("code_challenge_method").unwrap_or("plain").to_owned();
    let challenge = asked.get("code_challenge").map(|text| (method, text.to_owned()));
    let expires = state.now().saturating_add(CODE_LIFE);
    state.accounts.codes.insert(code.clone(), Code { caller, redirect, challenge, expires });
    code
}

/// Where an installed program may have the browser sent to.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
