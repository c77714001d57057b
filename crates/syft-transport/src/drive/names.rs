//! What folders and files are called in Drive, so that a Python client finds them and
//! its own are found (`protocol.md` a.1).

use std::fmt;

use serde::{Deserialize, Serialize};
use syft_core::{COMPAT_VERSION, DatasetName, Email};

use crate::{CollectionHash, CollectionKind, ObjectName, Space};

/// The folder in which all others of a participant lie.
const ROOT: &str = "SyftBox";
const PAIR: &str = "syft_datasite";
const MOCK: &str = "syft_datasetcollection_";
const PRIVATE: &str = "syft_privatecollection_";
const BUNDLES: &str = "syft_encryption_bundles#";
const STATE: &str = "syft_state#";
const PROFILE: &str = "syft_profile#";
/// The advert of a participant.
pub(super) const VERSION_FILE: &str = "SYFT_version.json";
/// The peers of a participant.
pub(super) const PEERS_FILE: &str = "SYFT_peers.json";
const BUNDLE_FILE: &str = "encryption_bundle_";

/// With one of these begins the name of each folder that others may open for me.
pub(super) const OF_OTHERS: [&str; 3] = [PAIR, "syft_datasetcollection", "syft_encryption_bundles"];

/// A folder in Drive: whose it is, as Drive states it, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Folder {
    pub(super) owner: Email,
    pub(super) purpose: Purpose,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// What all others lie in.
    Root,
    Log,
    Checkpoints,
    Rolling,
    /// Messages to the owner of a datasite or from it, in the Drive of its peer.
    Pair {
        datasite: Email,
        direction: Direction,
        peer: Email,
    },
    /// Consumed messages of one sender.
    Archive {
        sender: Email,
    },
    Collection {
        kind: CollectionKind,
        tag: DatasetName,
        hash: CollectionHash,
    },
    Bundles,
    /// What only nodes of this kind keep.
    State,
    Profile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    /// To the datasite.
    Inbox,
    /// From the datasite.
    Outbox,
}

impl Direction {
    fn as_str(self) -> &'static str {
        match self {
            Direction::Inbox => "inbox",
            Direction::Outbox => "outbox",
        }
    }
}

impl Folder {
    fn new(owner: &Email, purpose: Purpose) -> Self {
        Folder { owner: owner.clone(), purpose }
    }

    pub(super) fn root(owner: &Email) -> Self {
        Folder::new(owner, Purpose::Root)
    }

    /// The messages between a datasite and its peer, in the Drive of `owner`.
    pub(super) fn pair(
        owner: &Email,
        datasite: &Email,
        direction: Direction,
        peer: &Email,
    ) -> Self {
        let (datasite, peer) = (datasite.clone(), peer.clone());
        Folder::new(owner, Purpose::Pair { datasite, direction, peer })
    }

    /// Where consumed messages of a sender go.
    pub(super) fn archive(owner: &Email, sender: &Email) -> Self {
        Folder::new(owner, Purpose::Archive { sender: sender.clone() })
    }

    /// In which folders an object of that name may lie, the first one preferred. Both
    /// boxes of a pair are in the Drive of the peer; an outbox that the datasite has to
    /// open by itself is in its own.
    pub(super) fn all_of(space: &Space, name: Option<&ObjectName>) -> Vec<Folder> {
        let named = |start: &str| name.is_some_and(|name| name.as_str().starts_with(start));
        let one = |owner: &Email, purpose| vec![Folder::new(owner, purpose)];
        match space {
            Space::Inbox { owner, sender } => {
                vec![Folder::pair(sender, owner, Direction::Inbox, sender)]
            }
            Space::Outbox { owner, recipient } => [recipient, owner]
                .map(|of| Folder::pair(of, owner, Direction::Outbox, recipient))
                .into(),
            Space::Log { owner } => one(owner, Purpose::Log),
            Space::Checkpoints { owner } => one(owner, Purpose::Checkpoints),
            Space::Rolling { owner } => one(owner, Purpose::Rolling),
            Space::Archive { owner } => vec![Folder::archive(owner, owner)],
            Space::State { owner } if named(PEERS_FILE) => one(owner, Purpose::Root),
            Space::State { owner } => one(owner, Purpose::State),
            Space::Collection { owner, kind, tag, hash } => {
                let (kind, tag, hash) = (*kind, tag.clone(), hash.clone());
                one(owner, Purpose::Collection { kind, tag, hash })
            }
            Space::Profile { owner } if named(VERSION_FILE) => one(owner, Purpose::Root),
            Space::Profile { owner } if named(BUNDLE_FILE) => one(owner, Purpose::Bundles),
            Space::Profile { owner } => one(owner, Purpose::Profile),
        }
    }

    /// The folders that a space is made of.
    pub(super) fn parts_of(space: &Space) -> Vec<Folder> {
        let mut parts = Folder::all_of(space, None);
        if let Space::Profile { owner } = space {
            parts.push(Folder::new(owner, Purpose::Bundles));
        }
        parts
    }

    /// Whether it is made when something is put into it.
    pub(super) fn is_made_late(&self) -> bool {
        matches!(self.purpose, Purpose::Bundles | Purpose::Profile)
    }

    /// The space that an object in this folder belongs to, if it does to any.
    pub(super) fn space_of(&self, name: &str) -> Option<Space> {
        let owner = self.owner.clone();
        Some(match &self.purpose {
            Purpose::Root if name == VERSION_FILE => Space::Profile { owner },
            Purpose::Root if name == PEERS_FILE => Space::State { owner },
            Purpose::Root => return None,
            Purpose::Bundles | Purpose::Profile => Space::Profile { owner },
            _ => return self.space(),
        })
    }

    /// The space that this folder is; `None` of one that is part of another.
    pub(super) fn space(&self) -> Option<Space> {
        let owner = self.owner.clone();
        Some(match &self.purpose {
            Purpose::Root | Purpose::Bundles => return None,
            Purpose::Log => Space::Log { owner },
            Purpose::Checkpoints => Space::Checkpoints { owner },
            Purpose::Rolling => Space::Rolling { owner },
            Purpose::Archive { .. } => Space::Archive { owner },
            Purpose::State => Space::State { owner },
            Purpose::Profile => Space::Profile { owner },
            Purpose::Pair { datasite, direction: Direction::Inbox, peer } => {
                Space::Inbox { owner: datasite.clone(), sender: peer.clone() }
            }
            Purpose::Pair { datasite, direction: Direction::Outbox, peer } => {
                Space::Outbox { owner: datasite.clone(), recipient: peer.clone() }
            }
            Purpose::Collection { kind, tag, hash } => {
                let (kind, tag, hash) = (*kind, tag.clone(), hash.clone());
                Space::Collection { owner, kind, tag, hash }
            }
        })
    }

    /// The profile that a file of somebody else's is part of, whose folder is not shown.
    pub(super) fn profile_of(owner: &Email, name: &str) -> Option<Space> {
        (name == VERSION_FILE).then(|| Space::Profile { owner: owner.clone() })
    }

    /// Whether it may be in this Drive: a box of a pair is its peer's or, of those to
    /// the peer, the datasite's (`threats.md` S8).
    pub(super) fn is_in_place(&self) -> bool {
        match &self.purpose {
            Purpose::Pair { direction: Direction::Inbox, peer, .. } => *peer == self.owner,
            Purpose::Pair { datasite, peer, .. } => [datasite, peer].contains(&&self.owner),
            _ => true,
        }
    }

    /// What a folder of this name in the Drive of `owner` is for; `None` if it is none
    /// of ours, or of a version that does not understand this one.
    pub(super) fn parse(name: &str, owner: &Email) -> Option<Folder> {
        let purpose = parse_pair(name)
            .or_else(|| parse_collection(name))
            .or_else(|| parse_own(name, owner))?;
        Some(Folder::new(owner, purpose))
    }
}

/// `syft_datasite#{version}#{datasite}#{inbox or outbox}#{peer}`
fn parse_pair(name: &str) -> Option<Purpose> {
    let fields: Vec<&str> = name.split('#').collect();
    let [PAIR, version, datasite, direction, peer] = fields[..] else { return None };
    let direction = match direction {
        "inbox" => Direction::Inbox,
        "outbox" => Direction::Outbox,
        _ => return None,
    };
    let (datasite, peer) = (Email::parse(datasite).ok()?, Email::parse(peer).ok()?);
    is_understood(version).then_some(Purpose::Pair { datasite, direction, peer })
}

/// `syft_datasetcollection_{tag}_{hash}`; a tag may hold `_`.
fn parse_collection(name: &str) -> Option<Purpose> {
    let mock = name.strip_prefix(MOCK).map(|rest| (CollectionKind::Mock, rest));
    let private = || name.strip_prefix(PRIVATE).map(|rest| (CollectionKind::Private, rest));
    let (kind, rest) = mock.or_else(private)?;
    let (tag, hash) = rest.rsplit_once('_')?;
    let (tag, hash) = (DatasetName::parse(tag).ok()?, CollectionHash::parse(hash).ok()?);
    Some(Purpose::Collection { kind, tag, hash })
}

/// What a participant opens for nobody else.
fn parse_own(name: &str, owner: &Email) -> Option<Purpose> {
    if name == ROOT {
        return Some(Purpose::Root);
    }
    let of_owner = |prefix: &str| name.strip_prefix(prefix) == Some(owner.as_str());
    for (prefix, purpose) in
        [(BUNDLES, Purpose::Bundles), (STATE, Purpose::State), (PROFILE, Purpose::Profile)]
    {
        if of_owner(prefix) {
            return Some(purpose);
        }
    }
    if let Some((version, email)) = name.split_once('#')
        && email == owner.as_str()
    {
        return is_understood(version).then_some(Purpose::Log);
    }
    if let Some(rest) = name.strip_prefix("syft_").and_then(|rest| rest.strip_suffix("_archive")) {
        let sender = rest.strip_suffix(owner.as_str())?.strip_suffix("_to_")?;
        return Some(Purpose::Archive { sender: Email::parse(sender).ok()? });
    }
    let rest = name.strip_prefix(owner.as_str())?.strip_prefix('-')?;
    let (version, purpose) = match rest.strip_suffix("-checkpoints") {
        Some(version) => (version, Purpose::Checkpoints),
        None => (rest.strip_suffix("-rolling-state")?, Purpose::Rolling),
    };
    is_understood(version).then_some(purpose)
}

/// Whether a folder of that version is one of ours: the first two numbers count.
fn is_understood(version: &str) -> bool {
    let class = |version: &str| {
        let numbers: Vec<u32> = version
            .split('.')
            .map(|part| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?)
            .collect::<Option<_>>()?;
        <[u32; 3]>::try_from(numbers).ok().map(|[major, minor, _]| (major, minor))
    };
    class(version).is_some_and(|found| Some(found) == class(COMPAT_VERSION))
}

/// The name in Drive.
impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Folder { owner, purpose } = self;
        match purpose {
            Purpose::Root => f.write_str(ROOT),
            Purpose::Log => write!(f, "{COMPAT_VERSION}#{owner}"),
            Purpose::Checkpoints => write!(f, "{owner}-{COMPAT_VERSION}-checkpoints"),
            Purpose::Rolling => write!(f, "{owner}-{COMPAT_VERSION}-rolling-state"),
            Purpose::Pair { datasite, direction, peer } => {
                write!(f, "{PAIR}#{COMPAT_VERSION}#{datasite}#{}#{peer}", direction.as_str())
            }
            Purpose::Archive { sender } => write!(f, "syft_{sender}_to_{owner}_archive"),
            Purpose::Collection { kind, tag, hash } => {
                let prefix = match kind {
                    CollectionKind::Mock => MOCK,
                    CollectionKind::Private => PRIVATE,
                };
                write!(f, "{prefix}{tag}_{hash}")
            }
            Purpose::Bundles => write!(f, "{BUNDLES}{owner}"),
            Purpose::State => write!(f, "{STATE}{owner}"),
            Purpose::Profile => write!(f, "{PROFILE}{owner}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn spaces() -> Vec<Space> {
        let (owner, peer) = (email("o@example.org"), email("p.q+r@example.org"));
        let collection = |kind, tag| Space::Collection {
            owner: email("o@example.org"),
            kind,
            tag: DatasetName::parse(tag).unwrap(),
            hash: CollectionHash::parse("0a1b2c3d4e5f").unwrap(),
        };
        vec![
            Space::Inbox { owner: owner.clone(), sender: peer.clone() },
            Space::Outbox { owner: owner.clone(), recipient: peer },
            Space::Log { owner: owner.clone() },
            Space::Checkpoints { owner: owner.clone() },
            Space::Rolling { owner: owner.clone() },
            Space::Archive { owner: owner.clone() },
            Space::State { owner: owner.clone() },
            Space::Profile { owner },
            collection(CollectionKind::Mock, "my_census 2020"),
            collection(CollectionKind::Private, "x"),
        ]
    }

    #[test]
    fn a_folder_is_known_by_its_name() {
        for space in spaces() {
            for folder in Folder::all_of(&space, None) {
                let name = folder.to_string();
                assert_eq!(Folder::parse(&name, &folder.owner), Some(folder.clone()), "{name}");
                assert_eq!(folder.space(), Some(space.clone()), "{name}");
                assert!(folder.is_in_place(), "{name}");
            }
        }
    }

    #[test]
    fn names_are_those_of_the_python_client() {
        let name = |space: &Space| Folder::all_of(space, None)[0].to_string();
        let names: Vec<String> = spaces().iter().map(name).collect();
        let wanted = [
            "syft_datasite#0.10.0#o@example.org#inbox#p.q+r@example.org",
            "syft_datasite#0.10.0#o@example.org#outbox#p.q+r@example.org",
            "0.10.0#o@example.org",
            "o@example.org-0.10.0-checkpoints",
            "o@example.org-0.10.0-rolling-state",
            "syft_o@example.org_to_o@example.org_archive",
            "syft_state#o@example.org",
            "syft_profile#o@example.org",
            "syft_datasetcollection_my_census 2020_0a1b2c3d4e5f",
            "syft_privatecollection_x_0a1b2c3d4e5f",
        ];
        assert_eq!(names, wanted);
        let advert = ObjectName::parse(VERSION_FILE).unwrap();
        let profile = Space::Profile { owner: email("o@example.org") };
        let [folder] = &Folder::all_of(&profile, Some(&advert))[..] else { panic!() };
        assert_eq!(*folder, Folder::root(&email("o@example.org")));
        assert_eq!(folder.space_of(VERSION_FILE), Some(profile));
    }

    #[test]
    fn a_folder_of_another_version_is_none_of_ours() {
        let owner = email("o@example.org");
        let found = |name: &str| Folder::parse(name, &owner).is_some();
        assert!(found("0.10.3#o@example.org"));
        for name in [
            "0.1.117#o@example.org",
            "0.10#o@example.org",
            "0.10.+1#o@example.org",
            "0.10.0#other@example.org",
            "syft_datasite#0.9.0#o@example.org#inbox#p@example.org",
            "syft_datasite#0.10.0#o@example.org#inbox#p@example.org#x",
            "syft_datasite#0.10.0#o@example.org#box#p@example.org",
            "syft_datasetcollection_census_",
            "syft_datasetcollection_census",
            "o@example.org-0.11.0-checkpoints",
            "syft_p@example.org_to_other@example.org_archive",
            "holidays",
            "",
        ] {
            assert!(!found(name), "{name}");
        }
    }

    #[test]
    fn s8_a_box_in_the_wrong_drive_is_out_of_place() {
        let name = "syft_datasite#0.10.0#o@example.org#inbox#p@example.org";
        let in_place = |owner: &str| Folder::parse(name, &email(owner)).unwrap().is_in_place();
        assert!(in_place("p@example.org"));
        assert!(!in_place("eve@example.org"));
        assert!(!in_place("o@example.org"));
    }
}
