//! For stores that keep objects under keys, as folders and buckets do: which calls a
//! participant may make, and which spaces there are.
//!
//! A [`Space`] has its key by its [components](Space::components), `syft-1` first; an object
//! lies below it under its name. A key that ends with a slash is of a space in which nothing
//! need lie: with it, one that was opened is discovered.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use syft_core::{DatasetName, Email};

use crate::grants::recipient_of;
use crate::{
    CollectionHash, CollectionKind, Discovered, Recipient, Result, Skipped, Space, SpaceKind,
};

pub use crate::access::{check_delete, check_retire, check_write};

/// The first component of all keys: the version of their layout.
pub const LAYOUT: &str = "syft-1";

/// One name in a folder of keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Child {
    /// There are keys below it, or it was made.
    Folder(String),
    /// An object.
    Object(String),
    /// What is passed over, with its name made readable, and why.
    Bad(String, String),
}

/// What lies under keys, as a tree.
#[async_trait]
pub trait Folders: Sync {
    /// What lies directly in a folder, in any order; nothing in one that is not there. The
    /// folder is given by the components of its key.
    ///
    /// # Errors
    /// What the store answers.
    async fn children(&self, folder: &[&str]) -> Result<Vec<Child>>;

    /// Whether a folder is there.
    ///
    /// # Errors
    /// What the store answers.
    async fn has_folder(&self, folder: &[&str]) -> Result<bool> {
        let Some((name, above)) = folder.split_last() else { return Ok(true) };
        let children = self.children(above).await?;
        Ok(children.iter().any(|child| matches!(child, Child::Folder(there) if there == name)))
    }
}

/// All keys of a store, or of a part of it, as a tree: for stores that tell them at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyTree {
    folders: BTreeMap<String, BTreeSet<Child>>,
}

impl KeyTree {
    /// A tree of keys as `syft-1/log/alice@example.org/name`; one that ends with a slash is
    /// of a folder.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut tree = KeyTree::default();
        for key in keys {
            let key = key.as_ref();
            let (mut above, mut rest) = (String::new(), key);
            while let Some((folder, below)) = rest.split_once('/') {
                let child = Child::Folder(folder.to_owned());
                tree.folders.entry(above.clone()).or_default().insert(child);
                above =
                    if above.is_empty() { folder.to_owned() } else { format!("{above}/{folder}") };
                rest = below;
            }
            if !rest.is_empty() {
                tree.folders.entry(above).or_default().insert(Child::Object(rest.to_owned()));
            }
        }
        tree
    }
}

#[async_trait]
impl Folders for KeyTree {
    async fn children(&self, folder: &[&str]) -> Result<Vec<Child>> {
        let children = self.folders.get(&folder.join("/"));
        Ok(children.into_iter().flatten().cloned().collect())
    }
}

/// The spaces of a kind that are there for `me`; see
/// [`Transport::discover`](crate::Transport::discover). What is shared is told by
/// [`grants`](crate::grants).
///
/// # Errors
/// What the store answers.
pub async fn discover(folders: &dyn Folders, me: &Email, kind: SpaceKind) -> Result<Discovered> {
    let mut walk = Walk { folders, found: Discovered::default() };
    match kind {
        SpaceKind::Inbox => {
            for sender in walk.people(&["inbox", me.as_str()]).await? {
                walk.found.spaces.push(Space::Inbox { owner: me.clone(), sender });
            }
        }
        SpaceKind::Outbox => {
            for owner in walk.people(&["outbox"]).await? {
                let space = Space::Outbox { owner, recipient: me.clone() };
                walk.push_if_there(space).await?;
            }
        }
        SpaceKind::Profile => {
            for owner in walk.people(&["profile"]).await?.into_iter().filter(|owner| owner != me) {
                walk.found.spaces.push(Space::Profile { owner });
            }
        }
        SpaceKind::OwnCollection => {
            let own = walk.collections(me).await?;
            walk.found.spaces.extend(own);
        }
        SpaceKind::Mine => walk.mine(me).await?,
        SpaceKind::Collection => walk.shared_with(me).await?,
    }
    walk.found.spaces.sort();
    Ok(walk.found)
}

struct Walk<'a> {
    folders: &'a dyn Folders,
    found: Discovered,
}

impl Walk<'_> {
    async fn push_if_there(&mut self, space: Space) -> Result<()> {
        if self.folders.has_folder(&space.components()).await? {
            self.found.spaces.push(space);
        }
        Ok(())
    }

    async fn mine(&mut self, me: &Email) -> Result<()> {
        let owner = || me.clone();
        let own = [
            Space::Log { owner: owner() },
            Space::Checkpoints { owner: owner() },
            Space::Rolling { owner: owner() },
            Space::Archive { owner: owner() },
            Space::State { owner: owner() },
            Space::Profile { owner: owner() },
        ];
        for space in own {
            self.push_if_there(space).await?;
        }
        for recipient in self.people(&["outbox", me.as_str()]).await? {
            self.found.spaces.push(Space::Outbox { owner: owner(), recipient });
        }
        for owner in self.people(&["inbox"]).await? {
            self.push_if_there(Space::Inbox { owner, sender: me.clone() }).await?;
        }
        let collections = self.collections(me).await?;
        self.found.spaces.extend(collections);
        Ok(())
    }

    /// Collections of others that are granted to me, or to anybody.
    async fn shared_with(&mut self, me: &Email) -> Result<()> {
        for owner in self.people(&["collections"]).await?.into_iter().filter(|owner| owner != me) {
            // What one owner's folder holds hides nobody else's.
            match self.collections(&owner).await {
                Ok(spaces) => {
                    for space in spaces {
                        if self.is_shared(&space, me).await.unwrap_or(false) {
                            self.found.spaces.push(space);
                        }
                    }
                }
                Err(error) => {
                    let shown = format!("collections/{owner}");
                    self.found.skipped.push(Skipped::new(&shown, error.to_string()));
                }
            }
        }
        Ok(())
    }

    async fn is_shared(&self, space: &Space, me: &Email) -> Result<bool> {
        let children = self.folders.children(&space.components()).await?;
        Ok(children.iter().any(|child| match child {
            Child::Object(name) => match recipient_of(name) {
                Some(Recipient::Any) => true,
                Some(Recipient::One(one)) => one == *me,
                None => false,
            },
            _ => false,
        }))
    }

    async fn collections(&mut self, owner: &Email) -> Result<Vec<Space>> {
        let mut spaces = Vec::new();
        for kind in [CollectionKind::Mock, CollectionKind::Private] {
            let above = ["collections", owner.as_str(), kind.as_str()];
            let tag = |name: &str| DatasetName::parse(name).map_err(|error| error.to_string());
            for tag in self.parsed(&above, tag).await? {
                let [collections, of, kind_name] = above;
                let of_tag = [collections, of, kind_name, tag.as_str()];
                let hash = |name: &str| {
                    CollectionHash::parse(name).map_err(|error| error.context().detail.clone())
                };
                for hash in self.parsed(&of_tag, hash).await? {
                    let (owner, tag) = (owner.clone(), tag.clone());
                    spaces.push(Space::Collection { owner, kind, tag, hash });
                }
            }
        }
        Ok(spaces)
    }

    /// The folders in a folder whose names are addresses.
    async fn people(&mut self, components: &[&str]) -> Result<Vec<Email>> {
        self.parsed(components, |name| Email::parse(name).map_err(|error| error.to_string())).await
    }

    /// The folders in a folder, by their parsed names; what is no folder or has another name
    /// is passed over and noted.
    async fn parsed<T>(
        &mut self,
        components: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>> {
        let folder: Vec<&str> = std::iter::once(LAYOUT).chain(components.iter().copied()).collect();
        let mut parsed = Vec::new();
        for child in self.folders.children(&folder).await? {
            let (name, result) = match child {
                Child::Folder(name) => {
                    let result = parse(&name);
                    (name, result)
                }
                Child::Object(name) => (name, Err("it is no folder".to_owned())),
                Child::Bad(name, why) => (name, Err(why)),
            };
            match result {
                Ok(value) => parsed.push(value),
                Err(reason) => {
                    let shown = format!("{}/{name}", components.join("/"));
                    self.found.skipped.push(Skipped::new(&shown, reason));
                }
            }
        }
        Ok(parsed)
    }
}
