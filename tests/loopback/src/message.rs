//! A request and an answer, whole and without a connection.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request that has arrived whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// What `X-HTTP-Method-Override` says, if it is there.
    pub method: Method,
    /// As it was sent, percent signs included.
    pub path: String,
    /// As it was sent.
    pub raw_query: String,
    /// What the query says.
    pub params: Params,
    /// As they were sent.
    pub headers: HeaderMap,
    /// As it was sent.
    pub body: Bytes,
    /// How many bytes of an upload are taken at most: a fault.
    pub take_at_most: Option<usize>,
}

impl Request {
    /// What has arrived.
    #[must_use]
    pub fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let (mut method, mut body) = (method, body);
        let mut raw_query = uri.query().unwrap_or_default().to_owned();
        let meant =
            headers.get("x-http-method-override").map(|name| Method::from_bytes(name.as_bytes()));
        if let Some(Ok(meant)) = meant {
            // A query that is too long for a line travels as the body of a POST.
            if raw_query.is_empty() && meant == Method::GET {
                raw_query = String::from_utf8_lossy(&body).into_owned();
                body = Bytes::new();
            }
            method = meant;
        }
        let params = Params::read(&raw_query);
        let path = uri.path().to_owned();
        Request { method, path, raw_query, params, headers, body, take_at_most: None }
    }

    /// The parts of the path, decoded.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        let parts = self.path.trim_matches('/').split('/');
        parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
    }

    /// A header, unless it holds more than ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The path with the query, as a rule for faults sees it.
    #[must_use]
    pub fn target(&self) -> String {
        if self.raw_query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, self.raw_query)
    }
}

/// Names and values of a query or a form.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `name=value&…`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Params(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a switch is on; `otherwise` if it is not there.
    #[must_use]
    pub fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.get(name).map_or(otherwise, |value| value.eq_ignore_ascii_case("true"))
    }

    /// The ids of a list with commas.
    #[must_use]
    pub fn ids(&self, name: &str) -> Vec<String> {
        let list = self.get(name).unwrap_or_default().split(',');
        list.map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its first line.
    pub status: StatusCode,
    /// All but the length.
    pub headers: HeaderMap,
    /// Empty if it has none.
    pub body: Bytes,
}

impl Response {
    /// A status and nothing else.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Response { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// JSON for the eye.
    #[must_use]
    pub fn json(status: StatusCode, value: &Value) -> Self {
        let text = format!("{value:#}\n");
        Response::of(status, "application/json; charset=UTF-8", text)
    }

    /// A body of this kind.
    #[must_use]
    pub fn of(status: StatusCode, kind: &str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::empty(status);
        response.body = body.into();
        response.with(CONTENT_TYPE, kind)
    }

    /// The same with a header; a value that is no header is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn parameters_are_decoded() {
        let params = Params::read("q=name+%3D+%27a%27&flag=TRUE&ids=a,%20b,");
        assert_eq!(params.get("q"), Some("name = 'a'"));
        assert!(params.flag("flag", false));
        assert!(params.flag("none", true));
        assert_eq!(params.ids("ids"), ["a", "b"]);
        assert_eq!(params.get("nothing"), None);
    }
}
