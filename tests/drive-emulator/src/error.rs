//! Errors in the words and the shape that Drive gives them.

use hyper::StatusCode;
use hyper::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use syft_loopback::Response;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// One error of Drive; everything a client may look at.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    status: StatusCode,
    domain: &'static str,
    reason: &'static str,
    message: String,
    /// `parameter` or `header`, and its name.
    location: Option<(&'static str, &'static str)>,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Error {
    fn new(status: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Error { status, domain: "global", reason, message, location: None, retry_after: None }
    }

    fn in_parameter(mut self, name: &'static str) -> Self {
        self.location = Some(("parameter", name));
        self
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.retry_after = seconds;
        self
    }

    pub(crate) fn not_found(id: &str) -> Self {
        let message = format!("File not found: {id}.");
        Error::new(StatusCode::NOT_FOUND, "notFound", message).in_parameter("fileId")
    }

    pub(crate) fn no_permission(id: &str) -> Self {
        let message = format!("Permission not found: {id}.");
        Error::new(StatusCode::NOT_FOUND, "notFound", message).in_parameter("permissionId")
    }

    pub(crate) fn no_method() -> Self {
        Error::new(StatusCode::NOT_FOUND, "notFound", "Not Found")
    }

    pub(crate) fn invalid(parameter: &'static str) -> Self {
        Error::new(StatusCode::BAD_REQUEST, "invalid", "Invalid Value").in_parameter(parameter)
    }

    pub(crate) fn bad_field(field: &str) -> Self {
        let message = format!("Invalid field selection {field}");
        Error::new(StatusCode::BAD_REQUEST, "invalidParameter", message).in_parameter("fields")
    }

    pub(crate) fn missing(parameter: &'static str) -> Self {
        let message = format!("Required parameter: {parameter}");
        Error::new(StatusCode::BAD_REQUEST, "required", message).in_parameter(parameter)
    }

    pub(crate) fn needs_fields() -> Self {
        let message = "The 'fields' parameter is required for this method.";
        Error::new(StatusCode::BAD_REQUEST, "required", message).in_parameter("fields")
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Error::new(StatusCode::BAD_REQUEST, "badRequest", message)
    }

    pub(crate) fn parse() -> Self {
        Error::new(StatusCode::BAD_REQUEST, "parseError", "Parse Error")
    }

    pub(crate) fn bad_sharing(message: impl Into<String>) -> Self {
        Error::new(StatusCode::BAD_REQUEST, "invalidSharingRequest", message)
    }

    pub(crate) fn forbidden(reason: &'static str, message: impl Into<String>) -> Self {
        Error::new(StatusCode::FORBIDDEN, reason, message)
    }

    pub(crate) fn insufficient(id: &str) -> Self {
        let message = format!("The user does not have sufficient permissions for file {id}.");
        Error::forbidden("insufficientFilePermissions", message)
    }

    pub(crate) fn insufficient_parent() -> Self {
        let message = "Insufficient permissions for the specified parent.";
        Error::forbidden("insufficientParentPermissions", message)
    }

    pub(crate) fn second_parent() -> Self {
        Error::forbidden("cannotAddParent", "Increasing the number of parents is not allowed")
    }

    pub(crate) fn id_in_use() -> Self {
        let message = "A file already exists with the provided ID.";
        Error::new(StatusCode::CONFLICT, "fileIdInUse", message)
    }

    pub(crate) fn bad_range() -> Self {
        let message = "Request range not satisfiable";
        let status = StatusCode::RANGE_NOT_SATISFIABLE;
        let mut error = Error::new(status, "requestedRangeNotSatisfiable", message);
        error.location = Some(("header", "Range"));
        error
    }

    pub(crate) fn bad_token() -> Self {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
        let mut error = Error::new(StatusCode::UNAUTHORIZED, "authError", message);
        error.location = Some(("header", "Authorization"));
        error
    }

    pub(crate) fn no_token() -> Self {
        let mut error = Error::new(StatusCode::UNAUTHORIZED, "required", "Login Required.");
        error.location = Some(("header", "Authorization"));
        error
    }

    pub(crate) fn narrow_scope() -> Self {
        let message = "Request had insufficient authentication scopes.";
        Error::forbidden("insufficientPermissions", message)
    }

    pub(crate) fn too_many_requests() -> Self {
        let message = "Rate Limit Exceeded";
        Error {
            domain: "usageLimits",
            ..Error::new(StatusCode::TOO_MANY_REQUESTS, "rateLimitExceeded", message)
        }
    }

    pub(crate) fn user_rate_limit() -> Self {
        let message = "User Rate Limit Exceeded. Rate of requests for user exceed configured project quota. You may consider re-evaluating expected per-user traffic to the API and adjust project quota limits accordingly. You may monitor aggregate quota usage and adjust limits in the API Console.";
        Error { domain: "usageLimits", ..Error::forbidden("userRateLimitExceeded", message) }
    }

    pub(crate) fn gone() -> Self {
        Error::new(StatusCode::GONE, "gone", "Gone")
    }

    pub(crate) fn internal() -> Self {
        Error::new(StatusCode::INTERNAL_SERVER_ERROR, "internalError", "Internal Error")
    }

    pub(crate) fn unavailable() -> Self {
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "backendError", "Transient failure")
    }

    fn body(&self) -> Value {
        let mut line =
            json!({"message": self.message, "domain": self.domain, "reason": self.reason});
        if let (Some((kind, name)), Some(line)) = (self.location, line.as_object_mut()) {
            line.insert("location".to_owned(), name.into());
            line.insert("locationType".to_owned(), kind.into());
        }
        let code = self.status.as_u16();
        let mut error = json!({"code": code, "message": self.message, "errors": [line]});
        if let (Some(name), Some(error)) = (rpc_status(self.reason), error.as_object_mut()) {
            error.insert("status".to_owned(), name.into());
        }
        json!({"error": error})
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::json(self.status, &self.body());
        if let Some(seconds) = self.retry_after {
            response = response.with(RETRY_AFTER, &seconds.to_string());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge =
                "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
            response = response.with(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The name that the newer of Google's front ends add to the code.
fn rpc_status(reason: &str) -> Option<&'static str> {
    match reason {
        "authError" => Some("UNAUTHENTICATED"),
        "insufficientPermissions" => Some("PERMISSION_DENIED"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn the_body_is_of_googles_shape() {
        let body = Error::not_found("x").body();
        assert_eq!(body["error"]["code"], 404);
        assert_eq!(body["error"]["message"], "File not found: x.");
        let line = &body["error"]["errors"][0];
        assert_eq!(line["reason"], "notFound");
        assert_eq!(line["domain"], "global");
        assert_eq!(line["location"], "fileId");
        assert_eq!(Error::user_rate_limit().body()["error"]["errors"][0]["domain"], "usageLimits");
        assert_eq!(Error::bad_token().body()["error"]["status"], "UNAUTHENTICATED");
    }

    #[test]
    fn a_wait_is_said_in_seconds() {
        let response = Error::too_many_requests().retry_after(Some(7)).into_response();
        assert_eq!(response.headers["retry-after"], "7");
    }
}
