//! `files/upload`.

use bytes::Bytes;
use serde_json::{Value, json};

use super::commit::{COMMIT, Commit};
use crate::accounts::Account;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::hash::content_hash;
use crate::render::plain;
use crate::state::State;

pub(crate) fn upload(
    state: &mut State,
    account: &Account,
    args: &Args,
    bytes: Bytes,
) -> Result<Value> {
    let args = args.clone().known(&[COMMIT, &["content_hash"]].concat())?;
    check_hash(&args, &bytes)?;
    let commit = Commit::read(state.tree(account)?, &args)?;
    match commit.perform(state, account, bytes.clone()) {
        Ok(node) => Ok(plain(&node)),
        Err(error) => Err(write_failed(state, account, error, bytes)),
    }
}

/// Refuses bytes that are not those that the caller hashed.
pub(crate) fn check_hash(args: &Args, bytes: &[u8]) -> Result<()> {
    match args.maybe_text("content_hash")? {
        Some(told) if told != content_hash(bytes) => Err(Error::route(&["content_hash_mismatch"])),
        _ => Ok(()),
    }
}

/// What came is not lost: it lies in a session, from which it can be written elsewhere.
fn write_failed(state: &mut State, account: &Account, error: Error, bytes: Bytes) -> Error {
    if !error.is_route() {
        return error;
    }
    let now = state.now();
    let session = state.sessions.open(&mut state.dice, &account.email, bytes.to_vec(), true, now);
    let summary = error.summary().to_owned();
    let reason = error.into_value().get("path").cloned();
    let error = json!({".tag": "path", "reason": reason, "upload_session_id": session});
    Error::of(&[&summary], error)
}
