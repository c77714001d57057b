//! `changes`: what became of the files that one account sees.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use syft_loopback::{Request, Response, to_text};

use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::files::page_size;
use crate::item::{Id, Item};
use crate::render::{answer, file};
use crate::schema::{CHANGE_LIST, START};
use crate::state::State;
use crate::store::Event;

const DEFAULT: &str = "kind,nextPageToken,newStartPageToken,changes(kind,type,changeType,time,removed,fileId,file(kind,id,name,mimeType))";

/// The token from which on changes are listed. It does not expire.
pub(crate) fn start(state: &State, _: &Caller, request: &Request) -> Result<Response> {
    let token = state.store.step() + 1;
    let value = json!({"kind": "drive#startPageToken", "startPageToken": token.to_string()});
    answer(request, &START, "*", &value)
}

/// What changed since a token: each file once, with what it has become.
pub(crate) fn list(state: &mut State, caller: &Caller, request: &Request) -> Result<Response> {
    let token = request.params.get("pageToken").ok_or_else(|| Error::missing("pageToken"))?;
    let after = read_token(state, token)?;
    let size = page_size(state, request)?;
    let size = if state.faults.empties_page() { 0 } else { size };
    let until = state.listed_until(&caller.email).max(after);
    let latest = latest(state, after, until);
    let mut changes: Vec<Value> = Vec::new();
    let mut next = None;
    for event in latest.values() {
        let Some(change) = change(state, caller, request, event, (after, until)) else { continue };
        if changes.len() == size {
            next = Some(event.step);
            break;
        }
        changes.push(change);
    }
    let mut value = json!({"kind": "drive#changeList", "changes": changes});
    let (name, token) = match next {
        Some(step) => ("nextPageToken", step),
        None => ("newStartPageToken", until + 1),
    };
    value.as_object_mut().map(|fields| fields.insert(name.to_owned(), token.to_string().into()));
    answer(request, &CHANGE_LIST, DEFAULT, &value)
}

/// The step before the first change that is wanted.
fn read_token(state: &State, token: &str) -> Result<u64> {
    let first: Option<u64> = token.parse().ok();
    let known = |first: &u64| *first > state.oldest_change && *first <= state.store.step() + 1;
    let first = first.filter(known).ok_or_else(|| Error::invalid("pageToken"))?;
    Ok(first.saturating_sub(1))
}

/// The last event of each file, in their order.
fn latest(state: &State, after: u64, until: u64) -> BTreeMap<u64, Event> {
    let mut last: BTreeMap<&Id, &Event> = BTreeMap::new();
    for event in state.store.events(after, until) {
        last.insert(&event.id, event);
    }
    last.into_values().map(|event| (event.step, event.clone())).collect()
}

/// The change as one account sees it, if it concerns it at all.
fn change(
    state: &State,
    caller: &Caller,
    request: &Request,
    event: &Event,
    (after, until): (u64, u64),
) -> Option<Value> {
    let view = state.store.after(until);
    if state.faults.blinds_changes() && lies_with_others(state, caller, event, until) {
        return None;
    }
    let found = view.get(&event.id).filter(|item| view.lists(item, &caller.email));
    let own_only = request.params.flag("restrictToMyDrive", false);
    let found = match found {
        Some(item) if own_only && !item.is_owned_by(&caller.email) => return None,
        found => found,
    };
    let mut value = json!({
        "kind": "drive#change",
        "type": "file",
        "changeType": "file",
        "time": to_text(event.at),
        "removed": found.is_none(),
        "fileId": event.id,
    });
    match found {
        Some(item) => {
            let file = file(view, item, caller);
            value.as_object_mut()?.insert("file".to_owned(), file);
        }
        None => {
            let told = request.params.flag("includeRemoved", true);
            let seen = told && was_listed(state, caller, &event.id, (after, until));
            seen.then_some(())?;
        }
    }
    Some(value)
}

/// Whether an item is, or was last, in a folder of somebody else's, and neither itself
/// shared with the account nor its own.
fn lies_with_others(state: &State, caller: &Caller, event: &Event, until: u64) -> bool {
    let lies = |step: u64| {
        let view = state.store.after(step);
        let item = view.get(&event.id)?;
        let folder = item.parent.as_deref().and_then(|id| view.get(id))?;
        let is_shared = item.grants.iter().any(|grant| grant.to.names(&caller.email));
        let owns = |item: &Item| item.is_owned_by(&caller.email);
        Some(!owns(item) && !owns(folder) && !is_shared)
    };
    lies(until).or_else(|| lies(event.before)).unwrap_or(false)
}

/// Whether somebody saw a file at any time between two steps.
fn was_listed(state: &State, caller: &Caller, id: &str, (after, until): (u64, u64)) -> bool {
    let own = state.store.events(after, until).filter(|event| event.id == id);
    let mut moments = [after].into_iter().chain(own.flat_map(|event| [event.before, event.step]));
    moments.any(|step| {
        let view = state.store.after(step);
        view.get(id).is_some_and(|item| view.lists(item, &caller.email))
    })
}
