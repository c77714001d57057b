//! A small client that shows everything of an answer.

use serde_json::{Value, json};
use syft_drive_emulator::{DriveEmulator, UserHandle};
use ureq::http::{HeaderMap, Request};
use ureq::{Agent, AsSendBody};

pub(crate) const FOLDER: &str = "application/vnd.google-apps.folder";
pub(crate) const ALICE: &str = "alice@example.org";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CAROL: &str = "carol@example.net";

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the reason of an error, or the status alone.
    pub(crate) fn reason(&self) -> (u16, String) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let reason = body["error"]["errors"][0]["reason"].as_str().unwrap_or_default();
        (self.status, reason.to_owned())
    }

    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The answer, which must be one.
    pub(crate) fn ok(self) -> Self {
        let body = String::from_utf8_lossy(&self.body);
        assert!((200..300).contains(&self.status), "{}: {body}", self.status);
        self
    }
}

/// Somebody with a token, or without.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: Agent,
    root: String,
    token: Option<String>,
}

impl Client {
    pub(crate) fn new(drive: &DriveEmulator, token: Option<&str>) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .new_agent();
        Client { agent, root: drive.url().to_owned(), token: token.map(str::to_owned) }
    }

    pub(crate) fn of(drive: &DriveEmulator, user: &UserHandle) -> Self {
        Client::new(drive, Some(user.access_token()))
    }

    /// A user with an empty Drive.
    pub(crate) fn user(drive: &DriveEmulator, email: &str) -> Self {
        Client::of(drive, &drive.add_user(email))
    }

    /// Any request; an error is a connection that broke.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let url = if target.starts_with("http") {
            target.to_owned()
        } else {
            format!("{}{target}", self.root)
        };
        let mut request = Request::builder().method(method).uri(url);
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

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], None).unwrap()
    }

    pub(crate) fn delete(&self, target: &str) -> Answer {
        self.send("DELETE", target, &[], None).unwrap()
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.with_json("POST", target, body)
    }

    pub(crate) fn patch(&self, target: &str, body: &Value) -> Answer {
        self.with_json("PATCH", target, body)
    }

    fn with_json(&self, method: &str, target: &str, body: &Value) -> Answer {
        let kind = [("Content-Type", "application/json")];
        self.send(method, target, &kind, Some(body.to_string().as_bytes())).unwrap()
    }

    /// A form, as the token endpoint takes it.
    pub(crate) fn form(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        self.send("POST", target, &kind, Some(encoded(fields).as_bytes())).unwrap()
    }

    pub(crate) fn folder(&self, name: &str, parent: &str) -> String {
        let body = json!({"name": name, "mimeType": FOLDER, "parents": [parent]});
        id(&self.post("/drive/v3/files?fields=id", &body).ok())
    }

    /// A file of text, in one request.
    pub(crate) fn file(&self, name: &str, parent: &str, text: &str) -> String {
        id(&self.try_file(name, parent, text).ok())
    }

    pub(crate) fn try_file(&self, name: &str, parent: &str, text: &str) -> Answer {
        let meta = json!({"name": name, "parents": [parent]});
        self.multipart(
            "POST",
            "/upload/drive/v3/files?uploadType=multipart",
            &meta,
            text.as_bytes(),
        )
    }

    pub(crate) fn multipart(
        &self,
        method: &str,
        target: &str,
        meta: &Value,
        bytes: &[u8],
    ) -> Answer {
        let mut body = format!(
            "--edge\r\nContent-Type: application/json\r\n\r\n{meta}\r\n--edge\r\nContent-Type: text/plain\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        let kind = [("Content-Type", "multipart/related; boundary=edge")];
        self.send(method, target, &kind, Some(&body)).unwrap()
    }

    /// Shares without a mail.
    pub(crate) fn share(&self, file: &str, email: &str, role: &str) -> String {
        let body = json!({"type": "user", "role": role, "emailAddress": email});
        let target = format!("/drive/v3/files/{file}/permissions?sendNotificationEmail=false");
        id(&self.post(&target, &body).ok())
    }

    pub(crate) fn about(&self, file: &str, fields: &str) -> Answer {
        self.get(&format!("/drive/v3/files/{file}?{}", encoded(&[("fields", fields)])))
    }

    pub(crate) fn search(&self, query: &str) -> Answer {
        let fields = "files(id,name),nextPageToken";
        self.get(&format!("/drive/v3/files?{}", encoded(&[("q", query), ("fields", fields)])))
    }

    /// The names that a query finds, in alphabetical order.
    pub(crate) fn names(&self, query: &str) -> Vec<String> {
        let mut names = names(&self.search(query).ok());
        names.sort();
        names
    }

    pub(crate) fn bytes(&self, file: &str) -> Answer {
        self.get(&format!("/drive/v3/files/{file}?alt=media"))
    }
}

/// The names of a list in its order.
pub(crate) fn names(list: &Answer) -> Vec<String> {
    let files = list.json()["files"].as_array().unwrap().clone();
    files.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
