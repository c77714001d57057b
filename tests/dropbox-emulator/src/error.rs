//! What is refused, in Dropbox's words.

use serde_json::{Value, json};
use syft_loopback::header::RETRY_AFTER;
use syft_loopback::{Dice, Response, StatusCode};

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    status: StatusCode,
    body: Body,
    retry_after: Option<u64>,
}

#[derive(Debug, Clone)]
enum Body {
    Text(String),
    /// The beginning of the summary, and the error.
    Tagged(String, Value),
}

impl Error {
    /// 400: a call that is none, in plain text.
    pub(crate) fn bad(what: impl Into<String>) -> Self {
        Error::text(StatusCode::BAD_REQUEST, what)
    }

    /// Any status with a text.
    pub(crate) fn text(status: StatusCode, what: impl Into<String>) -> Self {
        Error { status, body: Body::Text(what.into()), retry_after: None }
    }

    /// 409: the call says what went wrong, from tag to tag.
    pub(crate) fn route(tags: &[&str]) -> Self {
        Error::of(tags, union(tags))
    }

    /// The same with an error that holds more than its tags.
    pub(crate) fn of(tags: &[&str], error: Value) -> Self {
        let body = Body::Tagged(tags.join("/"), error);
        Error { status: StatusCode::CONFLICT, body, retry_after: None }
    }

    /// 401 with one of the reasons for which a token is not good.
    pub(crate) fn token(tag: &str) -> Self {
        Error { status: StatusCode::UNAUTHORIZED, ..Error::route(&[tag]) }
    }

    /// 429 with one of the two reasons. One second is what Dropbox takes for granted.
    pub(crate) fn rate(reason: &str, seconds: Option<u64>) -> Self {
        let retry_after = seconds.or(Some(1));
        let error = json!({"reason": {".tag": reason}, "retry_after": retry_after});
        let status = StatusCode::TOO_MANY_REQUESTS;
        Error { status, body: Body::Tagged(reason.to_owned(), error), retry_after }
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.retry_after = seconds;
        self
    }

    /// Whether the call says what went wrong, and not how it was made.
    pub(crate) fn is_route(&self) -> bool {
        self.status == StatusCode::CONFLICT
    }

    /// The tags with slashes between them; empty if it has none.
    pub(crate) fn summary(&self) -> &str {
        match &self.body {
            Body::Text(_) => "",
            Body::Tagged(summary, _) => summary,
        }
    }

    /// The error alone, as it stands in the result of a batch.
    pub(crate) fn into_value(self) -> Value {
        match self.body {
            Body::Text(text) => text.into(),
            Body::Tagged(_, error) => error,
        }
    }

    /// Dropbox ends each summary with some dots, so that nobody compares it whole.
    pub(crate) fn into_response(self, dice: &mut Dice) -> Response {
        let response = match self.body {
            Body::Text(text) => Response::of(self.status, "text/plain; charset=utf-8", text),
            Body::Tagged(summary, error) => {
                let dots = usize::try_from(dice.between(0, 3)).unwrap_or(0);
                let summary = format!("{summary}/{}", ".".repeat(dots));
                let body = json!({"error_summary": summary, "error": error});
                Response::of(self.status, "application/json", body.to_string())
            }
        };
        match self.retry_after {
            Some(seconds) => response.with(RETRY_AFTER, &seconds.to_string()),
            None => response,
        }
    }
}

/// A union in a union: each tag names the field with the next.
pub(crate) fn union(tags: &[&str]) -> Value {
    match tags {
        [] => Value::Null,
        [last] => json!({".tag": last}),
        [first, rest @ ..] => json!({".tag": first, *first: union(rest)}),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::union;

    #[test]
    fn unions_lie_in_unions() {
        let expected = json!({".tag": "path", "path": {
            ".tag": "conflict", "conflict": {".tag": "file"}}});
        assert_eq!(union(&["path", "conflict", "file"]), expected);
        assert_eq!(union(&["reset"]), json!({".tag": "reset"}));
    }
}
