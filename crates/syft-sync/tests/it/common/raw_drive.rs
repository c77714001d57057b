//! An account's own hand at the emulator of Google Drive: whatever Google lets it do,
//! without a node.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use syft_drive_emulator::DriveEmulator;

pub(crate) const FOLDER: &str = "application/vnd.google-apps.folder";

pub(crate) struct RawDrive {
    host: String,
    token: String,
}

impl RawDrive {
    pub(crate) fn of(drive: &DriveEmulator, email: &str) -> Self {
        let host = drive.url().trim_start_matches("http://").to_owned();
        RawDrive { host, token: drive.add_user(email).access_token().to_owned() }
    }

    /// Makes a folder, or anything else that has no bytes.
    pub(crate) fn entry(&self, name: &str, mime: &str, parent: &str) -> String {
        let about = json!({ "name": name, "mimeType": mime, "parents": [parent] });
        let made = self.call("POST", "/drive/v3/files", "application/json", about.to_string());
        made["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, parent: &str, bytes: &[u8]) -> String {
        let id = self.entry(name, "application/octet-stream", parent);
        let target = format!("/upload/drive/v3/files/{id}?uploadType=media");
        self.call("PATCH", &target, "application/octet-stream", bytes);
        id
    }

    pub(crate) fn delete(&self, id: &str) {
        self.call("DELETE", &format!("/drive/v3/files/{id}"), "text/plain", "");
    }

    pub(crate) fn share(&self, id: &str, with: &str, role: &str) {
        let about = json!({ "type": "user", "role": role, "emailAddress": with });
        let target = format!("/drive/v3/files/{id}/permissions?sendNotificationEmail=false");
        self.call("POST", &target, "application/json", about.to_string());
    }

    fn call(&self, method: &str, target: &str, kind: &str, body: impl AsRef<[u8]>) -> Value {
        let (host, token, body) = (&self.host, &self.token, body.as_ref());
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 2"), "{method} {target}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }
}
