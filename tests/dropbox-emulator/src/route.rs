//! From a request to what answers it. The two hosts of Dropbox are told apart by the
//! path alone: no call is on both.

use serde_json::Value;
use syft_loopback::{Method, Request, Response, StatusCode};

use crate::accounts::Account;
use crate::args::{Args, in_call};
use crate::error::{Error, Result};
use crate::state::State;
use crate::{files, oauth, users};

/// Answers anything.
pub(crate) fn dispatch(state: &mut State, request: &Request) -> Response {
    match request.path.as_str() {
        "/oauth2/token" | "/1/oauth2/token" => return oauth::token(state, request),
        "/oauth2/authorize" | "/1/oauth2/authorize" => return oauth::consent(state, request),
        _ => {}
    }
    call(state, request).unwrap_or_else(|error| error.into_response(&mut state.dice))
}

fn call(state: &mut State, request: &Request) -> Result<Response> {
    let nowhere = || Error::text(StatusCode::NOT_FOUND, "Not found");
    let call = request.path.strip_prefix("/2/").ok_or_else(nowhere)?;
    match call {
        "auth/token/revoke" => {
            let account = caller(state, call, request)?;
            users::revoke(state, &account, request)
        }
        "users/get_current_account" => {
            let account = caller(state, call, request)?;
            Ok(answer(&users::current(&account)))
        }
        "files/download" => {
            let account = state.authorise(call, request)?;
            files::download(state, &account, &Args::of_header(call, request)?, request)
        }
        "files/upload"
        | "files/upload_session/start"
        | "files/upload_session/append_v2"
        | "files/upload_session/finish" => {
            let account = caller(state, call, request)?;
            content(state, &account, call, request)
        }
        _ => {
            let perform =
                rpc(call).ok_or_else(|| Error::bad(format!("Unknown API function: \"{call}\"")))?;
            let account = caller(state, call, request)?;
            let args = Args::of_body(call, request)?;
            perform(state, &account, &args).map(|value| answer(&value))
        }
    }
}

/// The account of a call that must be a POST.
fn caller(state: &State, call: &str, request: &Request) -> Result<Account> {
    if request.method != Method::POST {
        let what = format!("Your request's HTTP request method is \"{}\"", request.method);
        return Err(Error::bad(format!("{}{what}.  Expecting \"POST\".", in_call(call))));
    }
    state.authorise(call, request)
}

type Rpc = fn(&mut State, &Account, &Args) -> Result<Value>;

fn rpc(call: &str) -> Option<Rpc> {
    Some(match call {
        "files/get_metadata" => files::get_metadata,
        "files/list_folder" => files::list_folder,
        "files/list_folder/continue" => files::list_folder_continue,
        "files/list_folder/get_latest_cursor" => files::get_latest_cursor,
        "files/create_folder_v2" => files::create_folder,
        "files/delete_v2" => files::delete,
        "files/delete_batch" => files::delete_batch,
        "files/delete_batch/check" => files::delete_batch_check,
        "files/move_v2" => files::move_,
        "files/copy_v2" => files::copy,
        _ => return None,
    })
}

/// Calls that bring bytes.
fn content(
    state: &mut State,
    account: &Account,
    call: &str,
    request: &Request,
) -> Result<Response> {
    let kind = request.header("content-type").unwrap_or_default();
    let kinds = ["application/octet-stream", "text/plain; charset=dropbox-cors-hack"];
    if !kinds.contains(&kind) {
        let [octets, text] = kinds;
        let what = format!(
            "{}Bad HTTP \"Content-Type\" header: \"{kind}\".  Expecting one of \"{octets}\", \
             \"{text}\".",
            in_call(call)
        );
        return Err(Error::bad(what));
    }
    let args = Args::of_header(call, request)?;
    if request.body.len() > state.upload_limit {
        return Err(Error::route(&["payload_too_large"]));
    }
    let bytes = request.body.clone();
    let value = match call {
        "files/upload" => files::upload(state, account, &args, bytes)?,
        "files/upload_session/start" => files::session_start(state, account, &args, bytes)?,
        "files/upload_session/append_v2" => files::session_append(state, account, &args, bytes)?,
        _ => files::session_finish(state, account, &args, bytes)?,
    };
    Ok(answer(&value))
}

pub(crate) fn answer(value: &Value) -> Response {
    Response::of(StatusCode::OK, "application/json", value.to_string())
}
