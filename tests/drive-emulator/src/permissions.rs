//! `permissions`: sharing, and taking it back.

use hyper::StatusCode;
use serde_json::{Value, json};
use syft_loopback::{Request, Response};

use crate::accounts::Caller;
use crate::error::{Error, Result};
use crate::item::{Grant, Grantee, Id, Item, Role};
use crate::log::Mail;
use crate::render::{answer, permission, permissions as lines};
use crate::schema::{PERMISSION, PERMISSION_LIST};
use crate::state::State;

const ONE: &str = "kind,id,type,role";
const MANY: &str = "kind,nextPageToken,permissions(kind,id,type,role)";

/// Everything below `/drive/v3/files/ID/permissions`.
pub(crate) fn permissions(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    id: &str,
    rest: &[&str],
) -> Result<Response> {
    let id = &state.resolve(id, &caller.email);
    match (request.method.as_str(), rest) {
        ("GET", []) => list(state, caller, request, id),
        ("POST", []) => create(state, caller, request, id),
        ("GET", [permission]) => get(state, caller, request, id, permission),
        ("PATCH", [permission]) => update(state, caller, request, id, permission),
        ("DELETE", [permission]) => delete(state, caller, id, permission),
        _ => Err(Error::no_method()),
    }
}

fn list(state: &State, caller: &Caller, request: &Request, id: &str) -> Result<Response> {
    let view = state.store.now();
    let item = view.held(id, &caller.email, Role::Writer)?;
    let value = json!({"kind": "drive#permissionList", "permissions": lines(view, item)});
    answer(request, &PERMISSION_LIST, MANY, &value)
}

fn get(
    state: &State,
    caller: &Caller,
    request: &Request,
    id: &str,
    permission: &str,
) -> Result<Response> {
    let view = state.store.now();
    let item = view.held(id, &caller.email, Role::Writer)?;
    let all = lines(view, item);
    let found = all.iter().find(|line| line.get("id").is_some_and(|id| id == permission));
    answer(request, &PERMISSION, ONE, found.ok_or_else(|| Error::no_permission(permission))?)
}

/// Shares with somebody. Who has more already keeps it.
fn create(state: &mut State, caller: &Caller, request: &Request, id: &str) -> Result<Response> {
    let item = state.store.now().held(id, &caller.email, Role::Writer)?.as_ref().clone();
    let (to, role) = read(&request.body)?;
    if role == Role::Owner {
        let message =
            "The transferOwnership parameter must be enabled when the permission role is 'owner'.";
        return Err(Error::forbidden("forbidden", message));
    }
    notify(state, caller, request, &item, &to)?;
    let now = state.now();
    let mut grant = Grant { to, role, since: now };
    if grant.to.names(&item.owner) {
        grant.role = Role::Owner;
    } else {
        let mut item = item;
        match item.grants.iter_mut().find(|known| known.to == grant.to) {
            Some(known) => {
                known.role = known.role.max(role);
                grant = known.clone();
            }
            None => item.grants.push(grant.clone()),
        }
        save(state, item);
    }
    answer(request, &PERMISSION, ONE, &permission(&grant))
}

fn update(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    id: &str,
    wanted: &str,
) -> Result<Response> {
    let mut item = state.store.now().held(id, &caller.email, Role::Writer)?.as_ref().clone();
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| Error::parse())?;
    let role = read_role(&body)?;
    let grant = own_grant(state, &mut item, wanted)?;
    if role == Role::Owner {
        let message =
            "The transferOwnership parameter must be enabled when the permission role is 'owner'.";
        return Err(Error::forbidden("forbidden", message));
    }
    grant.role = role;
    let value = permission(grant);
    save(state, item);
    answer(request, &PERMISSION, ONE, &value)
}

/// Takes a right back. A reader may give up his own.
fn delete(state: &mut State, caller: &Caller, id: &str, wanted: &str) -> Result<Response> {
    let mut item = state.store.now().seen(id, &caller.email)?.as_ref().clone();
    let role = state.store.now().role(&item, &caller.email);
    let to = own_grant(state, &mut item, wanted)?.to.clone();
    if role < Some(Role::Writer) && !to.names(&caller.email) {
        return Err(Error::insufficient(id));
    }
    item.grants.retain(|grant| grant.to != to);
    save(state, item);
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// A right that was given on the item itself.
fn own_grant<'a>(state: &State, item: &'a mut Item, wanted: &str) -> Result<&'a mut Grant> {
    let all = lines(state.store.now(), item);
    if !all.iter().any(|line| line.get("id").is_some_and(|id| id == wanted)) {
        return Err(Error::no_permission(wanted));
    }
    let refused = Error::insufficient(&item.id);
    let found = item.grants.iter_mut().find(|grant| grant.to.permission_id() == wanted);
    // What is left is the owner's, or comes from above.
    found.ok_or(refused)
}

fn save(state: &mut State, mut item: Item) {
    item.version += 1;
    let (id, now): (Id, _) = (item.id.clone(), state.now());
    state.store.put(item, now);
    state.touch_below(&id);
}

/// Sends the mail of Drive, unless the request says not to.
fn notify(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    item: &Item,
    to: &Grantee,
) -> Result<()> {
    let (Grantee::User(email) | Grantee::Group(email)) = to else { return Ok(()) };
    if request.params.flag("sendNotificationEmail", true) {
        state.mails.push(Mail {
            from: caller.email.clone(),
            to: email.clone(),
            file_id: item.id.clone(),
            file_name: item.name.clone(),
            message: request.params.get("emailMessage").map(str::to_owned),
        });
        return Ok(());
    }
    if matches!(to, Grantee::User(_)) && state.accounts.root_of(email).is_none() {
        let message = format!(
            "Bad Request. User message: \"You are trying to invite {email}. Since there is no Google account associated with this email address, you must check the \"Notify people\" box to invite this recipient.\""
        );
        return Err(Error::bad_sharing(message));
    }
    Ok(())
}

fn read(body: &[u8]) -> Result<(Grantee, Role)> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Error::parse())?;
    let field = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let email = || {
        let email = field("emailAddress").filter(|email| email.contains('@'));
        email.ok_or_else(|| Error::bad_sharing("The specified emailAddress is invalid or not applicable for the given permission type."))
    };
    let to = match field("type").as_deref() {
        Some("user") => Grantee::User(email()?),
        Some("group") => Grantee::Group(email()?),
        Some("domain") => Grantee::Domain(field("domain").ok_or_else(|| {
            Error::bad_sharing(
                "The specified domain is invalid or not applicable for the given permission type.",
            )
        })?),
        Some("anyone") => Grantee::Anyone,
        Some(_) => return Err(Error::invalid("permission.type")),
        None => return Err(Error::bad_request("The permission type field is required.")),
    };
    Ok((to, read_role(&body)?))
}

fn read_role(body: &Value) -> Result<Role> {
    let role = body.get("role").and_then(Value::as_str);
    let role = role.ok_or_else(|| Error::bad_request("The permission role field is required."))?;
    Role::parse(role).ok_or_else(|| Error::invalid("permission.role"))
}
