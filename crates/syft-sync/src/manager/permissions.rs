use std::collections::{BTreeMap, BTreeSet};

use syft_core::{DatasitePath, Email, HomePath};
use syft_perm::{Level, Permissions};

use super::SyftboxManager;
use crate::node::Pass;
use crate::peers::{PeerState, PeerTable};
use crate::scan::Walk;
use crate::{PermContext, PermEdit, Result, rights};

/// The word for everyone in permission files and in [`PathAccess`].
const EVERYONE: &str = "*";

/// What changed with a grant or a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// The path as the permission engine is asked: a folder with `/` at its end,
    /// the datasite itself as the empty path.
    pub path: String,
    /// What was written.
    pub edit: PermEdit,
    /// After a grant, the files in the path that the user may still not use so:
    /// a more specific rule or a file further down decides about them.
    pub exceptions: Vec<DatasitePath>,
    /// After a revocation, what each peer had been sent and may no longer read.
    /// The next sync takes it from the peer's copy; what was done with it before
    /// cannot be recalled.
    pub lost: BTreeMap<Email, Vec<DatasitePath>>,
    /// After a revocation, the datasets in the path whose mock the user may
    /// still read: they are unshared by their names.
    pub datasets: Vec<String>,
}

/// Who may do what with a path of my datasite: those of the asked that may, in
/// their order; `*` is everyone, also somebody who is no peer yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathAccess {
    /// The file; for a dataset's mock its folder, with `/` at the end.
    pub path: String,
    /// Who may read.
    pub read: Vec<String>,
    /// Who may write.
    pub write: Vec<String>,
    /// Who may change who may do what.
    pub admin: Vec<String>,
}

impl SyftboxManager {
    /// The permission files of my datasite, to ask and to edit without audit.
    #[must_use]
    pub fn perm_context(&self) -> PermContext {
        let layout = self.node.layouts.own().kind();
        PermContext::new(self.node.disk.clone(), layout, self.node.email.clone())
    }

    /// Gives a user a level on a path of my datasite; see [`PermEntry::grant`](crate::PermEntry::grant).
    /// The next sync sends a reader what exists now.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as [`PermEntry::grant`](crate::PermEntry::grant); the lock.
    pub fn grant_access(&self, path: &str, user: &str, level: Level) -> Result<AccessChange> {
        self.need_owner()?;
        let pass = self.node.pass()?;
        let context = self.perm_context();
        let entry = context.open(path)?;
        let edit = entry.grant(level, user)?;
        let path = entry.path();
        if !edit.files.is_empty() {
            let subject = format!("{level} on /{path} to {user}");
            let of = rights::Change { path: &path, user };
            rights::note(&pass, "permission.granted", subject, of, &self.places(&edit.files)?)?;
        }
        let walk = context.walk()?;
        let permissions = context.compile(&walk);
        let may_not = |file: &&DatasitePath| {
            is_in(file, &path)
                && !file.is_permission_file()
                && !permissions.allows(user, file.as_str(), level)
        };
        let exceptions = walk.files.keys().filter(may_not).cloned().collect();
        Ok(AccessChange { path, edit, exceptions, lost: BTreeMap::new(), datasets: Vec::new() })
    }

    /// Takes a level from a user on a path of my datasite and on all below; see
    /// [`PermEntry::revoke`](crate::PermEntry::revoke). The next sync takes from
    /// the copies of readers what they may no longer read.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as [`PermEntry::revoke`](crate::PermEntry::revoke); the lock.
    pub fn revoke_access(&self, path: &str, user: &str, level: Level) -> Result<AccessChange> {
        self.need_owner()?;
        let pass = self.node.pass()?;
        let context = self.perm_context();
        let before = context.permissions()?;
        let entry = context.open(path)?;
        let edit = entry.revoke(level, user)?;
        let path = entry.path();
        if !edit.files.is_empty() {
            let subject = format!("{level} on /{path} from {user}");
            let of = rights::Change { path: &path, user };
            rights::note(&pass, "permission.revoked", subject, of, &self.places(&edit.files)?)?;
        }
        let walk = context.walk()?;
        let after = context.compile(&walk);
        let lost = lost(&pass, &before, &after);
        let mocks = self.mock_folders(&walk);
        let kept =
            mocks.iter().filter(|mock| mock.starts_with(&path) && after.allows(user, mock, level));
        let name = |mock: &String| mock.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
        let datasets = kept.filter_map(name).collect();
        Ok(AccessChange { path, edit, exceptions: Vec::new(), lost, datasets })
    }

    /// Where files of my datasite lie in this home.
    fn places(&self, files: &[String]) -> Result<Vec<HomePath>> {
        let datasite = HomePath::datasite(&self.node.email);
        Ok(files.iter().map(|file| datasite.join(file)).collect::<syft_core::Result<_>>()?)
    }

    /// Who may read, write and administer what, in the order of the paths: every
    /// file of my datasite that travels, and every dataset's mock. Asked are `*`, all
    /// accepted peers and everybody whom a rule names, peer or not, or `who` alone.
    /// What is mine alone is in it too, with nobody.
    ///
    /// # Errors
    /// The disk.
    pub fn readers(&self, who: Option<&str>) -> Result<Vec<PathAccess>> {
        let context = self.perm_context();
        let walk = context.walk()?;
        let permissions = context.compile(&walk);
        let asked: Vec<String> = match who {
            Some(who) => vec![who.to_owned()],
            None => {
                let table = PeerTable::load(&*self.node.disk)?;
                let peers = table.in_state(PeerState::Accepted).map(Email::as_str);
                let mut named: BTreeSet<&str> = peers.chain(permissions.named()).collect();
                named.remove(self.node.email.as_str());
                std::iter::once(EVERYONE).chain(named).map(ToOwned::to_owned).collect()
            }
        };
        let files = walk.files.keys().map(DatasitePath::to_string);
        let paths: BTreeSet<String> = files.chain(self.mock_folders(&walk)).collect();
        let access = |path: String| {
            let may = |level| {
                let may = |user: &&String| permissions.allows(user, &path, level);
                asked.iter().filter(may).cloned().collect()
            };
            let (read, write, admin) = (may(Level::Read), may(Level::Write), may(Level::Admin));
            PathAccess { path, read, write, admin }
        };
        Ok(paths.into_iter().map(access).collect())
    }

    /// The folders of the datasets' mocks, with `/` at the end.
    fn mock_folders(&self, walk: &Walk) -> Vec<String> {
        let mocks = self.node.layouts.own().mock_folders();
        let is_mock = |folder: &str| {
            let parent = folder.rsplit_once('/').map(|(parent, _)| parent);
            let is_one = |path: &str| mocks.iter().any(|mocks| mocks.as_str() == path);
            parent.is_some_and(is_one) && !is_one(folder)
        };
        let mock = |folder: &str| is_mock(folder).then(|| format!("{folder}/"));
        let folders =
            walk.permission_files.keys().filter_map(|path| path.as_str().rsplit_once('/'));
        folders.filter_map(|(folder, _)| mock(folder)).collect()
    }
}

fn is_in(file: &DatasitePath, path: &str) -> bool {
    file.as_str() == path
        || (path.is_empty() || path.ends_with('/')) && file.as_str().starts_with(path)
}

/// What was sent to readers who could read it before and cannot now.
fn lost(
    pass: &Pass<'_>,
    before: &Permissions,
    after: &Permissions,
) -> BTreeMap<Email, Vec<DatasitePath>> {
    let mut all = BTreeMap::new();
    for (reader, sent) in &pass.ledger.state().sent {
        let may = |rules: &Permissions, path: &DatasitePath| {
            rules.allows(reader.as_str(), path.as_str(), Level::Read)
        };
        let lost: Vec<DatasitePath> =
            sent.keys().filter(|path| may(before, path) && !may(after, path)).cloned().collect();
        if !lost.is_empty() {
            all.insert(reader.clone(), lost);
        }
    }
    all
}
