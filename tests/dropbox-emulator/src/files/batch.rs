//! `files/delete_batch` and its jobs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::delete::delete;
use crate::accounts::Account;
use crate::args::Args;
use crate::error::{Error, Result};
use crate::state::State;

/// The most that one batch deletes.
const MOST: usize = 1000;

/// What was begun, with how often it is still said to go on.
#[derive(Debug)]
pub(crate) struct Jobs {
    jobs: BTreeMap<String, (u32, Value)>,
    /// How often a new one is; with 0 a batch is answered at once.
    pub(crate) checks: u32,
}

impl Default for Jobs {
    fn default() -> Self {
        Jobs { jobs: BTreeMap::new(), checks: 1 }
    }
}

/// Deletes all of them at once; only the answer may take its time.
pub(crate) fn delete_batch(state: &mut State, account: &Account, args: &Args) -> Result<Value> {
    let args = args.clone().known(&["entries"])?;
    let entries = args.list("entries", MOST)?;
    let mut results = Vec::new();
    for entry in entries {
        results.push(match delete(state, account, &entry) {
            Ok(done) => with_tag("success", done),
            Err(error) if error.is_route() => {
                json!({".tag": "failure", "failure": error.into_value()})
            }
            Err(error) => return Err(error),
        });
    }
    let complete = json!({".tag": "complete", "entries": results});
    if state.jobs.checks == 0 {
        return Ok(complete);
    }
    let id = format!("dbjid:{}", state.dice.word(60));
    state.jobs.jobs.insert(id.clone(), (state.jobs.checks, complete));
    Ok(json!({".tag": "async_job_id", "async_job_id": id}))
}

/// `files/delete_batch/check`.
pub(crate) fn delete_batch_check(state: &mut State, _: &Account, args: &Args) -> Result<Value> {
    let args = args.clone().known(&["async_job_id"])?;
    let job = state.jobs.jobs.get_mut(args.text("async_job_id")?);
    let (checks, complete) = job.ok_or_else(|| Error::route(&["invalid_async_job_id"]))?;
    match checks.checked_sub(1) {
        Some(left) => {
            *checks = left;
            Ok(json!({".tag": "in_progress"}))
        }
        None => Ok(complete.clone()),
    }
}

fn with_tag(tag: &str, value: Value) -> Value {
    let mut fields = match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert(".tag".to_owned(), tag.into());
    Value::Object(fields)
}
