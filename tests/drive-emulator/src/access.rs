//! Who may do what with an item, and who sees it.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::item::{Grant, Grantee, Item, Role};
use crate::store::View;

/// Google's limit for folders in folders, and the end of any walk upwards.
const DEPTH: usize = 100;

impl<'a> View<'a> {
    /// The folders above an item, the nearest first.
    pub(crate) fn above(&self, item: &Item) -> Vec<&'a Arc<Item>> {
        let mut found: Vec<&Arc<Item>> = Vec::new();
        let mut next = item.parent.as_deref();
        while let Some(folder) = next.and_then(|id| self.get(id)) {
            if found.len() == DEPTH {
                break;
            }
            next = folder.parent.as_deref();
            found.push(folder);
        }
        found
    }

    pub(crate) fn is_trashed(&self, item: &Item) -> bool {
        item.trashed || self.above(item).iter().any(|folder| folder.trashed)
    }

    /// All rights on an item, the owner's left out, each once with its highest
    /// role; true if it comes from above.
    pub(crate) fn grants(&self, item: &Item) -> Vec<(Grant, bool)> {
        let mut all: Vec<(Grant, bool)> =
            item.grants.iter().map(|grant| (grant.clone(), false)).collect();
        for folder in self.above(item) {
            // Who owns a folder writes what others put into it.
            let keeper = Grant {
                to: Grantee::User(folder.owner.clone()),
                role: Role::Writer,
                since: item.created,
            };
            let inherited = folder.grants.iter().cloned().chain([keeper]);
            all.extend(inherited.map(|grant| (grant, true)));
        }
        let mut once: Vec<(Grant, bool)> = Vec::new();
        for (grant, inherited) in all {
            if grant.to.names(&item.owner) {
                continue;
            }
            match once.iter_mut().find(|(known, _)| known.to == grant.to) {
                Some((known, _)) => known.role = known.role.max(grant.role),
                None => once.push((grant, inherited)),
            }
        }
        once
    }

    /// The role of somebody; by name only if what anyone may do is left out.
    fn role_among(&self, item: &Item, email: &str, by_name: bool) -> Option<Role> {
        if item.is_owned_by(email) {
            return Some(Role::Owner);
        }
        let fits =
            |grant: &Grant| grant.to.names(email) || (!by_name && grant.to == Grantee::Anyone);
        let grants = self.grants(item);
        grants.iter().filter(|(grant, _)| fits(grant)).map(|(grant, _)| grant.role).max()
    }

    pub(crate) fn role(&self, item: &Item, email: &str) -> Option<Role> {
        self.role_among(item, email, false)
    }

    /// The role that somebody has by name: what queries ask for.
    pub(crate) fn named_role(&self, item: &Item, email: &str) -> Option<Role> {
        self.role_among(item, email, true)
    }

    /// Whether somebody sees an item: what is in the trash sees its owner alone.
    pub(crate) fn sees(&self, item: &Item, email: &str) -> bool {
        self.role(item, email).is_some_and(|role| role == Role::Owner || !self.is_trashed(item))
    }

    /// Whether an item is in somebody's lists: seen, and not only by a link.
    pub(crate) fn lists(&self, item: &Item, email: &str) -> bool {
        !item.is_root && self.named_role(item, email).is_some() && self.sees(item, email)
    }

    /// An item that somebody sees.
    pub(crate) fn seen(&self, id: &str, email: &str) -> Result<&'a Arc<Item>> {
        let found = self.get(id).filter(|item| self.sees(item, email));
        found.ok_or_else(|| Error::not_found(id))
    }

    /// An item on which somebody has at least a role.
    pub(crate) fn held(&self, id: &str, email: &str, least: Role) -> Result<&'a Arc<Item>> {
        let item = self.seen(id, email)?;
        if self.role(item, email) < Some(least) {
            return Err(Error::insufficient(id));
        }
        Ok(item)
    }

    /// A folder into which somebody may put something.
    pub(crate) fn writable_folder(&self, id: &str, email: &str) -> Result<&'a Arc<Item>> {
        let folder = self.seen(id, email)?;
        if !folder.is_folder() {
            let message = "The specified parent is not a folder.";
            return Err(Error::forbidden("parentNotAFolder", message));
        }
        if self.role(folder, email) < Some(Role::Writer) {
            return Err(Error::insufficient_parent());
        }
        Ok(folder)
    }
}
