//! Tokens: refreshed, consented to, signed for, and taken back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use syft_drive_emulator::{Consent, DriveEmulator};
use url::Url;

use crate::client::{ALICE, Answer, BOB, Client, encoded};

const ABOUT: &str = "/drive/v3/about?fields=user(emailAddress)";
const SCOPE: &str = "https://www.googleapis.com/auth/drive";

fn whose(drive: &DriveEmulator, token: &str) -> String {
    let about = Client::new(drive, Some(token)).get(ABOUT);
    about.json()["user"]["emailAddress"].as_str().unwrap_or_default().to_owned()
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn without_a_good_token_nothing_is_answered() {
    let drive = DriveEmulator::start().unwrap();
    let user = drive.add_user(ALICE);
    for (token, reason) in [(None, "required"), (Some("made-up"), "authError")] {
        let refused = Client::new(&drive, token).get(ABOUT);
        assert_eq!(refused.reason(), (401, reason.to_owned()));
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
    assert_eq!(whose(&drive, user.access_token()), ALICE);
    drive.advance(Duration::from_secs(3601));
    let late = Client::of(&drive, &user).get(ABOUT);
    assert_eq!(late.reason(), (401, "authError".to_owned()));
    assert_eq!(late.json()["error"]["status"], "UNAUTHENTICATED");
}

#[test]
fn a_token_file_is_refreshed_where_it_says() {
    let drive = DriveEmulator::start().unwrap();
    let user = drive.add_user(ALICE);
    let fresh: Value = serde_json::from_str(&user.token_file_json(false)).unwrap();
    assert_eq!(whose(&drive, fresh["token"].as_str().unwrap()), ALICE);
    let file: Value = serde_json::from_str(&user.token_file_json(true)).unwrap();
    let field = |name: &str| file[name].as_str().unwrap();
    assert_eq!(Client::new(&drive, Some(field("token"))).get(ABOUT).status, 401);
    let nobody = Client::new(&drive, None);
    let form = |secret| {
        nobody.form(
            field("token_uri"),
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", field("refresh_token")),
                ("client_id", field("client_id")),
                ("client_secret", secret),
            ],
        )
    };
    let answer = form(field("client_secret")).ok().json();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3599)));
    assert_eq!((&answer["scope"], &answer["refresh_token"]), (&json!(SCOPE), &Value::Null));
    assert_eq!(whose(&drive, answer["access_token"].as_str().unwrap()), ALICE);
    assert_eq!(error(&form("wrong")), (401, "invalid_client".to_owned()));
    user.withdraw_consent();
    let gone = form(field("client_secret"));
    assert_eq!(error(&gone), (400, "invalid_grant".to_owned()));
    assert_eq!(gone.json()["error_description"], "Token has been expired or revoked.");
}

#[test]
fn tokens_expire_are_taken_back_and_explained() {
    let drive = DriveEmulator::start().unwrap();
    let user = drive.add_user(ALICE);
    let nobody = Client::new(&drive, None);
    let info = nobody.get(&format!("/tokeninfo?access_token={}", user.access_token())).ok().json();
    assert_eq!((&info["email"], &info["scope"]), (&json!(ALICE), &json!(SCOPE)));
    user.expire_tokens();
    assert_eq!(Client::of(&drive, &user).get(ABOUT).status, 401);
    let other = drive.add_user(ALICE);
    nobody.form("/revoke", &[("token", other.refresh_token())]).ok();
    assert_eq!(Client::of(&drive, &other).get(ABOUT).status, 401);
    assert_eq!(nobody.form("/revoke", &[("token", "made-up")]).status, 400);
    for form in [vec![], vec![("grant_type", "password")]] {
        assert_eq!(nobody.form("/token", &form).status, 400);
    }
}

/// Asks for consent and gives what the browser is sent back with.
fn consent(drive: &DriveEmulator, client: &str, hint: Option<&str>, challenge: &str) -> Url {
    let mut asked = vec![
        ("client_id", client),
        ("redirect_uri", "http://127.0.0.1:9/back"),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("state", "my state"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
    ];
    asked.extend(hint.map(|hint| ("login_hint", hint)));
    let page = Client::new(drive, None).get(&format!("/o/oauth2/v2/auth?{}", encoded(&asked)));
    assert_eq!(page.status, 302, "{}", String::from_utf8_lossy(&page.body));
    Url::parse(page.header("location")).unwrap()
}

fn part(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map_or_else(String::new, |(_, v)| v.into_owned())
}

#[test]
fn a_login_in_the_browser_gives_a_code_for_tokens() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, _) = (drive.add_user(ALICE), drive.add_user(BOB));
    let verifier = "v".repeat(43);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let nobody = Client::new(&drive, None);
    let exchange = |code: &str, verifier: &str, redirect: &str| {
        nobody.form(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect),
                ("client_id", alice.client_id()),
                ("client_secret", alice.client_secret()),
                ("code_verifier", verifier),
            ],
        )
    };
    let back = consent(&drive, alice.client_id(), Some(BOB), &challenge);
    assert_eq!((back.path(), part(&back, "state").as_str()), ("/back", "my state"));
    let code = part(&back, "code");
    let answer = exchange(&code, &verifier, "http://127.0.0.1:9/back").ok().json();
    assert_eq!(whose(&drive, answer["access_token"].as_str().unwrap()), BOB);
    assert!(answer["refresh_token"].is_string());
    let again = exchange(&code, &verifier, "http://127.0.0.1:9/back");
    assert_eq!(error(&again), (400, "invalid_grant".to_owned()), "once only");
    for (verifier, redirect) in
        [("wrong", "http://127.0.0.1:9/back"), (&verifier, "http://127.0.0.1:8/")]
    {
        let code = part(&consent(&drive, alice.client_id(), Some(BOB), &challenge), "code");
        assert_eq!(exchange(&code, verifier, redirect).status, 400, "{redirect}");
    }
    let code = part(&consent(&drive, alice.client_id(), Some(BOB), &challenge), "code");
    drive.advance(Duration::from_secs(601));
    assert_eq!(exchange(&code, &verifier, "http://127.0.0.1:9/back").status, 400, "too late");
}

#[test]
fn consent_may_be_refused_or_given_by_another() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, _) = (drive.add_user(ALICE), drive.add_user(BOB));
    drive.set_consent(Consent::Refuse);
    let back = consent(&drive, alice.client_id(), None, "x");
    assert_eq!(
        (part(&back, "error").as_str(), part(&back, "state").as_str()),
        ("access_denied", "my state")
    );
    drive.set_consent(Consent::AgreeAs(BOB.to_owned()));
    assert!(!part(&consent(&drive, alice.client_id(), Some(ALICE), "x"), "code").is_empty());
    drive.set_consent(Consent::Agree);
    let nobody = Client::new(&drive, None);
    let page = |client: &str, redirect: &str, hint: &str| {
        let asked = encoded(&[
            ("client_id", client),
            ("redirect_uri", redirect),
            ("response_type", "code"),
            ("scope", SCOPE),
            ("login_hint", hint),
        ]);
        nobody.get(&format!("/o/oauth2/v2/auth?{asked}")).status
    };
    let id = alice.client_id();
    assert_eq!(page(id, "http://localhost:9", ALICE), 302);
    assert_eq!(page("nobody", "http://localhost:9", ALICE), 400);
    assert_eq!(page(id, "http://example.org", ALICE), 400);
    assert_eq!(page(id, "http://localhost:9", "carol@example.net"), 400);
    assert_eq!(page(id, "http://localhost:9", ""), 400, "two accounts, and none chosen");
}

/// What a service account signs.
fn assertion(file: &Value, subject: Option<&str>, change: &[(&str, Value)]) -> String {
    let pem: String =
        file["private_key"].as_str().unwrap().lines().filter(|l| !l.starts_with("---")).collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(pem).unwrap()).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({
        "iss": file["client_email"], "aud": file["token_uri"], "scope": SCOPE,
        "iat": now, "exp": now + 3600});
    if let Some(subject) = subject {
        claims["sub"] = subject.into();
    }
    for (name, value) in change {
        claims[*name] = value.clone();
    }
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(json!({"alg": "RS256", "typ": "JWT"})), encode(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_service_account_acts_as_itself_or_for_its_subjects() {
    let drive = DriveEmulator::start().unwrap();
    let robot = "robot@project.iam.gserviceaccount.com";
    let _ = (drive.add_user(ALICE), drive.add_user(BOB));
    let file: Value = serde_json::from_str(&drive.service_account(robot, &[ALICE])).unwrap();
    let nobody = Client::new(&drive, None);
    let ask = |subject: Option<&str>, change: &[(&str, Value)]| {
        let kind = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let form = [("grant_type", kind), ("assertion", &assertion(&file, subject, change))];
        nobody.form(file["token_uri"].as_str().unwrap(), &form)
    };
    for (subject, expected) in [(None, robot), (Some(ALICE), ALICE)] {
        let answer = ask(subject, &[]).ok().json();
        assert_eq!(whose(&drive, answer["access_token"].as_str().unwrap()), expected);
    }
    assert_eq!(error(&ask(Some(BOB), &[])), (400, "unauthorized_client".to_owned()));
    for (name, value) in [
        ("iss", json!("nobody@example.org")),
        ("aud", json!("https://example.org/token")),
        ("exp", json!(1)),
        ("exp", json!(99_999_999_999_i64)),
    ] {
        let refused = ask(None, &[(name, value.clone())]);
        assert_eq!(error(&refused), (400, "invalid_grant".to_owned()), "{name} {value}");
    }
    assert_eq!(error(&ask(None, &[("scope", json!(""))])).1, "invalid_scope");
    let narrow = ask(None, &[("scope", json!(format!("{SCOPE}.readonly")))]).ok().json();
    let reader = Client::new(&drive, narrow["access_token"].as_str());
    assert_eq!(reader.get(ABOUT).status, 200);
    assert_eq!(
        reader.post("/drive/v3/files", &json!({})).reason(),
        (403, "insufficientPermissions".to_owned())
    );
}
