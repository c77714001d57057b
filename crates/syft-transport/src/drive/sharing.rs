//! Who may read what, as Drive keeps it.

use async_trait::async_trait;
use google_drive3::api::{File, Permission, PermissionList};
use google_drive3::hyper::Method;
use serde_json::{Value, json};
use syft_core::Email;

use super::DriveTransport;
use super::call::{Call, What};
use super::client::Client;
use super::names::Folder;
use crate::access::check_write;
use crate::{Error, Recipient, Result, Sharing, Space};

/// The note on a collection that everybody may read it (`protocol.md` a.1).
const ANY: &str = "syft_shared_with_any";

impl Client {
    pub(super) fn share_call(
        &self,
        id: &str,
        with: &Email,
        role: &str,
        by_mail: bool,
        what: &What,
    ) -> Call {
        self.call(Method::POST, &["files", id, "permissions"], what.clone())
            .query("sendNotificationEmail", if by_mail { "true" } else { "false" })
            .query("fields", "id")
            .json(&json!({ "type": "user", "role": role, "emailAddress": with.as_str() }))
    }

    async fn permissions(&self, id: &str, what: &What) -> Result<Vec<Permission>> {
        let mut all = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let mut call = self
                .call(Method::GET, &["files", id, "permissions"], what.clone())
                .query("pageSize", "100")
                .query("fields", "nextPageToken,permissions(id,emailAddress,role,type)");
            if let Some(page) = &page {
                call = call.query("pageToken", page);
            }
            let found: PermissionList = self.json(&call).await?;
            all.extend(found.permissions.unwrap_or_default());
            page = found.next_page_token;
            if page.is_none() {
                return Ok(all);
            }
        }
    }

    /// Sets the note on a folder or, with nothing, takes it off.
    async fn note(&self, id: &str, value: Value, what: &What) -> Result<()> {
        let call = self
            .call(Method::PATCH, &["files", id], what.clone())
            .query("fields", "id")
            .json(&json!({ "appProperties": { ANY: value } }));
        self.send(&call).await.map(drop)
    }

    async fn has_note(&self, id: &str, what: &What) -> Result<bool> {
        let call =
            self.call(Method::GET, &["files", id], what.clone()).query("fields", "appProperties");
        let file: File = self.json(&call).await?;
        let value = file.app_properties.and_then(|mut properties| properties.remove(ANY));
        Ok(value.as_deref() == Some("true"))
    }
}

/// Into an inbox its owner is let, and nobody else.
fn check_recipient(space: &Space, recipient: &Recipient) -> Result<()> {
    match (space, recipient) {
        (Space::Inbox { owner, .. }, Recipient::One(one)) if one == owner => Ok(()),
        (Space::Inbox { .. }, _) => {
            Err(Error::unsupported("share", space, "it is for its owner alone"))
        }
        _ => Ok(()),
    }
}

/// Whether a permission is one of this person.
fn is_of(permission: &Permission, email: &Email) -> bool {
    permission.email_address.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(email.as_str()))
}

impl DriveTransport {
    /// What of a space is shared: each is a folder or a file with an id.
    async fn shared_parts(&self, space: &Space, what: &What) -> Result<Vec<String>> {
        check_write("share", space, &self.info.identity)?;
        match space {
            Space::Collection { .. } => {
                let [folder] = &Folder::all_of(space, None)[..] else { return Ok(Vec::new()) };
                self.folders.find(folder, what).await
            }
            Space::Profile { owner } => self.profile_parts(owner, what).await,
            Space::Inbox { owner, .. } => self.folders.pair(owner, what).await,
            _ => {
                let detail = "only collections, profiles and the inboxes of peers are";
                Err(Error::unsupported("share", space, detail))
            }
        }
    }

    async fn profile_parts(&self, owner: &Email, what: &What) -> Result<Vec<String>> {
        let mut parts = Vec::new();
        for folder in Folder::parts_of(&Space::Profile { owner: owner.clone() }) {
            parts.extend(self.folders.known.ids(&folder));
        }
        parts.extend(self.version_files(owner, what).await?.into_iter().filter_map(|file| file.id));
        Ok(parts)
    }

    fn there(parts: Vec<String>, what: &What) -> Result<Vec<String>> {
        match parts.is_empty() {
            true => Err(Error::not_found(what.action, &what.subject, "it is not opened")),
            false => Ok(parts),
        }
    }
}

#[async_trait]
impl Sharing for DriveTransport {
    async fn grant(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        let what = What::new("share", space);
        check_recipient(space, recipient)?;
        let parts = Self::there(self.shared_parts(space, &what).await?, &what)?;
        if let Space::Inbox { owner, .. } = space {
            return self.folders.let_in_again(&parts, owner, &what).await;
        }
        let Recipient::One(email) = recipient else {
            for id in parts {
                self.client().note(&id, json!("true"), &what).await?;
            }
            return Ok(());
        };
        // Whoever is let in again stays as they were.
        let call = |id: &String| self.client().share_call(id, email, "reader", false, &what);
        let calls: Vec<Call> = parts.iter().map(call).collect();
        for shared in self.client().batch(&calls, &what).await? {
            shared?;
        }
        Ok(())
    }

    async fn revoke(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        let what = What::new("stop sharing", space);
        check_recipient(space, recipient)?;
        if !matches!(space, Space::Collection { .. }) {
            // Nothing is left open only because it was forgotten.
            self.folders.survey_mine(&what).await?;
        }
        for id in self.shared_parts(space, &what).await? {
            self.folders.known.set_unshared(&id);
            let Recipient::One(email) = recipient else {
                self.client().note(&id, Value::Null, &what).await?;
                continue;
            };
            for permission in self.client().permissions(&id, &what).await? {
                let (true, Some(permission)) = (is_of(&permission, email), permission.id) else {
                    continue;
                };
                let path = ["files", &id, "permissions", &permission];
                let call = self.client().call(Method::DELETE, &path, what.clone());
                match self.client().send(&call).await {
                    Ok(_) | Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn grants(&self, space: &Space) -> Result<Vec<Recipient>> {
        let what = What::new("list the readers of", space);
        let mut readers = Vec::new();
        for id in self.shared_parts(space, &what).await? {
            if self.client().has_note(&id, &what).await? {
                readers.push(Recipient::Any);
            }
            let emails = self.client().permissions(&id, &what).await?;
            let emails = emails.into_iter().filter_map(|permission| permission.email_address);
            let emails = emails.filter_map(|email| Email::parse(&email.to_ascii_lowercase()).ok());
            readers.extend(emails.filter(|email| email != self.me()).map(Recipient::One));
        }
        readers.sort();
        readers.dedup();
        Ok(readers)
    }
}
