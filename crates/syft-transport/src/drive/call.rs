//! One request to Drive.

use std::fmt;

use bytes::Bytes;
use google_drive3::common::{Body, to_body};
use google_drive3::hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, USER_AGENT,
};
use google_drive3::hyper::{Method, Request};
use url::Url;

use crate::{Error, Result};

const AGENT: &str = concat!("syft/", env!("CARGO_PKG_VERSION"));
const JSON: &str = "application/json; charset=UTF-8";

/// What is being done, for people who read an error.
#[derive(Debug, Clone)]
pub(super) struct What {
    pub(super) action: &'static str,
    pub(super) subject: String,
}

impl What {
    pub(super) fn new(action: &'static str, subject: impl fmt::Display) -> Self {
        What { action, subject: subject.to_string() }
    }
}

/// A request that can be sent again.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Option<Bytes>,
    /// Whether the token of the account goes with it. The address of an upload is a secret
    /// of its own.
    pub(super) is_signed: bool,
    pub(super) what: What,
}

impl Call {
    pub(super) fn new(method: Method, url: Url, what: What) -> Self {
        Call { method, url, headers: Vec::new(), body: None, is_signed: true, what }
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn json(self, value: &serde_json::Value) -> Self {
        self.content(JSON, value.to_string())
    }

    pub(super) fn content(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header(CONTENT_TYPE, media_type)
    }

    pub(super) fn unsigned(mut self) -> Self {
        self.is_signed = false;
        self
    }

    /// The request with the token of the account.
    pub(super) fn request(&self, bearer: Option<&str>) -> Result<Request<Body>> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.url.as_str())
            .header(USER_AGENT, AGENT);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
        }
        if self.body.is_none() && self.method != Method::GET && self.method != Method::DELETE {
            request = request.header(CONTENT_LENGTH, "0");
        }
        let What { action, subject } = &self.what;
        request.body(to_body(self.body.clone())).map_err(|error| {
            Error::permanent(action, subject, "the request cannot be written").because(error)
        })
    }
}
