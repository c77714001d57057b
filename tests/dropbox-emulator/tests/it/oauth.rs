//! Tokens: consented to, refreshed, and taken back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use syft_dropbox_emulator::{Consent, DropboxEmulator};
use url::Url;

use crate::client::{ALICE, Answer, BOB, Client, encoded};

const BACK: &str = "http://localhost:53682/";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";

/// What is sent to the token endpoint.
type Form = Vec<(&'static str, String)>;

fn whose(dropbox: &DropboxEmulator, answer: &Value) -> String {
    let client = Client::new(dropbox, answer["access_token"].as_str());
    let who = client.send("POST", "/2/users/get_current_account", &[], Some(b"")).unwrap().ok();
    who.json()["email"].as_str().unwrap().to_owned()
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

/// Asks for consent, for a refresh token too, with PKCE.
fn consent(dropbox: &DropboxEmulator, more: &[(&str, &str)]) -> Answer {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER.as_bytes()));
    let mut asked = vec![
        ("response_type", "code"),
        ("token_access_type", "offline"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    asked.extend(more);
    let target = format!("/oauth2/authorize?{}", encoded(&asked));
    Client::new(dropbox, None).send("GET", &target, &[], None).unwrap()
}

#[test]
fn a_login_with_pkce_needs_no_secret() {
    let dropbox = DropboxEmulator::start().unwrap();
    let account = dropbox.add_account(ALICE);
    dropbox.allow_redirect(BACK);
    let key = account.app_key();
    let asked = [("client_id", key), ("redirect_uri", BACK), ("state", "my state")];
    let page = consent(&dropbox, &asked);
    assert_eq!(page.status, 302);
    let back = Url::parse(page.header("location")).unwrap();
    let part = |name: &str| {
        back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    assert_eq!(part("state").as_deref(), Some("my state"));
    let code = part("code").unwrap();
    let nobody = Client::new(&dropbox, None);
    let exchange = || {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", BACK),
            ("client_id", key),
            ("code_verifier", VERIFIER),
        ];
        nobody.form("/oauth2/token", &form)
    };
    let answer = exchange().ok().json();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(14400)));
    assert!(answer["account_id"].as_str().unwrap().starts_with("dbid:"));
    assert_eq!(whose(&dropbox, &answer), ALICE);
    assert_eq!(error(&exchange()), (400, "invalid_grant".to_owned()), "once only");
    let refresh = answer["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", key)];
    let fresh = nobody.form("/oauth2/token", &form).ok().json();
    assert_eq!(fresh.get("refresh_token"), None);
    assert_eq!(whose(&dropbox, &fresh), ALICE);
}

#[test]
fn a_code_may_be_copied_by_hand() {
    let dropbox = DropboxEmulator::start().unwrap();
    let account = dropbox.add_account(ALICE);
    let page = consent(&dropbox, &[("client_id", account.app_key())]).ok();
    let text = page.text();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", text.trim()),
        ("client_id", account.app_key()),
        ("code_verifier", VERIFIER),
    ];
    let answer = Client::new(&dropbox, None).form("/oauth2/token", &form).ok().json();
    assert_eq!(whose(&dropbox, &answer), ALICE);
}

#[test]
fn a_code_is_for_its_verifier_its_redirect_and_its_time() {
    let dropbox = DropboxEmulator::start().unwrap();
    let account = dropbox.add_account(ALICE);
    let nobody = Client::new(&dropbox, None);
    let try_with = |change: &dyn Fn(&mut Form), wait: u64| {
        let page = consent(&dropbox, &[("client_id", account.app_key())]).ok();
        let mut form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", page.text().trim().to_owned()),
            ("client_id", account.app_key().to_owned()),
            ("code_verifier", VERIFIER.to_owned()),
        ];
        change(&mut form);
        dropbox.advance(Duration::from_secs(wait));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        error(&nobody.form("/oauth2/token", &form))
    };
    let grant = (400, "invalid_grant".to_owned());
    assert_eq!(try_with(&|form| form[3].1.push('x'), 0), grant);
    assert_eq!(try_with(&|form| drop(form.pop()), 0), grant);
    assert_eq!(try_with(&|form| form.push(("redirect_uri", BACK.to_owned())), 0), grant);
    assert_eq!(try_with(&|form| form[1].1.push('x'), 0), grant);
    assert_eq!(try_with(&|_| {}, 601), grant);
    let client = (400, "invalid_client".to_owned());
    assert_eq!(try_with(&|form| form[2].1.push('x'), 0), client);
    assert_eq!(try_with(&|form| form.push(("client_secret", "x".to_owned())), 0), client);
    assert_eq!(try_with(&|form| drop(form.remove(0)), 0).1, "invalid_request");
    assert_eq!(try_with(&|_| {}, 0), (200, String::new()));
}

#[test]
fn without_pkce_the_secret_is_asked_for() {
    let dropbox = DropboxEmulator::start().unwrap();
    let account = dropbox.add_account(ALICE);
    let nobody = Client::new(&dropbox, None);
    let (key, secret) = (account.app_key(), account.app_secret());
    let code = || {
        let asked = encoded(&[("client_id", key), ("response_type", "code")]);
        let target = format!("/oauth2/authorize?{asked}");
        nobody.send("GET", &target, &[], None).unwrap().ok().text().trim().to_owned()
    };
    let exchange = |code: &str, secret: &str| {
        let mut form =
            vec![("grant_type", "authorization_code"), ("code", code), ("client_id", key)];
        if !secret.is_empty() {
            form.push(("client_secret", secret));
        }
        nobody.form("/oauth2/token", &form)
    };
    assert_eq!(error(&exchange(&code(), "")), (400, "invalid_client".to_owned()));
    let answer = exchange(&code(), secret).ok().json();
    assert_eq!(answer.get("refresh_token"), None, "nobody asked for offline access");
    assert_eq!(whose(&dropbox, &answer), ALICE);
}

#[test]
fn consent_is_refused_chosen_and_taken_back() {
    let dropbox = DropboxEmulator::start().unwrap();
    let (alice, _) = (dropbox.add_account(ALICE), dropbox.add_account(BOB));
    dropbox.allow_redirect(BACK);
    let key = alice.app_key();
    let to = |uri: &'static str| consent(&dropbox, &[("client_id", key), ("redirect_uri", uri)]);
    assert_eq!(to(BACK).status, 400, "two accounts, and none chosen");
    dropbox.set_consent(Consent::Refuse);
    assert!(to(BACK).header("location").contains("error=access_denied"));
    dropbox.set_consent(Consent::AgreeAs(BOB.to_owned()));
    assert!(to(BACK).header("location").contains("code="));
    assert_eq!(to("http://localhost:53683/").status, 400, "it must be the very URI");
    assert_eq!(consent(&dropbox, &[("client_id", "nobody")]).status, 400);
    let refresh = || {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", alice.refresh_token()),
            ("client_id", key),
        ];
        Client::new(&dropbox, None).form("/oauth2/token", &form)
    };
    assert_eq!(whose(&dropbox, &refresh().ok().json()), ALICE);
    alice.withdraw_consent();
    assert_eq!(error(&refresh()), (400, "invalid_grant".to_owned()));
    assert_eq!(Client::of(&dropbox, &alice).about("/a").status, 401);
}
