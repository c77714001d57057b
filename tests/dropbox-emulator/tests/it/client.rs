//! A small client that shows everything of an answer.

use serde_json::{Value, json};
use syft_dropbox_emulator::{AccountHandle, DropboxEmulator};
use ureq::http::{HeaderMap, Request};
use ureq::{Agent, AsSendBody};

pub(crate) const ALICE: &str = "alice@example.org";
pub(crate) const BOB: &str = "bob@example.com";

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status, and the summary of an error without its end of dots.
    pub(crate) fn error(&self) -> (u16, String) {
        let summary = self.json()["error_summary"].as_str().unwrap().to_owned();
        let (tags, dots) = summary.rsplit_once('/').unwrap();
        assert!(dots.chars().all(|dot| dot == '.'), "{summary}");
        (self.status, tags.to_owned())
    }

    /// The answer, which must be one.
    pub(crate) fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text());
        self
    }
}

/// 409 with these tags.
pub(crate) fn refused(tags: &str) -> (u16, String) {
    (409, tags.to_owned())
}

/// Somebody with a token, or without.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: Agent,
    root: String,
    token: Option<String>,
}

impl Client {
    pub(crate) fn new(dropbox: &DropboxEmulator, token: Option<&str>) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .new_agent();
        Client { agent, root: dropbox.url().to_owned(), token: token.map(str::to_owned) }
    }

    pub(crate) fn of(dropbox: &DropboxEmulator, account: &AccountHandle) -> Self {
        Client::new(dropbox, Some(account.access_token()))
    }

    /// An account with an empty root.
    pub(crate) fn account(dropbox: &DropboxEmulator, email: &str) -> Self {
        Client::of(dropbox, &dropbox.add_account(email))
    }

    /// Any request; an error is a connection that broke.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &[u8])],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.root));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match body {
            Some(body) => self.run(request.body(body).unwrap()),
            None => self.run(request.body(()).unwrap()),
        }
    }

    fn run(&self, request: Request<impl AsSendBody>) -> Result<Answer, ureq::Error> {
        let response = self.agent.run(request)?;
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(u64::MAX).read_to_vec()?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// A call to `api.dropboxapi.com`.
    pub(crate) fn call(&self, call: &str, args: &Value) -> Answer {
        self.try_call(call, args).unwrap()
    }

    pub(crate) fn try_call(&self, call: &str, args: &Value) -> Result<Answer, ureq::Error> {
        let kind: [(&str, &[u8]); 1] = [("Content-Type", b"application/json")];
        self.send("POST", &format!("/2/{call}"), &kind, Some(args.to_string().as_bytes()))
    }

    /// A call to `content.dropboxapi.com` that brings bytes.
    pub(crate) fn bring(&self, call: &str, args: &Value, bytes: &[u8]) -> Answer {
        self.try_bring(call, args, bytes).unwrap()
    }

    pub(crate) fn try_bring(
        &self,
        call: &str,
        args: &Value,
        bytes: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let args = args.to_string();
        let headers: [(&str, &[u8]); 2] =
            [("Dropbox-API-Arg", args.as_bytes()), ("Content-Type", b"application/octet-stream")];
        self.send("POST", &format!("/2/{call}"), &headers, Some(bytes))
    }

    /// A file of text that must not be there yet.
    pub(crate) fn file(&self, path: &str, text: &str) -> Value {
        self.bring("files/upload", &json!({"path": path}), text.as_bytes()).ok().json()
    }

    pub(crate) fn folder(&self, path: &str) -> Value {
        let made = self.call("files/create_folder_v2", &json!({"path": path})).ok();
        made.json()["metadata"].clone()
    }

    pub(crate) fn about(&self, path: &str) -> Answer {
        self.call("files/get_metadata", &json!({"path": path}))
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.call("files/delete_v2", &json!({"path": path}))
    }

    /// A download, of a part if one is named.
    pub(crate) fn bytes(&self, path: &str, range: Option<&str>) -> Answer {
        let args = json!({"path": path}).to_string();
        let mut headers: Vec<(&str, &[u8])> = vec![("Dropbox-API-Arg", args.as_bytes())];
        headers.extend(range.map(|range| ("Range", range.as_bytes())));
        self.send("POST", "/2/files/download", &headers, Some(b"")).unwrap()
    }

    /// A whole listing, page by page, with the cursor at its end.
    pub(crate) fn list(&self, args: &Value) -> (Vec<Value>, String) {
        self.to_the_end(self.call("files/list_folder", args))
    }

    /// What has changed since, and the cursor for what changes later.
    pub(crate) fn changes(&self, cursor: &str) -> (Vec<Value>, String) {
        self.to_the_end(self.call("files/list_folder/continue", &json!({"cursor": cursor})))
    }

    fn to_the_end(&self, first: Answer) -> (Vec<Value>, String) {
        let (mut page, mut entries) = (first.ok().json(), Vec::new());
        loop {
            entries.extend(page["entries"].as_array().unwrap().clone());
            let cursor = page["cursor"].as_str().unwrap().to_owned();
            if !page["has_more"].as_bool().unwrap() {
                return (entries, cursor);
            }
            page = self.call("files/list_folder/continue", &json!({"cursor": cursor})).ok().json();
        }
    }

    /// A form, as the token endpoint takes it.
    pub(crate) fn form(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let kind: [(&str, &[u8]); 1] = [("Content-Type", b"application/x-www-form-urlencoded")];
        self.send("POST", target, &kind, Some(encoded(fields).as_bytes())).unwrap()
    }
}

/// The tags and paths of some lines.
pub(crate) fn lines(entries: &[Value]) -> Vec<String> {
    let line = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        format!("{} {}", text(".tag"), text("path_display"))
    };
    entries.iter().map(line).collect()
}

pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
