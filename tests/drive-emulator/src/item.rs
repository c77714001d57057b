//! A file or folder, and who was given what on it.

use std::collections::BTreeMap;

use bytes::Bytes;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use syft_loopback::Millis;

pub(crate) const FOLDER: &str = "application/vnd.google-apps.folder";

pub(crate) type Id = String;

/// A file or folder.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: Id,
    /// Grows with every item: the order of creation.
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) mime: String,
    /// None: the root of a Drive, or an orphan.
    pub(crate) parent: Option<Id>,
    pub(crate) is_root: bool,
    pub(crate) owner: String,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    pub(crate) modified_by: String,
    pub(crate) version: u64,
    pub(crate) revision: String,
    /// Itself, and not a folder above.
    pub(crate) trashed: bool,
    pub(crate) starred: bool,
    pub(crate) description: Option<String>,
    /// None for a folder.
    pub(crate) content: Option<Content>,
    pub(crate) properties: BTreeMap<String, String>,
    /// By OAuth client and key.
    pub(crate) app_properties: BTreeMap<(String, String), String>,
    /// The owner's is not among them.
    pub(crate) grants: Vec<Grant>,
}

impl Item {
    pub(crate) fn is_folder(&self) -> bool {
        self.mime == FOLDER
    }

    pub(crate) fn is_owned_by(&self, email: &str) -> bool {
        same_email(&self.owner, email)
    }
}

/// The bytes of a file and their digests in hexadecimal.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) bytes: Bytes,
    pub(crate) md5: String,
    pub(crate) sha256: String,
}

impl Content {
    pub(crate) fn new(bytes: Bytes) -> Self {
        let md5 = hex(&Md5::digest(&bytes));
        let sha256 = hex(&Sha256::digest(&bytes));
        Content { bytes, md5, sha256 }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What one may do; each holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Reader,
    Commenter,
    Writer,
    Owner,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Commenter => "commenter",
            Role::Writer => "writer",
            Role::Owner => "owner",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Role::Reader, Role::Commenter, Role::Writer, Role::Owner]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grantee {
    User(String),
    Group(String),
    Domain(String),
    Anyone,
}

impl Grantee {
    /// Whether it is this one by name; `Anyone` is nobody by name.
    pub(crate) fn names(&self, email: &str) -> bool {
        match self {
            Grantee::User(known) | Grantee::Group(known) => same_email(known, email),
            Grantee::Domain(domain) => {
                email.rsplit_once('@').is_some_and(|(_, of)| of.eq_ignore_ascii_case(domain))
            }
            Grantee::Anyone => false,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Grantee::User(_) => "user",
            Grantee::Group(_) => "group",
            Grantee::Domain(_) => "domain",
            Grantee::Anyone => "anyone",
        }
    }

    /// The same for the same grantee on every file, as Drive has it.
    pub(crate) fn permission_id(&self) -> String {
        match self {
            Grantee::User(email) | Grantee::Group(email) => permission_id(email),
            Grantee::Domain(domain) => format!("{}k", permission_id(domain)),
            Grantee::Anyone => "anyoneWithLink".to_owned(),
        }
    }
}

/// A right that was given on an item, and holds for all below it.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) to: Grantee,
    pub(crate) role: Role,
    pub(crate) since: Millis,
}

pub(crate) fn same_email(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Twenty digits that stand for an account.
pub(crate) fn permission_id(email: &str) -> String {
    let digest = Sha256::digest(email.to_ascii_lowercase().as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    format!("{number:020}")
}

#[cfg(test)]
mod tests {
    use super::{Content, Grantee, Role, permission_id};

    #[test]
    fn digests_are_in_hexadecimal() {
        let content = Content::new("abc".into());
        assert_eq!(content.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert!(content.sha256.starts_with("ba7816bf8f01cfea"));
    }

    #[test]
    fn roles_hold_those_below() {
        assert!(Role::Owner > Role::Writer && Role::Writer > Role::Reader);
        assert_eq!(Role::parse("writer"), Some(Role::Writer));
        assert_eq!(Role::parse("king"), None);
    }

    #[test]
    fn accounts_ignore_case() {
        assert_eq!(permission_id("A@B.org"), permission_id("a@b.org"));
        assert!(Grantee::User("A@b.org".to_owned()).names("a@B.org"));
        assert!(Grantee::Domain("b.org".to_owned()).names("x@B.ORG"));
        assert!(!Grantee::Anyone.names("x@b.org"));
    }
}
