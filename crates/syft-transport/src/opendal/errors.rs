use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use opendal::ErrorKind;
use syft_core::{safe_text, shorten};

use super::http::{Endless, Wait};
use crate::Error;

/// Longest message of a store that is shown, in characters.
const MAX_SHOWN: usize = 300;
/// How all begins that ssh says before there is a connection.
const SSH: &str = "ssh error";
/// What the signers say where they have nothing to sign with.
const NO_CREDENTIAL: &str = "failed to load signing credential";
/// What is said then.
pub(super) const NO_LOGIN: &str = "there is no login for it";

/// What went wrong, by what a caller would do about it. A condition that did not hold is for
/// the caller, which knows what it was. The error itself is not kept as a cause: it holds
/// the whole request, and so may hold what is secret.
pub(super) fn error(
    action: &'static str,
    subject: impl fmt::Display,
    error: &opendal::Error,
) -> Error {
    let whole = error.to_string();
    let said = said(error, &whole);
    if let Some(kind) = kind_of(&whole).filter(|_| is_no_login(&whole)) {
        return Error::denied("log in to", kind, said);
    }
    if error.source().is_some_and(|source| source.is::<Endless>()) {
        return Error::permanent(action, subject, said);
    }
    match error.kind() {
        ErrorKind::NotFound => Error::not_found(action, subject, said),
        ErrorKind::PermissionDenied => Error::denied(action, subject, said),
        ErrorKind::AlreadyExists => Error::already_exists(action, subject, said),
        ErrorKind::ConditionNotMatch => Error::precondition(action, subject, said),
        ErrorKind::RateLimited => Error::throttled(action, subject, wait(error)),
        ErrorKind::Unsupported => Error::unsupported(action, subject, said),
        _ if is_full(&whole) => Error::quota(action, subject, said),
        ErrorKind::Conflict => Error::temporary(action, subject, said),
        _ if said.starts_with(SSH) && is_shut(&said) => Error::denied(action, subject, said),
        _ if said.starts_with(SSH) => Error::temporary(action, subject, said),
        // Persistent is what was tried a few times: that was a moment, and this is for later.
        _ if error.is_temporary() || error.is_persistent() => {
            Error::temporary(action, subject, said)
        }
        _ => Error::permanent(action, subject, said),
    }
}

fn wait(error: &opendal::Error) -> Option<Duration> {
    let Wait(after) = error.source()?.downcast_ref()?;
    Some(*after)
}

/// There is no kind for a full store (HTTP says it by 507; RFC 4918, section 11.5).
fn is_full(whole: &str) -> bool {
    ["status: 507", "insufficient_space", "No space left", "QuotaExceeded"]
        .iter()
        .any(|word| whole.contains(word))
}

/// Nor for a login that is not there, or is not taken.
fn is_no_login(whole: &str) -> bool {
    ["status: 401", NO_CREDENTIAL, NO_LOGIN].iter().any(|word| whole.contains(word))
}

/// Of which kind the store is that failed, by the scheme of its addresses.
fn kind_of(whole: &str) -> Option<&str> {
    let (_, behind) = whole.split_once("service: ")?;
    let end = behind.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
    let name = behind.get(..end).filter(|name| !name.is_empty())?;
    Some(if name == "gcs" { "gs" } else { name })
}

/// ssh says in words alone why it does not connect.
fn is_shut(said: &str) -> bool {
    ["Permission denied", "Host key verification failed"].iter().any(|word| said.contains(word))
}

/// What the store said, made safe to show.
fn said(error: &opendal::Error, whole: &str) -> String {
    let mut said = match error.message().trim() {
        message if message.contains(NO_CREDENTIAL) || whole.contains(NO_CREDENTIAL) => {
            return NO_LOGIN.to_owned();
        }
        // A page for people says nothing that the status does not.
        page if page.is_empty() || page.starts_with('<') => match number(whole, "status: ") {
            Some(status) => format!("the server answered {status}"),
            None => error.kind().to_string(),
        },
        message => fields(message).unwrap_or_else(|| message.to_owned()),
    };
    let mut source = error.source();
    while let Some(below) = source {
        said = format!("{said}: {below}");
        source = below.source();
    }
    shorten(&safe_text(&said), MAX_SHOWN)
}

/// The code and the message of an answer of S3, Azure or Google, of which OpenDAL shows all
/// fields.
fn fields(message: &str) -> Option<String> {
    let field = |name: &str| {
        let (_, behind) = message.split_once(&format!("{name}: \""))?;
        behind.split_once('"').map(|(value, _)| value).filter(|value| !value.is_empty())
    };
    match (field("code"), field("message")) {
        (Some(code), Some(message)) => Some(format!("{message} ({code})")),
        (None, Some(text)) | (Some(text), None) => Some(text.to_owned()),
        (None, None) => field("error_summary").map(str::to_owned),
    }
}

fn number<'a>(text: &'a str, behind: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(behind)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end).filter(|digits| !digits.is_empty())
}
