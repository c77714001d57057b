use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use opendal::ErrorKind;
use syft_core::{safe_text, shorten};

use super::http::Wait;
use crate::Error;

/// Longest message of a store that is shown, in characters.
const MAX_SHOWN: usize = 300;

/// What went wrong, by what a caller would do about it. A condition that did not hold is for
/// the caller, which knows what it was. The error itself is not kept as a cause: it holds
/// the whole request, and so may hold what is secret.
pub(super) fn error(action: &'static str, subject: impl fmt::Display, error: &opendal::Error) -> Error {
    let (said, whole) = (said(error), error.to_string());
    match error.kind() {
        ErrorKind::NotFound => Error::not_found(action, subject, said),
        ErrorKind::PermissionDenied => Error::denied(action, subject, said),
        ErrorKind::AlreadyExists => Error::already_exists(action, subject, said),
        ErrorKind::ConditionNotMatch => Error::precondition(action, subject, said),
        ErrorKind::RateLimited => Error::throttled(action, subject, wait(error)),
        ErrorKind::Unsupported => Error::unsupported(action, subject, said),
        _ if is_full(&whole) => Error::quota(action, subject, said),
        _ if is_no_login(&whole) => Error::denied(action, subject, said),
        _ if error.is_temporary() => Error::temporary(action, subject, said),
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
    ["status: 401", "signing credential"].iter().any(|word| whole.contains(word))
}

/// What the store said, made safe to show.
fn said(error: &opendal::Error) -> String {
    let mut said = error.message().trim().to_owned();
    let mut source = error.source();
    while let Some(below) = source {
        said = format!("{said}: {below}");
        source = below.source();
    }
    if said.is_empty() {
        said = error.kind().to_string();
    }
    shorten(&safe_text(&said), MAX_SHOWN)
}
