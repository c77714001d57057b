//! Service accounts: they sign who they are, and get a token for it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use syft_loopback::Params;

use super::grant::{Issued, Refusal, issue};
use crate::accounts::Caller;
use crate::item::permission_id;
use crate::state::State;

/// The one key of all service accounts of all emulators. It opens nothing else.
const KEY: &str = include_str!("throwaway.pem");

/// How long a service account may vouch for itself: an hour, in seconds.
const LONGEST: i64 = 3_600;

/// How much the clocks may differ, in seconds.
const SKEW: i64 = 300;

/// The file that Google gives out for a key of a service account.
pub(crate) fn key_file(email: &str, token_uri: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "emulator",
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": KEY,
        "client_email": email,
        "client_id": permission_id(email),
        "auth_uri": token_uri.replace("/token", "/o/oauth2/auth"),
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    })
}

/// A token for a signed assertion (RFC 7523).
pub(super) fn asserted(state: &mut State, form: &Params) -> Result<Issued, Refusal> {
    let assertion = form.get("assertion").unwrap_or_default();
    let claims = verified(assertion).ok_or(Refusal::grant("Invalid JWT Signature."))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let issuer = text("iss").to_owned();
    let Some(subjects) = state.accounts.services.get(&issuer) else {
        return Err(Refusal::grant("Invalid grant: account not found"));
    };
    let subject = Some(text("sub")).filter(|sub| !sub.is_empty() && *sub != issuer);
    if let Some(subject) = subject
        && !subjects.iter().any(|known| known.eq_ignore_ascii_case(subject))
    {
        let description = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.";
        return Err(Refusal::new("unauthorized_client", description));
    }
    if !text("aud").ends_with("/token") || !text("aud").starts_with(&state.url) {
        return Err(Refusal::grant("Invalid JWT: Failed audience check."));
    }
    let times = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
    let (now, since, until) = (state.now() / 1000, times("iat"), times("exp"));
    if since > now + SKEW || until + SKEW < now || until - since > LONGEST {
        let description = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";
        return Err(Refusal::grant(description));
    }
    if text("scope").is_empty() {
        return Err(Refusal::new("invalid_scope", "Empty or missing scope not allowed."));
    }
    let email = subject.unwrap_or(&issuer);
    let email = state.accounts.spelling(email).unwrap_or_else(|| email.to_owned());
    let caller = Caller { email, client: issuer.clone(), scope: text("scope").to_owned() };
    Ok(issue(state, &caller, false))
}

/// The claims of a JSON web token that our key has signed.
fn verified(token: &str) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let json = |text: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?).ok()
    };
    if json(head)?.get("alg").and_then(Value::as_str) != Some("RS256") {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature.trim_end_matches('=')).ok()?;
    let pair = key_pair()?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
    key.verify(signed.as_bytes(), &signature).ok()?;
    json(claims)
}

fn key_pair() -> Option<RsaKeyPair> {
    let text: String = KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    RsaKeyPair::from_pkcs8(&STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{key_pair, verified};

    #[test]
    fn the_key_is_one() {
        assert!(key_pair().is_some());
    }

    #[test]
    fn what_is_not_signed_is_not_believed() {
        for token in ["", ".", "..", "a.b.c", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(verified(token), None, "{token}");
        }
    }
}
