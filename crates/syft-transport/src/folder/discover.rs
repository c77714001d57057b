use rustix::fs::FileType;
use syft_core::{DatasetName, Email};

use super::errors::error;
use super::fs::{Root, file_type, stat};
use super::names::{Name, names};
use crate::grants::file_name;
use crate::{
    CollectionHash, CollectionKind, Discovered, ObjectName, Recipient, Result, Skipped, Space,
    SpaceKind,
};

pub(super) fn discover(root: &Root, me: &Email, kind: SpaceKind) -> Result<Discovered> {
    let mut walk = Walk { root, found: Discovered::default() };
    match kind {
        SpaceKind::Inbox => {
            for sender in walk.people(&["inbox", me.as_str()])? {
                walk.found.spaces.push(Space::Inbox { owner: me.clone(), sender });
            }
        }
        SpaceKind::Outbox => {
            for owner in walk.people(&["outbox"])? {
                if root.folder("discover", &["outbox", owner.as_str(), me.as_str()])?.is_some() {
                    walk.found.spaces.push(Space::Outbox { owner, recipient: me.clone() });
                }
            }
        }
        SpaceKind::Profile => {
            for owner in walk.people(&["profile"])?.into_iter().filter(|owner| owner != me) {
                walk.found.spaces.push(Space::Profile { owner });
            }
        }
        SpaceKind::OwnCollection => walk.collections(me)?,
        SpaceKind::Mine => walk.mine(me)?,
        SpaceKind::Collection => {
            for owner in walk.people(&["collections"])?.into_iter().filter(|owner| owner != me) {
                // What one owner's folder holds hides nobody else's.
                if let Err(error) = walk.collections(&owner) {
                    let shown = format!("collections/{owner}");
                    walk.found.skipped.push(Skipped::new(&shown, error.to_string()));
                }
            }
            let all = std::mem::take(&mut walk.found.spaces);
            for space in all {
                if is_shared(root, &space, me).unwrap_or(false) {
                    walk.found.spaces.push(space);
                }
            }
        }
    }
    walk.found.spaces.sort();
    Ok(walk.found)
}

struct Walk<'a> {
    root: &'a Root,
    found: Discovered,
}

impl Walk<'_> {
    /// The folders in a folder whose names are addresses.
    fn people(&mut self, components: &[&str]) -> Result<Vec<Email>> {
        self.folders(components, |name| Email::parse(name).map_err(|e| e.to_string()))
    }

    fn mine(&mut self, me: &Email) -> Result<()> {
        let owner = || me.clone();
        let own = [
            Space::Log { owner: owner() },
            Space::Checkpoints { owner: owner() },
            Space::Rolling { owner: owner() },
            Space::Archive { owner: owner() },
            Space::State { owner: owner() },
            Space::Profile { owner: owner() },
        ];
        let outboxes = self.people(&["outbox", me.as_str()])?;
        let outboxes =
            outboxes.into_iter().map(|recipient| Space::Outbox { owner: owner(), recipient });
        let inboxes = self.people(&["inbox"])?;
        let inboxes = inboxes.into_iter().map(|owner| Space::Inbox { owner, sender: me.clone() });
        for space in own.into_iter().chain(outboxes).chain(inboxes) {
            if self.root.folder("discover", &space.components())?.is_some() {
                self.found.spaces.push(space);
            }
        }
        self.collections(me)
    }

    fn collections(&mut self, owner: &Email) -> Result<()> {
        for kind in [CollectionKind::Mock, CollectionKind::Private] {
            let above = ["collections", owner.as_str(), kind.as_str()];
            let tags =
                self.folders(&above, |name| DatasetName::parse(name).map_err(|e| e.to_string()))?;
            for tag in tags {
                let [collections, of, kind_name] = above;
                let hashes = self.folders(&[collections, of, kind_name, tag.as_str()], |name| {
                    CollectionHash::parse(name).map_err(|e| e.context().detail.clone())
                })?;
                self.found.spaces.extend(hashes.into_iter().map(|hash| Space::Collection {
                    owner: owner.clone(),
                    kind,
                    tag: tag.clone(),
                    hash,
                }));
            }
        }
        Ok(())
    }

    /// The folders in a folder, by their parsed names; what is no folder or has
    /// another name is passed over and noted.
    fn folders<T>(
        &mut self,
        components: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>> {
        let Some(folder) = self.root.folder("discover", components)? else {
            return Ok(Vec::new());
        };
        let failed = |errno| error("discover", components.join("/"), errno);
        let mut parsed = Vec::new();
        for name in names(&folder).map_err(failed)? {
            let (name, result) = match name {
                Name::Bad(name, why) => (name, Err(why.to_owned())),
                Name::Text(name) => {
                    let Some(stat) = stat(&folder, &name).map_err(failed)? else { continue };
                    let result = match file_type(&stat) {
                        FileType::Directory => parse(&name),
                        _ => Err("it is no folder".to_owned()),
                    };
                    (name, result)
                }
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

fn is_shared(root: &Root, space: &Space, me: &Email) -> Result<bool> {
    let Some(folder) = root.folder("discover", &space.components())? else {
        return Ok(false);
    };
    for recipient in [Recipient::Any, Recipient::from(me)] {
        // An address that is too long for a name cannot have been granted.
        let Ok(name) = ObjectName::parse(&file_name(&recipient)) else { continue };
        let there = stat(&folder, name.as_str());
        let there = there.map_err(|errno| error("discover", space, errno))?;
        if there.is_some_and(|stat| file_type(&stat) == FileType::RegularFile) {
            return Ok(true);
        }
    }
    Ok(false)
}
