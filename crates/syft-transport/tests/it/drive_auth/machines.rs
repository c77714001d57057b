//! Accounts of programs and of machines.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use syft_core::{Clock, Email};
use syft_transport::Error;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};

use super::server::{Answer, Server, ok, refused};
use super::tokens::clock;

/// Made for this test with `openssl genpkey -algorithm RSA`; it opens nothing.
pub const KEY: &str = "\
-----BEGIN PRIVATE KEY-----\n\
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDdlcCey9I9eCc3\n\
gTipElyITAGR7UXySeELdjyp7+p4RzmdgE2t766HGrLxEQg52a9ieN2VsrrXPz7U\n\
RSYPZ4YNB9Auf27Uv90yopM/04KEbmQSV9KObRMIceJwUeWqTrxcVspYe5seb0Ny\n\
d2sDzh3cO5zD8kXTxSDKrvE9/S0LvifNvnHWpXlgJvMqo8S1GD0ogoFJ2i/2Y+Dk\n\
4egHNEC+ow1Ja4Xh3HEk5U6ydVjCsqgYbxdjf0re3rnN7VMhiXr0YZu8xeF/Fdah\n\
UdDqGzOWns5Egq0+bIm17WoLphZ3svoYNkexDZIIy08V5vLS6+x5FWZ6aYF/xNu8\n\
zivvYp+zAgMBAAECggEAIaxU6KIswZlKzGKKIRdgkc3gcd6kQdz8TWjwcHAR1P7D\n\
QK4eH+VL7ngeOAgl6d9XicK4Wbwe11W4eeWa5723CgU6m8uoehLreHsVnsjJDXsB\n\
INB7zO0XzAa9KeMoNai1czWKlnEM8k5nlN4/mFpwVebb5zh1aBM4Qn+HZauIduoX\n\
Dxns6MqLafJEzYEKhFmrshQygomADf5j/DV2k4/FgqGfy/LZ/wdkThl+N7b2Y120\n\
qAGMMTk/OxFJvSt4BDyqdzZruumZpvRFAuftYXOcpNOljKrAAKCMtmlfkQNhyPlW\n\
1Ggi5IIoSV8ZEs+zvyouk8naLLm4Q28U+Yo9stbb0QKBgQD21TTlVD1sVpaOmkie\n\
kufkD8gm33DyOEPF7+3SCKjpDSPyC0/QXbZ3yxKuM1Dvu+TLSWG3VkPycaDItr2o\n\
l8IXZCOR4fKHaNKUA3XOKet1CiB/uvaVXRQklbnaRmWKwUbr4fXG715cm2UB4NXm\n\
TLxvK68y2TcOLRd63/p4EZCwnwKBgQDl0H+kzrYnNYblrM5xGoYqbHEY5tIeGta6\n\
XGcVvsVfeuNX1KJrWmcb+rifeMEaOaUyiEG4vyxJu5faRTNWTa5nN3QHLnfdECFD\n\
OHCBzGnZ6+JODKZYmmda2oFyZ+/7/3rQoWF5Y3V5GAICGdnsj0loAKsxjvd520VV\n\
Qy94YCUUbQKBgQC0nv3PFt6/qXkQrvuW9l80Nww6zeTjiqKldFXuDSI1L8Vu+DIW\n\
gozkijiIOsruMutQiskzlK+x+M40Me0FMs/3t/KDbPjBd8YoQ4PwMiK3iYqQjWql\n\
j/AOeXX/sOXbLGXOdJIaWc0OLTQztKgxl1OIckoJBoRQHlUBOGcbd5cOdwKBgFqq\n\
AeGEB4q6bEip/xvR6gJMm+XGEjj8P6BwGd8TTwyXD5+z7IvLs4fvRuzrF8t/2HNy\n\
G/OFwDQqhQMAb/tpVBe2Ydj/dRxKY8UAPCqI+W2WyMYf6XRlHcdTEuSOqrfRF6O9\n\
NxZLramjVg98IWRZNw2HzgIUM//oCJdVlSG5VIeVAoGBAJx9K4GQDIzXQtVQQ5MS\n\
7Dflu3RlJyFV+Q5VEi9Z6Whp1tATNlKdpfl+7RTFgGlKjvH+r+j/WNfZBH7V5va0\n\
aXw6NTod3YOycs6dJGm021cCD9B6YAEloEbtRqyGJS/g6dE28nFhhc675So3BMq/\n\
Lz3BF9GKXJBe4qOI7BLIfiL/\n\
-----END PRIVATE KEY-----\n";

pub fn key_file(token_uri: &str) -> Vec<u8> {
    serde_json::to_vec(&json!({
        "type": "service_account", "project_id": "p", "private_key_id": "1", "private_key": KEY,
        "client_email": "robot@p.iam.gserviceaccount.com", "client_id": "1",
        "token_uri": token_uri
    }))
    .unwrap()
}

fn token() -> Answer {
    ok(r#"{"access_token": "ya29.robot", "expires_in": 3600, "token_type": "Bearer"}"#)
}

fn tokens(credentials: Credentials, endpoints: &Endpoints) -> Tokens {
    Tokens::new(credentials, endpoints, http_client().unwrap())
}

fn robot(server: &Server, subject: Option<&str>) -> Tokens {
    let subject = subject.map(|text| Email::parse(text).unwrap());
    let key = key_file(&format!("{}/jwt", server.root));
    tokens(Credentials::from_service_account(&key, subject).unwrap(), &Endpoints::google())
}

fn claims(assertion: &str) -> Value {
    let part = assertion.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_service_account_signs_for_a_person_of_its_domain() {
    let server = Server::answering([token()]).await;
    let clock = clock();
    let tokens = robot(&server, Some("alice@corp.example")).with_clock(clock.clone());
    assert_eq!(tokens.bearer().await.unwrap().expose(), "ya29.robot");
    assert_eq!(tokens.bearer().await.unwrap().expose(), "ya29.robot");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /jwt HTTP/1.1");
    assert_eq!(asked[0].form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let claims = claims(&asked[0].form["assertion"]);
    assert_eq!(claims["sub"], "alice@corp.example");
    assert_eq!(claims["iss"], "robot@p.iam.gserviceaccount.com");
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/drive");
    assert_eq!(claims["aud"], format!("{}/jwt", server.root));
    // Google takes no request that is good for more than an hour.
    let now = clock.now().seconds();
    assert_eq!(claims["iat"].as_f64().unwrap(), now.trunc());
    assert_eq!(claims["exp"].as_f64().unwrap(), now.trunc() + 3600.0);
    assert!(tokens.status().refreshable && tokens.status().expires_at.is_some());
}

#[tokio::test]
async fn a_service_account_can_be_sent_to_another_server() {
    let server = Server::answering([token()]).await;
    let key = key_file("https://oauth2.googleapis.com/token");
    let endpoints = Endpoints::at(&server.root).unwrap();
    let tokens = tokens(Credentials::ambient(Some(&key), None).unwrap(), &endpoints);
    assert_eq!(tokens.bearer().await.unwrap().expose(), "ya29.robot");
    assert_eq!(server.asked()[0].line, "POST /token HTTP/1.1");
    assert!(claims(&server.asked()[0].form["assertion"])["sub"].is_null());
}

#[tokio::test]
async fn a_service_account_that_is_refused_says_why() {
    let gone = refused(r#"{"error": "invalid_grant", "error_description": "Invalid JWT"}"#);
    let no_delegation = refused(r#"{"error": "unauthorized_client"}"#);
    let page = ("503 Unavailable", "<html>".to_owned());
    let error =
        async |answer| robot(&Server::answering([answer]).await, None).bearer().await.unwrap_err();
    let gone = error(gone).await;
    assert!(matches!(gone, Error::Denied { .. }));
    assert!(gone.to_string().contains("clock is right (invalid_grant: Invalid JWT)"), "{gone}");
    assert!(error(no_delegation).await.to_string().contains("administrator"));
    assert!(error(page).await.is_retryable());
    let broken = key_file("https://oauth2.googleapis.com/token");
    let broken = String::from_utf8(broken).unwrap().replace("MII", "AAA");
    let credentials = Credentials::from_service_account(broken.as_bytes(), None).unwrap();
    let error = tokens(credentials, &Endpoints::google()).bearer().await.unwrap_err();
    assert!(error.to_string().contains("private_key is no RSA key"), "{error}");
}

#[tokio::test]
async fn colabs_server_is_asked_where_no_file_is() {
    let server = Server::answering([token()]).await;
    let host = server.root.strip_prefix("http://");
    let tokens = tokens(Credentials::ambient(None, host).unwrap(), &Endpoints::google());
    assert_eq!(tokens.bearer().await.unwrap().expose(), "ya29.robot");
    let asked = &server.asked()[0];
    assert_eq!(
        asked.line,
        "GET /computeMetadata/v1/instance/service-accounts/default/token\
         ?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdrive HTTP/1.1"
    );
    assert!(asked.head.contains("metadata-flavor: google"));
}

#[tokio::test]
async fn a_machine_without_credentials_says_what_to_do() {
    let credentials = Credentials::ambient(None, Some("127.0.0.1:1")).unwrap();
    let error = tokens(credentials, &Endpoints::google()).bearer().await.unwrap_err();
    assert!(error.to_string().contains("name a token file"), "{error}");
    let server = Server::answering([("404 Not Found", String::new())]).await;
    let credentials = Credentials::ambient(None, server.root.strip_prefix("http://")).unwrap();
    let error = tokens(credentials, &Endpoints::google()).bearer().await.unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains("no account"), "{error}");
    for host in ["http://x", "x/y", "a@b", ""] {
        assert!(Credentials::ambient(None, Some(host)).is_err(), "{host}");
    }
}
