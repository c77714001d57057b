//! Permissions of a datasite by path, as the seeds open them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use syft_core::{
    Access, DatasitePath, DirDisk, Disk, Email, FileKind, HomePath, Layout, LayoutKind, yaml,
};
use syft_perm::{Explanation, Level, PERMISSION_FILE, PermissionFile, Permissions, Place};

use crate::scan::{Ground, Walk};
use crate::{Error, Result};

/// The permission files of one datasite on disk, to ask and to edit.
///
/// Nothing is cached: each question and each edit reads the files as they stand.
/// It takes no lock: beside a running node, edit through
/// [`SyftboxManager`](crate::SyftboxManager), which holds the home and audits.
#[derive(Debug, Clone)]
pub struct PermContext {
    disk: Arc<dyn Disk>,
    layout: &'static dyn Layout,
    owner: Email,
}

/// A path of a datasite, opened to ask and change who may do what with it.
#[derive(Debug, Clone)]
pub struct PermEntry<'c> {
    context: &'c PermContext,
    /// `None` for the datasite itself.
    path: Option<DatasitePath>,
    is_folder: bool,
}

/// What an edit wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermEdit {
    /// The permission files that were written, relative to the datasite; none if
    /// all was as wished before.
    pub files: Vec<String>,
    /// The entries that a revocation took away: the user, and each wildcard that
    /// covered the user, with which others lost access.
    pub removed: BTreeSet<String>,
}

impl PermContext {
    /// The datasite of an owner in a home.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, layout: LayoutKind, owner: Email) -> Self {
        PermContext { disk, layout: layout.layout(), owner }
    }

    /// A datasite by its folder, which is named by its owner's address.
    ///
    /// # Errors
    /// A name that is no address; the disk.
    pub fn at(datasite: impl AsRef<Path>) -> Result<Self> {
        let datasite = datasite.as_ref();
        let name = datasite.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let owner = Email::parse(name)?;
        let parent = datasite.parent().filter(|parent| !parent.as_os_str().is_empty());
        let home = parent.unwrap_or(Path::new("."));
        let disk = DirDisk::open(home)?;
        let layout = LayoutKind::found(&disk, &owner)?.unwrap_or_default();
        Ok(PermContext::new(Arc::new(disk), layout, owner))
    }

    /// Opens a path relative to the datasite. One that ends in `/`, or that is a
    /// folder on disk, stands for all that lies in it; `/` is the datasite.
    ///
    /// # Errors
    /// A path that no file of a datasite can have; the disk.
    pub fn open(&self, path: &str) -> Result<PermEntry<'_>> {
        let bare = path.strip_suffix('/').unwrap_or(path);
        if bare.is_empty() {
            return Ok(PermEntry { context: self, path: None, is_folder: true });
        }
        let parsed = DatasitePath::parse(bare)?;
        let found = self.disk.metadata(&HomePath::in_datasite(&self.owner, &parsed))?;
        let is_folder = bare.len() < path.len()
            || found.is_some_and(|metadata| metadata.kind == FileKind::Folder);
        Ok(PermEntry { context: self, path: Some(parsed), is_folder })
    }

    /// All permission files of the datasite, compiled.
    ///
    /// # Errors
    /// The disk.
    pub fn permissions(&self) -> Result<Permissions> {
        Ok(self.compile(&self.walk()?))
    }

    pub(crate) fn walk(&self) -> Result<Walk> {
        let (disk, layout) = (&*self.disk, self.layout);
        Walk::of(Ground { disk, layout, owner: &self.owner })
    }

    /// The permission files that a walk found, as they stand now.
    pub(crate) fn compile(&self, walk: &Walk) -> Permissions {
        let file = |path: &DatasitePath| {
            let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            let place = HomePath::in_datasite(&self.owner, path);
            let bytes = self.disk.read(&place, yaml::MAX_BYTES as u64);
            let text = bytes
                .map_err(|error| error.to_string())
                .and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
            (folder.to_owned(), text)
        };
        Permissions::compile(self.owner.as_str(), walk.permission_files.keys().map(file))
    }

    /// Edits some files: all, or none if one refuses.
    fn edit(
        &self,
        places: Vec<Place>,
        mut change: impl FnMut(&mut PermissionFile, &str) -> syft_perm::Result<()>,
    ) -> Result<Vec<String>> {
        let mut edited = Vec::new();
        for Place { folder, path } in places {
            let name = if folder.is_empty() {
                PERMISSION_FILE.to_owned()
            } else {
                format!("{folder}/{PERMISSION_FILE}")
            };
            let place = HomePath::datasite(&self.owner).join(&name)?;
            let bytes = self.disk.read_if_there(&place, yaml::MAX_BYTES as u64)?;
            let text = String::from_utf8(bytes.unwrap_or_default())
                .map_err(|error| Error::bad_permissions(&name, error))?;
            let told = |error| Error::bad_permissions(&name, error);
            let before = PermissionFile::parse(&text).map_err(told)?;
            let mut after = before.clone();
            change(&mut after, &path).map_err(told)?;
            if after != before {
                edited.push((name, place, format!("{}{}", heading(&text), after.to_yaml())));
            }
        }
        for (_, place, text) in &edited {
            self.disk.write(place, text.as_bytes(), Access::Shared)?;
        }
        Ok(edited.into_iter().map(|(name, ..)| name).collect())
    }
}

/// The comment above everything: the rest of a file is written anew, but these
/// are the owner's words about all of it.
fn heading(text: &str) -> String {
    let is_comment = |line: &&str| line.starts_with('#') || line.trim().is_empty();
    text.split_inclusive('\n').take_while(is_comment).filter(|line| line.ends_with('\n')).collect()
}

impl PermEntry<'_> {
    /// The path as the permission engine is asked: a folder with `/` at its end,
    /// the datasite as the empty path.
    #[must_use]
    pub fn path(&self) -> String {
        let path = self.path.as_ref().map_or("", DatasitePath::as_str);
        if self.is_folder && !path.is_empty() { format!("{path}/") } else { path.to_owned() }
    }

    /// Gives a user a level: an address, `*` for everyone, or `*@example.org`.
    /// Who may write may read, and an admin may both. Nobody else gains or loses
    /// anything. More specific rules and files further down go on deciding about
    /// what they are about.
    ///
    /// The file is written anew, without its comments but for those above
    /// everything, and without keys that mean nothing here.
    ///
    /// # Errors
    /// [`Error::Refused`] for what would have no effect: below the private
    /// folder, in a dataset's mock, on what never travels. [`Error::Permissions`]
    /// if the file is bad, which is then left as it is, or if a rule stands in the
    /// way. The disk.
    pub fn grant(&self, level: Level, user: &str) -> Result<PermEdit> {
        check_user(user)?;
        if user != self.context.owner.as_str() {
            self.check_path(level)?;
        }
        let place = self.context.permissions()?.place(&self.path()).map_err(place_error)?;
        let files =
            self.context.edit(vec![place], |file, path| file.grant(path, level, user).map(drop))?;
        Ok(PermEdit { files, removed: BTreeSet::new() })
    }

    /// Takes a level, and those that include it, from a user on this path and on
    /// all below it, files further down included. A wildcard that covers the user
    /// goes as a whole. Datasets stay: they are unshared by their names.
    ///
    /// The files are written as by [`grant`](Self::grant).
    ///
    /// # Errors
    /// As [`grant`](Self::grant); then nothing was changed.
    pub fn revoke(&self, level: Level, user: &str) -> Result<PermEdit> {
        self.check_mock(level)?;
        let mocks = self.context.layout.mocks();
        let mut places = self.context.permissions()?.places(&self.path()).map_err(place_error)?;
        places.retain(|place| match DatasitePath::parse(&place.folder) {
            Ok(folder) => !folder.is_within(&mocks),
            Err(_) => true,
        });
        let mut removed = BTreeSet::new();
        let files = self.context.edit(places, |file, path| {
            removed.extend(file.revoke(path, level, user)?);
            Ok(())
        })?;
        Ok(PermEdit { files, removed })
    }

    /// Whether a user may do that with this path; a folder is asked as what
    /// lies in it.
    ///
    /// # Errors
    /// The disk.
    pub fn has_access(&self, level: Level, user: &str) -> Result<bool> {
        Ok(self.context.permissions()?.allows(user, &self.asked(), level))
    }

    /// Why a user may or may not do something with this path.
    ///
    /// # Errors
    /// The disk.
    pub fn explain(&self, user: &str) -> Result<Explanation> {
        Ok(self.context.permissions()?.explain(user, &self.asked()))
    }

    /// The datasite itself is asked as a file in it.
    fn asked(&self) -> String {
        let path = self.path();
        if path.is_empty() { "__any__".to_owned() } else { path }
    }

    fn check_path(&self, level: Level) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let layout = self.context.layout;
        self.check_mock(level)?;
        let reason = if path.is_within(&layout.private()) {
            "what is private never travels: no permission lets anybody have it"
        } else if !layout.travels(path) {
            "it never travels, so no permission lets anybody have it"
        } else if path.is_permission_file() && level < Level::Admin {
            "a permission file is for admins alone: grant admin, or name its folder"
        } else {
            return Ok(());
        };
        Err(Error::Refused(format!("{path}: {reason}")))
    }

    fn check_mock(&self, level: Level) -> Result<()> {
        let mocks = self.context.layout.mocks();
        let Some(path) = self.path.as_ref().filter(|path| path.is_within(&mocks)) else {
            return Ok(());
        };
        let rest = path.strip_prefix(&mocks).and_then(|rest| rest.split('/').next());
        match rest {
            Some(name) if level == Level::Read => Err(Error::SharedAsDataset(name.to_owned())),
            _ => Err(Error::Refused(format!(
                "{path}: a dataset's mock is shared to be read, as a whole and by the dataset's name"
            ))),
        }
    }
}

/// The seeds' names.
impl PermEntry<'_> {
    /// [`grant`](Self::grant) of [`Level::Read`].
    ///
    /// # Errors
    /// As [`grant`](Self::grant).
    pub fn grant_read_access(&self, user: &str) -> Result<PermEdit> {
        self.grant(Level::Read, user)
    }

    /// [`grant`](Self::grant) of [`Level::Write`].
    ///
    /// # Errors
    /// As [`grant`](Self::grant).
    pub fn grant_write_access(&self, user: &str) -> Result<PermEdit> {
        self.grant(Level::Write, user)
    }

    /// [`grant`](Self::grant) of [`Level::Admin`].
    ///
    /// # Errors
    /// As [`grant`](Self::grant).
    pub fn grant_admin_access(&self, user: &str) -> Result<PermEdit> {
        self.grant(Level::Admin, user)
    }

    /// [`revoke`](Self::revoke) of [`Level::Read`], and with it of all else.
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub fn revoke_read_access(&self, user: &str) -> Result<PermEdit> {
        self.revoke(Level::Read, user)
    }

    /// [`revoke`](Self::revoke) of [`Level::Write`].
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub fn revoke_write_access(&self, user: &str) -> Result<PermEdit> {
        self.revoke(Level::Write, user)
    }

    /// [`revoke`](Self::revoke) of [`Level::Admin`].
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub fn revoke_admin_access(&self, user: &str) -> Result<PermEdit> {
        self.revoke(Level::Admin, user)
    }

    /// [`has_access`](Self::has_access) for [`Level::Read`].
    ///
    /// # Errors
    /// The disk.
    pub fn has_read_access(&self, user: &str) -> Result<bool> {
        self.has_access(Level::Read, user)
    }

    /// [`has_access`](Self::has_access) for [`Level::Write`].
    ///
    /// # Errors
    /// The disk.
    pub fn has_write_access(&self, user: &str) -> Result<bool> {
        self.has_access(Level::Write, user)
    }

    /// [`has_access`](Self::has_access) for [`Level::Admin`].
    ///
    /// # Errors
    /// The disk.
    pub fn has_admin_access(&self, user: &str) -> Result<bool> {
        self.has_access(Level::Admin, user)
    }
}

/// An entry is an address, everyone, or everyone of a domain: another one could
/// cover nobody, or somebody else than was meant.
fn check_user(user: &str) -> Result<()> {
    if user != "*" {
        let somebody = user.strip_prefix("*@").map(|domain| format!("somebody@{domain}"));
        Email::parse(somebody.as_deref().unwrap_or(user))?;
    }
    Ok(())
}

fn place_error(error: syft_perm::Error) -> Error {
    match error {
        syft_perm::Error::BadFile { folder, reason } if folder.is_empty() => {
            Error::bad_permissions(PERMISSION_FILE, reason)
        }
        syft_perm::Error::BadFile { folder, reason } => {
            Error::bad_permissions(&format!("{folder}/{PERMISSION_FILE}"), reason)
        }
        other => Error::Refused(other.to_string()),
    }
}
