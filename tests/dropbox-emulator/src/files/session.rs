//! `files/upload_session/*`: a file that comes in pieces, one after the other.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use syft_loopback::{Dice, Millis};

use super::commit::{COMMIT, Commit};
use super::upload::check_hash;
use crate::accounts::Account;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::render::plain;
use crate::state::State;

/// How long a session can be gone on with: seven days.
const LIFE: Millis = 7 * 86_400_000;

#[derive(Debug)]
struct Session {
    owner: String,
    bytes: Vec<u8>,
    closed: bool,
    begun: Millis,
}

/// All that were begun and not ended.
#[derive(Debug, Default)]
pub(crate) struct Sessions(BTreeMap<String, Session>);

impl Sessions {
    /// Begins one with these bytes.
    pub(crate) fn open(
        &mut self,
        dice: &mut Dice,
        owner: &str,
        bytes: Vec<u8>,
        closed: bool,
        begun: Millis,
    ) -> String {
        let id = format!("pid_upload_session:{}", dice.word(50));
        self.0.insert(id.clone(), Session { owner: owner.to_owned(), bytes, closed, begun });
        id
    }

    /// Loses all of them.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// The session of a cursor that knows how far it is. `above` are the tags above
    /// an error of the lookup.
    fn find(
        &mut self,
        owner: &str,
        cursor: &Args,
        now: Millis,
        above: &[&str],
    ) -> Result<(String, &mut Session)> {
        let id = cursor.text("session_id")?.to_owned();
        let offset = cursor.number("offset", 0, u64::MAX)?;
        let offset = offset.ok_or_else(|| cursor.wrong("missing required field 'offset'"))?;
        let alive = |session: &&mut Session| {
            session.owner == owner && now.saturating_sub(session.begun) < LIFE
        };
        let session = self.0.get_mut(&id).filter(alive);
        let session = session.ok_or_else(|| refusal(above, "not_found", None))?;
        let length = session.bytes.len();
        if u64::try_from(length).ok() != Some(offset) {
            return Err(refusal(above, "incorrect_offset", Some(length)));
        }
        Ok((id, session))
    }
}

/// An error of a lookup, which may tell how far the session is.
fn refusal(above: &[&str], tag: &str, correct: Option<usize>) -> Error {
    let tags = [above, &[tag]].concat();
    let Some(correct) = correct else { return Error::route(&tags) };
    let mut error = json!({".tag": tag, "correct_offset": correct});
    for name in above.iter().rev() {
        error = json!({".tag": name, *name: error});
    }
    Error::of(&tags, error)
}

pub(crate) fn session_start(
    state: &mut State,
    account: &Account,
    args: &Args,
    bytes: Bytes,
) -> Result<Value> {
    let args = args.clone().known(&["close", "session_type", "content_hash"])?;
    check_hash(&args, &bytes)?;
    match args.union("session_type")? {
        None | Some(("sequential", _)) => {}
        Some(_) => return Err(args.wrong("session_type: only 'sequential' is emulated")),
    }
    let (now, closed) = (state.now(), args.flag("close")?);
    let id = state.sessions.open(&mut state.dice, &account.email, bytes.to_vec(), closed, now);
    Ok(json!({"session_id": id}))
}

pub(crate) fn session_append(
    state: &mut State,
    account: &Account,
    args: &Args,
    bytes: Bytes,
) -> Result<Value> {
    let args = args.clone().known(&["cursor", "close", "content_hash"])?;
    check_hash(&args, &bytes)?;
    let cursor = args.inner("cursor")?.known(&["session_id", "offset"])?;
    let (now, close) = (state.now(), args.flag("close")?);
    let (_, session) = state.sessions.find(&account.email, &cursor, now, &[])?;
    if session.closed {
        return Err(Error::route(&["closed"]));
    }
    session.bytes.extend_from_slice(&bytes);
    session.closed = close;
    Ok(Value::Null)
}

pub(crate) fn session_finish(
    state: &mut State,
    account: &Account,
    args: &Args,
    bytes: Bytes,
) -> Result<Value> {
    let args = args.clone().known(&["cursor", "commit", "content_hash"])?;
    check_hash(&args, &bytes)?;
    let cursor = args.inner("cursor")?.known(&["session_id", "offset"])?;
    let commit = args.inner("commit")?.known(COMMIT)?;
    let now = state.now();
    let lookup = ["lookup_failed"];
    let (id, session) = state.sessions.find(&account.email, &cursor, now, &lookup)?;
    if session.closed && !bytes.is_empty() {
        return Err(Error::route(&["lookup_failed", "closed"]));
    }
    // They stay also when the file cannot be written: the next try brings none.
    session.bytes.extend_from_slice(&bytes);
    let whole = Bytes::from(session.bytes.clone());
    let commit = Commit::read(state.tree(account)?, &commit)?;
    let node = commit.perform(state, account, whole)?;
    state.sessions.0.remove(&id);
    Ok(plain(&node))
}
