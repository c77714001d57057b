//! When a token is renewed, by whom, and what is said if that fails.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use syft_core::Timestamp;
use syft_core::testing::ManualClock;
use syft_transport::Error;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};

use super::files::{python_file, with, without};
use super::server::{Answer, Server, ok, refused};

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_rfc3339("2026-01-01T00:00:00Z").unwrap()))
}

pub fn fresh(token: &str) -> Answer {
    ok(json!({"access_token": token, "expires_in": 3600, "token_type": "Bearer"}).to_string())
}

/// Tokens of a file that names the server as its token_uri.
pub fn tokens_of(bytes: &[u8], clock: &Arc<ManualClock>) -> Tokens {
    let credentials = Credentials::from_token_file(bytes).unwrap();
    Tokens::new(credentials, &Endpoints::google(), http_client().unwrap()).with_clock(clock.clone())
}

/// An access token that ends at `expiry` and is renewed at `server`.
pub fn file(server: &Server, expiry: &str) -> Vec<u8> {
    let mut file = python_file();
    file["token_uri"] = json!(format!("{}/own/token", server.root));
    with(file, "expiry", expiry)
}

pub async fn ended(server: &Server) -> Tokens {
    tokens_of(&file(server, "2025-01-01T00:00:00Z"), &clock())
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_where_the_file_says() {
    let server = Server::answering([fresh("ya29.second")]).await;
    assert_eq!(ended(&server).await.bearer().await.unwrap().expose(), "ya29.second");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /own/token HTTP/1.1");
    let form = json!(asked[0].form);
    let wanted = json!({
        "grant_type": "refresh_token", "refresh_token": "1//refresh",
        "client_id": "77-x.apps.googleusercontent.com", "client_secret": "GOCSPX-client"
    });
    assert_eq!(form, wanted);
}

#[tokio::test]
async fn another_server_is_asked_instead_of_the_files() {
    let server = Server::answering([fresh("ya29.second")]).await;
    let credentials = Credentials::from_token_file(&without(python_file(), "expiry")).unwrap();
    let endpoints = Endpoints::at(&server.root).unwrap();
    let tokens = Tokens::new(credentials, &endpoints, http_client().unwrap());
    assert_eq!(tokens.bearer().await.unwrap().expose(), "ya29.second");
    assert_eq!(server.asked()[0].line, "POST /token HTTP/1.1");
}

#[tokio::test]
async fn a_token_is_used_until_a_minute_before_its_end() {
    let server = Server::answering([fresh("ya29.second"), fresh("ya29.third")]).await;
    let clock = clock();
    let tokens = tokens_of(&file(&server, "2026-01-01T00:02:00Z"), &clock);
    let bearer = async || tokens.bearer().await.unwrap().expose().to_owned();
    assert_eq!(bearer().await, "ya29.first");
    clock.step(59.0);
    assert_eq!(bearer().await, "ya29.first");
    clock.step(1.0);
    assert_eq!(bearer().await, "ya29.second");
    clock.step(3539.0);
    assert_eq!(bearer().await, "ya29.second");
    clock.step(1.0);
    assert_eq!(bearer().await, "ya29.third");
}

#[tokio::test]
async fn one_asks_for_all_who_wait() {
    let server = Server::answering([fresh("ya29.second")]).await;
    let tokens = ended(&server).await;
    let bearers = join_all((0..20).map(|_| tokens.bearer())).await;
    assert!(bearers.into_iter().all(|bearer| bearer.unwrap().expose() == "ya29.second"));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn f9_one_is_refused_for_all_who_wait() {
    let throttled = ("429 Slow\r\nRetry-After: 7", String::new());
    let server = Server::answering([throttled, fresh("ya29.second")]).await;
    let tokens = ended(&server).await;
    for result in join_all((0..20).map(|_| tokens.bearer())).await {
        let error = result.unwrap_err();
        let Error::Throttled { after, .. } = error else { panic!("{error}") };
        assert_eq!(after, Some(Duration::from_secs(7)));
    }
    assert_eq!(server.asked().len(), 1);
    assert_eq!(tokens.bearer().await.unwrap().expose(), "ya29.second");
}

#[tokio::test]
async fn a_login_that_ended_says_what_to_do() {
    let gone =
        r#"{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}"#;
    let error = ended(&Server::answering([refused(gone)]).await).await.bearer().await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }) && !error.is_retryable());
    assert_eq!(
        error.to_string(),
        "could not log in to Google Drive: the login at Google has expired or was withdrawn: log \
         in again (invalid_grant: Token has been expired or revoked.) (permission denied)"
    );
}

#[tokio::test]
async fn what_may_pass_is_told_from_what_will_not() {
    let cases: [(Answer, bool); 7] = [
        (("503 Unavailable", "<html>".to_owned()), true),
        (("500 Oops", r#"{"error": "internal_failure"}"#.to_owned()), true),
        (refused(r#"{"error": "temporarily_unavailable"}"#), true),
        (("401 No", r#"{"error": "invalid_client"}"#.to_owned()), false),
        (refused(r#"{"error": "invalid_scope"}"#), false),
        (ok("<html>a portal</html>"), false),
        (ok(r#"{"token_type": "Bearer"}"#), false),
    ];
    for (answer, passes) in cases {
        let error = ended(&Server::answering([answer]).await).await.bearer().await.unwrap_err();
        assert_eq!(error.is_retryable(), passes, "{error}");
    }
    let nobody = with(python_file(), "token_uri", "http://127.0.0.1:1/token");
    let tokens = tokens_of(&nobody, &clock());
    assert!(tokens.bearer().await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let server = Server::answering([fresh("ya29.second"), fresh("ya29.third")]).await;
    let tokens = tokens_of(&file(&server, "2026-01-01T01:00:00Z"), &clock());
    let refused = tokens.bearer().await.unwrap();
    let renewed = join_all((0..5).map(|_| tokens.renew(&refused))).await;
    assert!(renewed.into_iter().all(|bearer| bearer.unwrap().expose() == "ya29.second"));
    assert_eq!(tokens.renew(&refused).await.unwrap().expose(), "ya29.second");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_token_alone_lasts_until_it_is_refused() {
    let credentials = Credentials::bearer("ya29.alone").unwrap();
    let tokens = Tokens::new(credentials, &Endpoints::google(), http_client().unwrap());
    let bearer = tokens.bearer().await.unwrap();
    assert!(!tokens.status().refreshable);
    assert!(matches!(tokens.renew(&bearer).await.unwrap_err(), Error::Denied { .. }));
    let file = without(python_file(), "refresh_token");
    let error = tokens_of(&file, &clock()).bearer().await.unwrap_err();
    assert!(error.to_string().contains("cannot renew it: log in again"), "{error}");
}

#[tokio::test]
async fn tls_needs_nothing_of_the_process() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("https://{}", listener.local_addr().unwrap());
    // Nobody who speaks TLS; without a provider the client would panic before that.
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let file = with(python_file(), "token_uri", root);
    let error = tokens_of(&file, &clock()).bearer().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}
