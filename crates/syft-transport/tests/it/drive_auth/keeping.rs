//! Where what was renewed goes.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use syft_transport::drive::auth::{TokenFile, TokenStore};
use syft_transport::{Error, Result};

use super::server::{Server, ok};
use super::tokens::{clock, ended, file, fresh, tokens_of};

/// Keeps what is saved, or is a full disk.
#[derive(Debug, Default)]
struct Shelf {
    full: bool,
    saved: Mutex<Vec<String>>,
}

impl TokenStore for Shelf {
    fn save(&self, file: &TokenFile) -> Result<()> {
        if self.full {
            return Err(Error::quota("save", "token.json", ""));
        }
        self.saved.lock().unwrap().push(file.expose_json().to_string());
        Ok(())
    }
}

#[tokio::test]
async fn what_was_renewed_is_kept_as_python_reads_it() {
    let answer = json!({
        "access_token": "ya29.second", "expires_in": "3599", "refresh_token": "1//next",
        "refresh_token_expires_in": 604_799, "scope": "https://www.googleapis.com/auth/drive"
    });
    let server = Server::answering([ok(answer.to_string())]).await;
    let before = file(&server, "2025-01-01T00:00:00Z");
    let shelf = Arc::new(Shelf::default());
    let tokens = tokens_of(&before, &clock()).with_store(shelf.clone());
    tokens.bearer().await.unwrap();

    let mut wanted: Value = serde_json::from_slice(&before).unwrap();
    wanted["token"] = json!("ya29.second");
    wanted["refresh_token"] = json!("1//next");
    // The Python client takes this spelling, and passes over the key that it does not know.
    wanted["expiry"] = json!("2026-01-01T00:59:59Z");
    wanted["refresh_token_expiry"] = json!("2026-01-07T23:59:59Z");
    let saved = shelf.saved.lock().unwrap().concat();
    assert_eq!(serde_json::from_str::<Value>(&saved).unwrap(), wanted);

    let status = tokens.status();
    assert_eq!(status.expires_at.unwrap().to_rfc3339(), "2026-01-01T00:59:59Z");
    assert_eq!(status.refresh_expires_at.unwrap().to_rfc3339(), "2026-01-07T23:59:59Z");
    assert!(status.refreshable && status.unsaved.is_none() && status.refused.is_none());
    let (first, second) =
        (TokenFile::parse(&before).unwrap(), TokenFile::parse(saved.as_bytes()).unwrap());
    assert!(!first.is_same_login(&second) && first.is_same_login(&first.clone()));
}

#[tokio::test]
async fn a_full_disk_stops_no_token_and_is_told() {
    let server = Server::answering([fresh("ya29.second")]).await;
    let tokens =
        ended(&server).await.with_store(Arc::new(Shelf { full: true, ..Shelf::default() }));
    assert_eq!(tokens.bearer().await.unwrap().expose(), "ya29.second");
    assert!(tokens.status().unsaved.unwrap().contains("full"));
}
