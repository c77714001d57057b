//! Items and rights as one account sees them, in JSON.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Map, Value, json};
use syft_loopback::{Request, Response, to_text};

use crate::accounts::Caller;
use crate::error::Result;
use crate::fields::Mask;
use crate::item::{Grant, Grantee, Item, Role, permission_id, same_email};
use crate::schema::{FILE, Kind};
use crate::store::View;

/// What one gets of a file without a mask.
pub(crate) const FILE_DEFAULT: &str = "kind,id,name,mimeType";

/// An answer, cut to what the request asks for.
pub(crate) fn answer(
    request: &Request,
    kind: &Kind,
    otherwise: &str,
    value: &Value,
) -> Result<Response> {
    let mask = Mask::read(request.params.get("fields").unwrap_or(otherwise), kind)?;
    Ok(Response::json(StatusCode::OK, &mask.apply(value)))
}

/// An answer that is one file.
pub(crate) fn answer_file(
    request: &Request,
    view: View<'_>,
    item: &Item,
    caller: &Caller,
) -> Result<Response> {
    answer(request, &FILE, FILE_DEFAULT, &file(view, item, caller))
}

pub(crate) fn user(email: &str, caller: &Caller) -> Value {
    json!({
        "kind": "drive#user",
        "displayName": display_name(email),
        "me": same_email(email, &caller.email),
        "permissionId": permission_id(email),
        "emailAddress": email,
    })
}

fn display_name(email: &str) -> &str {
    email.split_once('@').map_or(email, |(name, _)| name)
}

/// All that an account may see of a file.
pub(crate) fn file(view: View<'_>, item: &Item, caller: &Caller) -> Value {
    let mut fields = Map::new();
    for part in [basics(view, item), people(view, item, caller), content(item)] {
        if let Value::Object(part) = part {
            fields.extend(part);
        }
    }
    let parents = parents(view, item, caller);
    if !parents.is_empty() {
        fields.insert("parents".to_owned(), parents.into());
    }
    if let Some(text) = &item.description {
        fields.insert("description".to_owned(), text.clone().into());
    }
    for (name, map) in [("properties", public(item)), ("appProperties", private(item, caller))] {
        if !map.is_empty() {
            fields.insert(name.to_owned(), map.into());
        }
    }
    Value::Object(fields)
}

fn basics(view: View<'_>, item: &Item) -> Value {
    json!({
        "kind": "drive#file",
        "id": item.id,
        "name": item.name,
        "mimeType": item.mime,
        "starred": item.starred,
        "trashed": view.is_trashed(item),
        "explicitlyTrashed": item.trashed,
        "spaces": ["drive"],
        "version": item.version.to_string(),
        "createdTime": to_text(item.created),
        "modifiedTime": to_text(item.modified),
        "webViewLink": format!("https://drive.google.com/file/d/{}/view?usp=drivesdk", item.id),
        "viewersCanCopyContent": true,
        "copyRequiresWriterPermission": false,
        "writersCanShare": true,
        "isAppAuthorized": true,
        "quotaBytesUsed": size(item).unwrap_or(0).to_string(),
    })
}

fn people(view: View<'_>, item: &Item, caller: &Caller) -> Value {
    let role = view.role(item, &caller.email);
    let (writes, owns) = (role >= Some(Role::Writer), role == Some(Role::Owner));
    let grants = view.grants(item);
    let mut value = json!({
        "owners": [user(&item.owner, caller)],
        "lastModifyingUser": user(&item.modified_by, caller),
        "modifiedByMe": same_email(&item.modified_by, &caller.email),
        "ownedByMe": owns,
        "shared": !grants.is_empty(),
        "capabilities": capabilities(item, writes, owns),
    });
    let Some(fields) = value.as_object_mut() else { return value };
    if let Some(since) = shared_with(item, &caller.email) {
        fields.insert("sharedWithMeTime".to_owned(), to_text(since).into());
    }
    if writes {
        let all = permissions(view, item);
        let ids: Value = all.iter().map(|line| line.get("id").cloned()).collect();
        fields.insert("permissionIds".to_owned(), ids);
        fields.insert("permissions".to_owned(), all.into());
    }
    value
}

fn capabilities(item: &Item, writes: bool, owns: bool) -> Value {
    json!({
        "canEdit": writes,
        "canRename": writes,
        "canShare": writes,
        "canAddChildren": writes && item.is_folder(),
        "canListChildren": item.is_folder(),
        "canDownload": !item.is_folder(),
        "canCopy": !item.is_folder(),
        "canDelete": owns && !item.is_root,
        "canTrash": owns && !item.is_root,
    })
}

fn content(item: &Item) -> Value {
    let Some(content) = &item.content else { return Value::Null };
    let extension = item.name.rsplit_once('.').map_or("", |(_, extension)| extension);
    json!({
        "size": content.bytes.len().to_string(),
        "md5Checksum": content.md5,
        "sha256Checksum": content.sha256,
        "headRevisionId": item.revision,
        "originalFilename": item.name,
        "fileExtension": extension,
        "fullFileExtension": extension,
    })
}

pub(crate) fn size(item: &Item) -> Option<usize> {
    item.content.as_ref().map(|content| content.bytes.len())
}

/// A folder that one does not see is left out.
fn parents(view: View<'_>, item: &Item, caller: &Caller) -> Vec<String> {
    let parent: Option<&Arc<Item>> = item.parent.as_deref().and_then(|id| view.get(id));
    parent
        .filter(|folder| view.sees(folder, &caller.email))
        .map(|f| f.id.clone())
        .into_iter()
        .collect()
}

fn public(item: &Item) -> Map<String, Value> {
    item.properties.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect()
}

/// What another client wrote is not there.
fn private(item: &Item, caller: &Caller) -> Map<String, Value> {
    let own = item.app_properties.iter().filter(|((client, _), _)| *client == caller.client);
    own.map(|((_, key), value)| (key.clone(), value.clone().into())).collect()
}

/// Since when an item itself is shared with somebody who does not own it.
pub(crate) fn shared_with(item: &Item, email: &str) -> Option<i64> {
    if item.is_owned_by(email) {
        return None;
    }
    item.grants.iter().find(|grant| grant.to.names(email)).map(|grant| grant.since)
}

/// All rights on an item; the owner's is the first.
pub(crate) fn permissions(view: View<'_>, item: &Item) -> Vec<Value> {
    let to = Grantee::User(item.owner.clone());
    let owner = Grant { to, role: Role::Owner, since: item.created };
    let others = view.grants(item);
    [&owner].into_iter().chain(others.iter().map(|(grant, _)| grant)).map(permission).collect()
}

pub(crate) fn permission(grant: &Grant) -> Value {
    let mut value = json!({
        "kind": "drive#permission",
        "id": grant.to.permission_id(),
        "type": grant.to.kind(),
        "role": grant.role.name(),
    });
    let Some(fields) = value.as_object_mut() else { return value };
    match &grant.to {
        Grantee::User(email) | Grantee::Group(email) => {
            fields.insert("emailAddress".to_owned(), email.clone().into());
            fields.insert("displayName".to_owned(), display_name(email).into());
            fields.insert("deleted".to_owned(), false.into());
            fields.insert("pendingOwner".to_owned(), false.into());
        }
        Grantee::Domain(domain) => {
            fields.insert("domain".to_owned(), domain.clone().into());
            fields.insert("displayName".to_owned(), domain.clone().into());
            fields.insert("allowFileDiscovery".to_owned(), false.into());
        }
        Grantee::Anyone => {
            fields.insert("allowFileDiscovery".to_owned(), false.into());
        }
    }
    value
}
