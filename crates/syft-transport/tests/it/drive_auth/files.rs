//! The files that a participant brings.

use serde_json::{Value, json};
use syft_core::Timestamp;
use syft_transport::Error;
use syft_transport::drive::auth::{ClientSecrets, Credentials, Endpoints, TokenFile};

/// As `Credentials.to_json()` of google-auth 2 writes it.
pub fn python_file() -> Value {
    json!({
        "token": "ya29.first", "refresh_token": "1//refresh",
        "token_uri": "https://oauth2.googleapis.com/token",
        "client_id": "77-x.apps.googleusercontent.com", "client_secret": "GOCSPX-client",
        "scopes": ["https://www.googleapis.com/auth/drive"],
        "universe_domain": "googleapis.com", "account": "",
        "expiry": "2026-01-01T00:00:00.123456Z"
    })
}

pub fn with(mut file: Value, key: &str, value: impl Into<Value>) -> Vec<u8> {
    file[key] = value.into();
    serde_json::to_vec(&file).unwrap()
}

pub fn without(mut file: Value, key: &str) -> Vec<u8> {
    file.as_object_mut().unwrap().remove(key);
    serde_json::to_vec(&file).unwrap()
}

pub fn client_secrets() -> Vec<u8> {
    serde_json::to_vec(&json!({"installed": {
        "client_id": "77-x.apps.googleusercontent.com", "project_id": "p",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "client_secret": "GOCSPX-client", "redirect_uris": ["http://localhost"]
    }}))
    .unwrap()
}

fn text<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn the_expiry_is_read_as_python_writes_it() {
    let expiry = |text: &str| TokenFile::parse(&with(python_file(), "expiry", text));
    let second = Timestamp::from_rfc3339("2026-01-01T00:00:00Z").unwrap();
    for spelling in ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T01:00:00+01:00"] {
        assert_eq!(expiry(spelling).unwrap().expiry(), Some(second), "{spelling}");
    }
    let fraction = expiry("2026-01-01T00:00:00.500000Z").unwrap().expiry().unwrap();
    assert_eq!(fraction.seconds(), second.seconds() + 0.5);
    assert_eq!(TokenFile::parse(&without(python_file(), "expiry")).unwrap().expiry(), None);
    assert!(text(expiry("tomorrow")).contains("expiry is no time"));
}

#[test]
fn a_file_is_written_back_with_all_that_it_had() {
    let mut file = python_file();
    file["rapt_token"] = json!("rapt");
    let bytes = with(file, "somebody's own", json!({"a": [1]}));
    let written = TokenFile::parse(&bytes).unwrap().expose_json();
    let (before, after): (Value, Value) =
        (serde_json::from_slice(&bytes).unwrap(), serde_json::from_str(&written).unwrap());
    assert_eq!(after, before);
}

#[test]
fn another_file_is_told_by_what_it_is() {
    let service = br#"{"type": "service_account", "client_email": "r@p.example"}"#;
    let secrets = client_secrets();
    let python = serde_json::to_vec(&python_file()).unwrap();
    let cases = [
        (text(Credentials::from_token_file(&secrets)), "client secrets file", "token.json"),
        (text(Credentials::from_token_file(service)), "key of a service account", "token.json"),
        (text(Credentials::from_token_file(b"{}")), "none of Google's", "token.json"),
        (text(ClientSecrets::parse(&python)), "a token file", "Desktop app"),
        (text(ClientSecrets::parse(service)), "key of a service account", "Desktop app"),
        (text(Credentials::from_service_account(&python, None)), "a token file", "JSON key"),
        (text(Credentials::from_service_account(service, None)), "no private_key", ""),
        (text(Credentials::ambient(Some(&secrets), None)), "client secrets file", "a person"),
        (text(Credentials::from_token_file(b"token")), "no JSON (line 1", ""),
        (text(Credentials::from_token_file(b"[]")), "JSON object", ""),
        (text(Credentials::from_token_file(&[b' '; 70_000])), "64 KiB", ""),
    ];
    for (error, is, wanted) in cases {
        assert!(error.contains(is) && error.contains(wanted), "{error}");
    }
}

#[test]
fn a_login_for_something_else_is_refused() {
    let gmail =
        with(python_file(), "scopes", json!(["https://www.googleapis.com/auth/gmail.send"]));
    assert!(text(TokenFile::parse(&gmail)).contains("not for Google Drive"));
    let both = "openid https://www.googleapis.com/auth/drive";
    TokenFile::parse(&with(python_file(), "scopes", both)).unwrap();
    TokenFile::parse(&without(python_file(), "scopes")).unwrap();
    let mut neither = python_file();
    neither["refresh_token"] = Value::Null;
    let neither = with(neither, "token", "");
    assert!(text(TokenFile::parse(&neither)).contains("log in again"));
}

#[test]
fn a_web_application_needs_an_address_on_this_machine() {
    let web = |redirect: &str| {
        let mut file: Value = serde_json::from_slice(&client_secrets()).unwrap();
        let mut client = file["installed"].take();
        client["redirect_uris"] = json!(["https://app.example/cb", redirect]);
        ClientSecrets::parse(&serde_json::to_vec(&json!({"web": client})).unwrap())
    };
    web("http://localhost:8085/cb").unwrap();
    assert!(text(web("http://localhost/cb")).contains("Desktop app"));
}

#[test]
fn nothing_secret_goes_out_in_the_open() {
    for root in ["http://example.org", "http://10.0.0.1:80", "ftp://localhost", "nowhere"] {
        assert!(Endpoints::at(root).is_err(), "{root}");
        assert!(TokenFile::parse(&with(python_file(), "token_uri", root)).is_err(), "{root}");
    }
    assert!(text(Endpoints::at("http://example.org")).contains("https://"));
    assert!(text(Endpoints::at("https://me:pw@example.org")).contains("password"));
    for root in ["http://127.0.0.1:8080", "http://[::1]:1", "http://localhost:1", "https://x.org"] {
        let endpoints = Endpoints::at(root).unwrap();
        assert_eq!(endpoints.api_root(), format!("{root}/"));
        assert_eq!(endpoints.token_uri().unwrap().as_str(), format!("{root}/token"));
        let page = format!("{root}/o/oauth2/v2/auth");
        assert_eq!(endpoints.auth_uri().unwrap().as_str(), page);
    }
    assert_eq!(Endpoints::google().api_root(), "https://www.googleapis.com/");
    assert_eq!(Endpoints::google().token_uri(), None);
}

#[test]
fn a_token_is_one_line_of_ascii() {
    for bad in ["", " ", "two words", "line\nbreak", "ümlaut", &"x".repeat(20_000)] {
        assert!(Credentials::bearer(bad).is_err(), "{bad:?}");
    }
    Credentials::bearer(" ya29.x-_~\n").unwrap();
}
