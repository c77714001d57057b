//! What Drive says when it refuses, by what a caller would do about it.

use google_drive3::hyper::StatusCode;
use google_drive3::hyper::header::HeaderMap;
use serde::Deserialize;
use syft_core::{safe_text, shorten};

use super::call::What;
use crate::Error;
use crate::http::retry_after;

/// Longest message of Drive's that is shown, in characters.
const MAX_SHOWN: usize = 300;

/// The body of a refusal.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: Detail,
}

#[derive(Debug, Default, Deserialize)]
struct Detail {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Item>,
}

#[derive(Debug, Default, Deserialize)]
struct Item {
    #[serde(default)]
    reason: String,
}

/// The error of an answer that is no success (Drive API, "Resolve errors").
pub(super) fn refused(what: &What, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let Refusal { error } = serde_json::from_slice(body).unwrap_or_default();
    let reason = error.errors.first().map_or("", |item| item.reason.as_str());
    let said = match (error.message.as_str(), reason) {
        ("", "") => format!("Google answered {status}"),
        (message, "") => message.to_owned(),
        (message, reason) => format!("{message} ({reason})"),
    };
    let said = shorten(&safe_text(&said), MAX_SHOWN);
    let (action, subject) = (what.action, what.subject.as_str());
    match (status.as_u16(), reason) {
        (429, _) | (403, "rateLimitExceeded" | "userRateLimitExceeded") => {
            Error::throttled(action, subject, retry_after(headers))
        }
        (403, "sharingRateLimitExceeded") => {
            let detail = "Google lets this account share no more today; it goes on by itself later";
            Error::temporary(action, subject, detail)
        }
        (403, "storageQuotaExceeded" | "numChildrenInNonRootLimitExceeded") => {
            Error::quota(action, subject, said)
        }
        (403, "dailyLimitExceeded") => Error::temporary(action, subject, said),
        (401 | 403, _) => Error::denied(action, subject, said),
        (404, _) => Error::not_found(action, subject, said),
        (409, _) => Error::already_exists(action, subject, said),
        (410 | 412, _) => Error::precondition(action, subject, said),
        (408 | 500.., _) => Error::temporary(action, subject, said),
        _ => Error::permanent(action, subject, said),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use google_drive3::hyper::header::RETRY_AFTER;

    use super::*;

    fn error(status: u16, reason: &str) -> Error {
        let body = format!(
            r#"{{"error":{{"code":{status},"message":"No.","errors":[{{"reason":"{reason}"}}]}}}}"#
        );
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        let what = What::new("put", "a");
        refused(&what, StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
    }

    #[test]
    fn a_refusal_says_whether_to_try_again() {
        for (status, reason) in
            [(403, "userRateLimitExceeded"), (429, ""), (403, "rateLimitExceeded")]
        {
            let Error::Throttled { after, .. } = error(status, reason) else { panic!("{reason}") };
            assert_eq!(after, Some(Duration::from_secs(7)));
        }
        let denied = error(403, "insufficientFilePermissions");
        assert!(matches!(denied, Error::Denied { .. }));
        assert_eq!(
            denied.to_string(),
            "could not put a: No. (insufficientFilePermissions) (permission denied)"
        );
        assert!(matches!(error(403, "storageQuotaExceeded"), Error::Quota { .. }));
        assert!(matches!(error(404, "notFound"), Error::NotFound { .. }));
        assert!(matches!(error(503, "backendError"), Error::Temporary { .. }));
        assert!(matches!(error(400, "invalid"), Error::Permanent { .. }));
    }

    #[test]
    fn a_refusal_without_words_names_its_status() {
        let what = What::new("list", "b");
        let error = refused(&what, StatusCode::BAD_GATEWAY, &HeaderMap::new(), b"<html>");
        assert_eq!(
            error.to_string(),
            "could not list b: Google answered 502 Bad Gateway (try again later)"
        );
    }
}
