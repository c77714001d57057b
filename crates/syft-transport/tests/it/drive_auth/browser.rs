//! A login that has begun, and a browser.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use syft_core::testing::{ManualClock, SeededEntropy};
use syft_core::{Email, Timestamp};
use syft_transport::Result;
use syft_transport::drive::auth::{ClientSecrets, Endpoints, LoopbackLogin, TokenFile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::files::client_secrets;
use super::server::{Answer, Server, ok};

pub const MINUTE: Duration = Duration::from_secs(60);

pub fn granted() -> Answer {
    let answer = json!({
        "access_token": "ya29.login", "expires_in": 3599, "refresh_token": "1//login",
        "refresh_token_expires_in": 604_799, "token_type": "Bearer",
        "scope": "openid https://www.googleapis.com/auth/drive"
    });
    ok(answer.to_string())
}

pub async fn begin(server: &Server) -> LoopbackLogin {
    let secrets = ClientSecrets::parse(&client_secrets()).unwrap();
    let endpoints = Endpoints::at(&server.root).unwrap();
    let hint = Email::parse("alice@example.org").unwrap();
    let clock = ManualClock::at(Timestamp::from_rfc3339("2026-01-01T00:00:00Z").unwrap());
    let entropy = SeededEntropy::new(7);
    LoopbackLogin::begin_with(secrets, &endpoints, Some(&hint), Arc::new(clock), &entropy)
        .await
        .unwrap()
}

pub fn query(login: &LoopbackLogin) -> BTreeMap<String, String> {
    login.url().query_pairs().into_owned().collect()
}

/// The address that Google would send the browser to.
pub fn answer(login: &LoopbackLogin, rest: &str) -> String {
    let query = query(login);
    format!("{}?state={}&{rest}", query["redirect_uri"], query["state"])
}

pub async fn open(url: &str) -> TcpStream {
    let url = url::Url::parse(url).unwrap();
    TcpStream::connect(("127.0.0.1", url.port().unwrap())).await.unwrap()
}

/// Opens an address as a browser does; what it is shown.
pub async fn browse(url: &str) -> String {
    let target = url.splitn(4, '/').nth(3).unwrap();
    ask(url, &format!("GET /{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")).await
}

pub async fn ask(url: &str, request: &str) -> String {
    let (mut stream, mut page) = (open(url).await, Vec::new());
    stream.write_all(request.as_bytes()).await.unwrap();
    // A visitor that is turned away in the middle of a request may be cut off.
    let _ = stream.read_to_end(&mut page).await;
    String::from_utf8(page).unwrap()
}

/// A login whose browser ends there.
pub async fn ends(login: &LoopbackLogin, url: &str) -> (Result<TokenFile>, String) {
    tokio::join!(login.wait(MINUTE), browse(url))
}
