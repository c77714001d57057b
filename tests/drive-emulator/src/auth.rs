//! Who a call is from, and whether it may be made at all.

use hyper::Method;
use syft_loopback::Request;

use crate::accounts::{Caller, DRIVE_SCOPE};
use crate::error::{Error, Result};
use crate::state::State;

/// The account and the client of a call, by its token.
pub(crate) fn authorise(state: &State, request: &Request) -> Result<Caller> {
    let header = token_of(request).ok_or_else(Error::no_token)?;
    let bearer = state.accounts.bearer(&header).ok_or_else(Error::bad_token)?;
    if bearer.expires <= state.now() {
        return Err(Error::bad_token());
    }
    if !allows(&bearer.caller.scope, &request.method) {
        return Err(Error::narrow_scope());
    }
    Ok(bearer.caller.clone())
}

/// Whose call it seems to be: for the log, and for faults of one account.
pub(crate) fn caller_of(state: &State, request: &Request) -> Option<String> {
    if let Some(session) = request.params.get("upload_id") {
        return state.sessions.owner(session).map(str::to_owned);
    }
    let bearer = state.accounts.bearer(&token_of(request)?)?;
    Some(bearer.caller.email.clone())
}

fn token_of(request: &Request) -> Option<String> {
    let header = request.header("authorization").map(str::to_owned);
    header.or_else(|| request.params.get("access_token").map(|token| format!("Bearer {token}")))
}

/// Whether one of the scopes is for this kind of call.
fn allows(scopes: &str, method: &Method) -> bool {
    let reads = [".readonly", ".metadata.readonly"];
    scopes.split_whitespace().any(|scope| match scope.strip_prefix(DRIVE_SCOPE) {
        Some("" | ".file" | ".appdata" | ".metadata") => true,
        Some(narrow) => *method == Method::GET && reads.contains(&narrow),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::allows;

    #[test]
    fn reading_needs_less_than_writing() {
        let drive = "https://www.googleapis.com/auth/drive";
        for (scope, method, expected) in [
            (drive.to_owned(), Method::POST, true),
            (format!("openid {drive}"), Method::POST, true),
            (format!("{drive}.readonly"), Method::GET, true),
            (format!("{drive}.readonly"), Method::POST, false),
            (format!("{drive}x"), Method::GET, false),
            ("openid".to_owned(), Method::GET, false),
            (String::new(), Method::GET, false),
        ] {
            assert_eq!(allows(&scope, &method), expected, "{scope} {method}");
        }
    }
}
