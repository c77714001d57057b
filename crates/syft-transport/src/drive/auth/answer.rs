//! What a token endpoint says (RFC 6749, sections 5.1 and 5.2).

use std::time::Duration;

use google_drive3::hyper::StatusCode;
use secrecy::SecretString;
use syft_core::{Timestamp, safe_text, shorten};
use url::Url;

use super::document::Document;
use super::endpoints::place;
use super::http::{Answer, HttpClient, post_form};
use super::{Bearer, DRIVE};
use crate::{Error, Result};

/// Longest description of an error that is shown, in characters.
const MAX_SHOWN: usize = 300;
/// Longest word that is shown, in bytes: a longer one is no word but a token.
const MAX_WORD: usize = 100;
/// Fields of a question that are never shown, also where the answer repeats them.
const SECRETS: [&str; 5] = ["client_secret", "refresh_token", "code", "code_verifier", "assertion"];

/// Tokens that were given out.
pub(super) struct Granted {
    pub(super) bearer: Bearer,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) refresh_expires_at: Option<Timestamp>,
    /// What they are good for, where the answer says so.
    pub(super) scope: Option<String>,
}

/// What was shown to get a token; `invalid_grant` means another thing for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grant {
    RefreshToken,
    Code,
    ServiceAccount,
    Machine,
}

/// Asks for tokens at `url`; `now` is when they are counted from.
pub(super) async fn ask(
    client: &HttpClient,
    url: &Url,
    grant: Grant,
    fields: &[(&str, &str)],
    now: Timestamp,
) -> Result<Granted> {
    let answer = post_form(client, url, fields).await?;
    let secrets: Vec<&str> =
        fields.iter().filter(|(name, _)| SECRETS.contains(name)).map(|(_, value)| *value).collect();
    granted(&answer, url, grant, &secrets, now)
}

pub(super) fn granted(
    answer: &Answer,
    url: &Url,
    grant: Grant,
    secrets: &[&str],
    now: Timestamp,
) -> Result<Granted> {
    let document = Document::parse(&answer.body, "the answer");
    if !answer.status.is_success() {
        let said = document.map(|document| Said::read(&document, secrets)).unwrap_or_default();
        return Err(refusal(answer.status, &said, answer.retry_after, &place(url), grant));
    }
    let strange = |detail| Error::permanent("get a token from", place(url), detail);
    let document = document.map_err(|_| strange("its answer is not one of an OAuth server"))?;
    let Some(token) = document.text("access_token") else {
        return Err(strange("its answer holds no access token"));
    };
    if document.text("token_type").is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(strange("its answer holds a token of an unknown type"));
    }
    let at = |key| document.seconds(key).and_then(|s| Timestamp::new(now.seconds() + s).ok());
    Ok(Granted {
        bearer: Bearer::parse(token)?,
        expires_at: at("expires_in"),
        refresh_token: document.text("refresh_token").map(SecretString::from),
        refresh_expires_at: at("refresh_token_expires_in"),
        scope: document.text("scope").map(str::to_owned),
    })
}

/// What an endpoint said was wrong, made safe to show.
#[derive(Default)]
struct Said {
    code: String,
    shown: String,
}

impl Said {
    fn read(document: &Document, secrets: &[&str]) -> Self {
        let text = |key| document.text(key).unwrap_or_default();
        Said::new(text("error"), text("error_description"), secrets)
    }

    fn new(code: &str, description: &str, secrets: &[&str]) -> Self {
        let mut shown = match (code, description) {
            ("", _) => String::new(),
            (code, "") => code.to_owned(),
            (code, description) => format!("{code}: {description}"),
        };
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            shown = shown.replace(secret, "…");
        }
        let words = shown.split(' ').map(|word| if word.len() > MAX_WORD { "…" } else { word });
        let shown = words.collect::<Vec<_>>().join(" ");
        let shown = shorten(&safe_text(&shorten(&shown, MAX_SHOWN)), MAX_SHOWN);
        Said { code: code.to_owned(), shown }
    }

    /// Advice, and behind it what the other side said.
    fn behind(&self, advice: &str) -> String {
        if self.shown.is_empty() { advice.to_owned() } else { format!("{advice} ({})", self.shown) }
    }
}

/// A refusal, by what a caller would do about it.
fn refusal(
    status: StatusCode,
    said: &Said,
    retry_after: Option<Duration>,
    place: &str,
    grant: Grant,
) -> Error {
    let action = "get a token from";
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Error::throttled(action, place, retry_after);
    }
    let server = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
    if server || is_passing(&said.code) {
        return Error::temporary(action, place, said.behind("it cannot answer now"));
    }
    match said.code.as_str() {
        "invalid_grant" => Error::denied("log in to", DRIVE, said.behind(advice(grant))),
        "invalid_client" | "unauthorized_client" | "deleted_client" | "access_denied" => {
            let advice = match grant {
                Grant::ServiceAccount => {
                    "the service account may not act for this account: its administrator has to \
                     allow it the scope of Google Drive"
                }
                _ => "Google does not accept the program's client id and secret: log in again",
            };
            Error::denied("log in to", DRIVE, said.behind(advice))
        }
        _ => {
            let code = status.as_u16();
            Error::permanent(action, place, said.behind(&format!("it refuses with status {code}")))
        }
    }
}

/// Codes of RFC 6749, section 4.1.2.1, and Google's, behind which nothing is wrong.
fn is_passing(code: &str) -> bool {
    matches!(code, "internal_failure" | "server_error" | "temporarily_unavailable")
}

fn advice(grant: Grant) -> &'static str {
    match grant {
        Grant::RefreshToken => "the login at Google has expired or was withdrawn: log in again",
        Grant::Code => "the code of the login was used already or has expired: log in again",
        Grant::ServiceAccount => {
            "Google does not accept the key of the service account: look whether it was deleted, \
             and whether this machine's clock is right"
        }
        Grant::Machine => "Google does not accept this machine's account",
    }
}
