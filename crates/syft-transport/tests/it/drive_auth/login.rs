//! The login in a browser, with this test in the browser's place.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use syft_transport::Error;
use syft_transport::drive::auth::{ClientSecrets, Endpoints, LoopbackLogin};

use super::browser::{MINUTE, answer, ask, begin, browse, ends, granted, open, query};
use super::files::client_secrets;
use super::server::{Server, ok, refused};

#[tokio::test]
async fn the_page_is_asked_for_all_that_is_needed() {
    let login = begin(&Server::answering([granted()]).await).await;
    assert_eq!(login.url().path(), "/o/oauth2/v2/auth");
    let query = query(&login);
    let fixed = [
        ("client_id", "77-x.apps.googleusercontent.com"),
        ("response_type", "code"),
        ("scope", "https://www.googleapis.com/auth/drive"),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("code_challenge_method", "S256"),
        ("login_hint", "alice@example.org"),
    ];
    for (name, value) in fixed {
        assert_eq!(query[name], value, "{name}");
    }
    assert_eq!(query.len(), fixed.len() + 3);
    assert!(query["redirect_uri"].starts_with("http://127.0.0.1:"));
    assert_eq!((query["state"].len(), query["code_challenge"].len()), (43, 43));
    assert_ne!(query["state"], query["code_challenge"]);
}

#[tokio::test]
async fn a_login_ends_in_the_file_of_the_python_client() {
    let server = Server::answering([granted()]).await;
    let login = begin(&server).await;
    let (file, page) = ends(&login, &answer(&login, "code=4/0Acode&scope=drive")).await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("<h1>Logged in</h1>"));
    assert!(!page.contains("4/0Acode"));

    let form = &server.asked()[0].form;
    let query = query(&login);
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "4/0Acode");
    assert_eq!(form["redirect_uri"], query["redirect_uri"]);
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    assert_eq!(proof, query["code_challenge"]);

    let file: Value = serde_json::from_str(&file.unwrap().expose_json()).unwrap();
    let wanted = json!({
        "token": "ya29.login", "refresh_token": "1//login",
        "token_uri": format!("{}/token", server.root),
        "client_id": "77-x.apps.googleusercontent.com", "client_secret": "GOCSPX-client",
        "scopes": ["https://www.googleapis.com/auth/drive"],
        "universe_domain": "googleapis.com", "account": "",
        "expiry": "2026-01-01T00:59:59Z", "refresh_token_expiry": "2026-01-07T23:59:59Z"
    });
    assert_eq!(file, wanted);
}

#[tokio::test]
async fn strangers_at_the_port_end_nothing() {
    let server = Server::answering([granted()]).await;
    let login = begin(&server).await;
    let base = query(&login)["redirect_uri"].clone();
    let silent = open(&base).await;
    let visits = async {
        let forged = browse(&format!("{base}?state=guess&code=evil")).await;
        assert!(forged.starts_with("HTTP/1.1 400"), "{forged}");
        let refusal = browse(&format!("{base}?error=access_denied")).await;
        assert!(refusal.starts_with("HTTP/1.1 400"), "{refusal}");
        let ours = answer(&login, "code=4/0Acode");
        let elsewhere = ours.replacen("/?", "/other?", 1);
        for nothing in [format!("{base}favicon.ico"), base.clone(), elsewhere] {
            assert!(browse(&nothing).await.starts_with("HTTP/1.1 404"), "{nothing}");
        }
        let target = ours.splitn(4, '/').nth(3).unwrap();
        for request in [format!("POST /{target} HTTP/1.1\r\n\r\n"), "\r\n\r\n".to_owned()] {
            assert!(ask(&base, &request).await.starts_with("HTTP/1.1 404"), "{request}");
        }
        assert_eq!(ask(&base, &"x".repeat(40_000)).await, "");
        browse(&ours).await
    };
    let (file, page) = tokio::join!(login.wait(MINUTE), visits);
    assert!(page.contains("Logged in"));
    file.unwrap();
    assert_eq!(server.asked().len(), 1);
    drop(silent);
}

#[tokio::test]
async fn a_refusal_is_said_in_words() {
    let server = Server::answering([granted()]).await;
    let login = begin(&server).await;
    let (file, page) = ends(&login, &answer(&login, "error=access_denied")).await;
    assert!(page.contains("Not logged in"));
    let error = file.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }));
    assert!(error.to_string().contains("refused in the browser: log in again"), "{error}");
    let other = answer(&login, "error=admin_policy_enforced%1b[2J");
    let error = login.paste(&other).await.unwrap_err().to_string();
    assert!(error.contains("admin_policy_enforced‹U+001B›"), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn what_the_exchange_lacks_is_said_in_words() {
    let cases = [
        (r#"{"access_token": "a", "refresh_token": "b", "scope": "openid"}"#, "tick it"),
        (r#"{"access_token": "a"}"#, "no refresh token"),
    ];
    for (body, words) in cases {
        let login = begin(&Server::answering([ok(body)]).await).await;
        let error = login.paste("4/0Acode").await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let used = Server::answering([refused(r#"{"error": "invalid_grant"}"#)]).await;
    let login = begin(&used).await;
    let (file, page) = ends(&login, &answer(&login, "code=4/0Acode")).await;
    assert!(page.contains("Not logged in"));
    assert!(file.unwrap_err().to_string().contains("was used already"));
}

#[tokio::test]
async fn an_address_from_another_machine_is_pasted() {
    let server = Server::answering([granted()]).await;
    let login = begin(&server).await;
    let address = answer(&login, "code=4%2F0Acode&scope=x");
    let bare = address.split_once('?').unwrap().1.to_owned();
    let pasted = [address.clone(), format!(" '{address}#'\n"), bare, "4/0Acode".to_owned()];
    for text in pasted.into_iter().chain(["4%2F0Acode".to_owned()]) {
        login.paste(&text).await.unwrap();
        assert_eq!(server.asked().last().unwrap().form["code"], "4/0Acode", "{text}");
    }
    let asked = server.asked().len();
    let wrong = [
        ("", "paste the address"),
        ("two words", "paste the address"),
        ("http://127.0.0.1:1/?state=old&code=4/0Acode", "another login"),
        ("http://127.0.0.1:1/?code=4/0Acode", "another login"),
        ("https://accounts.google.com/o/oauth2/v2/auth?x=y", "no code"),
        ("https://example.org/", "no code"),
    ];
    for (text, words) in wrong {
        let error = login.paste(text).await.unwrap_err();
        assert!(error.to_string().contains(words) && !error.is_retryable(), "{error}");
    }
    assert_eq!(server.asked().len(), asked);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let server = Server::answering([granted()]).await;
    let login = begin(&server).await;
    let error = login.wait(Duration::from_secs(300)).await.unwrap_err();
    assert!(error.to_string().contains("within 300 seconds: log in once more"), "{error}");
}

#[tokio::test]
async fn a_registered_address_is_kept() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    let mut file: Value = serde_json::from_slice(&client_secrets()).unwrap();
    let mut client = file["installed"].take();
    client["redirect_uris"] = json!([format!("http://localhost:{port}/cb")]);
    let web = serde_json::to_vec(&json!({"web": client})).unwrap();
    let begin = async || {
        let secrets = ClientSecrets::parse(&web).unwrap();
        LoopbackLogin::begin(secrets, &Endpoints::google(), None).await
    };
    let taken = begin().await.unwrap_err();
    assert!(taken.is_retryable() && taken.to_string().contains(&port.to_string()), "{taken}");
    drop(free);
    let login = begin().await.unwrap();
    assert_eq!(query(&login)["redirect_uri"], format!("http://localhost:{port}/cb"));
    assert_eq!(login.url().host_str(), Some("accounts.google.com"));
}
