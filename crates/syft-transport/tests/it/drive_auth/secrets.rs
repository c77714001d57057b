//! Whatever happens, nothing that is shown holds a secret.

use std::fmt::Debug;

use serde_json::json;
use syft_transport::Result;
use syft_transport::drive::auth::{
    ClientSecrets, Credentials, Endpoints, TokenFile, Tokens, http_client,
};

use super::browser;
use super::files::{client_secrets, python_file, with};
use super::machines::{KEY, key_file};
use super::server::{Answer, ECHO, Server, ok, refused};

/// All that is shown in this test.
#[derive(Default)]
struct Shown(Vec<String>);

impl Shown {
    fn value(&mut self, value: impl Debug) {
        self.0.push(format!("{value:?} {value:#?}"));
    }

    /// A result, with each error below it.
    fn result<T: Debug>(&mut self, result: &Result<T>) {
        self.value(result);
        let Err(error) = result else { return };
        let mut next: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = next {
            self.0.push(format!("{error} {error:?}"));
            next = error.source();
        }
    }

    fn holds_none_of(&self, secrets: &[&str]) {
        assert!(self.0.len() > 50);
        for (shown, secret) in self.0.iter().flat_map(|s| secrets.iter().map(move |x| (s, x))) {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

/// Answers of every kind; the unfriendly ones repeat what they were asked.
fn answers() -> Vec<Answer> {
    let error = |code: &str| json!({"error": code, "error_description": ECHO}).to_string();
    let codes = ["invalid_grant", "invalid_client", "server_error", "strange", ECHO];
    let mut answers: Vec<Answer> = codes.iter().map(|code| refused(error(code))).collect();
    answers.extend([
        ("503 Unavailable", error("oops")),
        ("429 Slow", error("oops")),
        ("200 OK\r\nTransfer-Encoding: chunked", "no chunk".to_owned()),
        ok(format!("{{\"access_token\": [\"{ECHO}\"]")),
        ok(json!({"access_token": ["ya29.second"], "token_type": ECHO}).to_string()),
        ok(json!({"access_token": "ya29.second\n1//refresh"}).to_string()),
        ok(json!({"access_token": "ya29.second", "refresh_token": "1//next"}).to_string()),
    ]);
    answers
}

fn tokens(credentials: Credentials, endpoints: &Endpoints) -> Tokens {
    Tokens::new(credentials, endpoints, http_client().unwrap())
}

#[tokio::test]
async fn nothing_secret_is_ever_shown() {
    let mut shown = Shown::default();
    for answer in answers() {
        let server = Server::answering([answer]).await;
        let endpoints = Endpoints::at(&server.root).unwrap();
        let user =
            Credentials::from_token_file(&with(python_file(), "expiry", "2020-01-01T00:00:00Z"));
        let robot = Credentials::from_service_account(&key_file(&server.root), None);
        let machine = Credentials::ambient(None, server.root.strip_prefix("http://"));
        for credentials in [user, robot, machine] {
            shown.result(&credentials);
            let tokens = tokens(credentials.unwrap(), &endpoints);
            let bearer = tokens.bearer().await;
            shown.result(&bearer);
            if let Ok(bearer) = bearer {
                shown.result(&tokens.renew(&bearer).await);
            }
            shown.value(&tokens);
            shown.value(tokens.status());
        }
        let login = browser::begin(&server).await;
        shown.value(&login);
        shown.result(&login.paste("4/0Acode").await);
        shown.result(&login.paste("http://127.0.0.1/?state=old&code=4/0Acode").await);
        shown.result(&login.paste(&browser::answer(&login, "error=no&code=4/0Acode")).await);
        let state = browser::query(&login)["state"].clone();
        let (asked, mut secrets) = (server.asked(), vec![state.as_str()]);
        let sent = |name| asked.iter().filter_map(move |asked| asked.form.get(name));
        secrets.extend(sent("code_verifier").chain(sent("assertion")).map(String::as_str));
        assert!(shown.0.iter().all(|shown| !secrets.iter().any(|secret| shown.contains(secret))));
    }
    let (first, second) = KEY.split_once("\n").unwrap();
    assert!(first.starts_with("-----BEGIN"));
    let secrets = ["ya29.", "1//refresh", "1//next", "GOCSPX-client", "4/0Acode", &second[..40]];
    broken_files(&mut shown);
    shown.holds_none_of(&secrets);
}

/// Files that are cut anywhere, or hold a value of another kind somewhere.
fn broken_files(shown: &mut Shown) {
    let python = serde_json::to_vec(&python_file()).unwrap();
    let files = [python, client_secrets(), key_file("https://oauth2.googleapis.com/token")];
    for file in files {
        let cut = (0..file.len()).step_by(7).map(|end| file[..end].to_vec());
        let text = String::from_utf8(file.clone()).unwrap();
        let other = text.match_indices("\":\"").map(|(at, _)| {
            let (before, after) = text.split_at(at + 2);
            format!("{before}[{}", after.replacen("\",", "\"],", 1)).into_bytes()
        });
        for bytes in cut.chain(other).chain([file.clone()]) {
            shown.result(&TokenFile::parse(&bytes));
            shown.result(&ClientSecrets::parse(&bytes));
            shown.result(&Credentials::from_token_file(&bytes));
            shown.result(&Credentials::from_service_account(&bytes, None));
            shown.result(&Credentials::ambient(Some(&bytes), None));
        }
    }
}
