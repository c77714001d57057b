use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syft_core::{ContentHash, Email, HomePath, RejectCode, Timestamp};
use syft_transport::{Object, ObjectName, Space};

use super::Fact;

/// What one decision brings about: journalled whole before any of it is done, so
/// that every step can be repeated after a crash. Local effects are done first,
/// remote ones after, in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// What becomes true by it.
    pub(crate) facts: Vec<Fact>,
    /// What happens on this machine.
    pub(crate) local: Vec<LocalEffect>,
    /// What happens in the store.
    pub(crate) remote: Vec<RemoteEffect>,
    /// The plans whose [`RemoteEffect::Append`]s this one puts there for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) appended: Vec<u64>,
}

/// A step on this machine; repeating it is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub(crate) enum LocalEffect {
    /// Writes a file. If something else than `replaces` or the new content
    /// stands there, that is somebody's edit: it is kept beside, as `name.conflict-…`.
    Write {
        /// The file.
        path: HomePath,
        /// The new content, in the journal's blobs.
        blob: ContentHash,
        /// What is known to stand there.
        replaces: Option<ContentHash>,
    },
    /// Removes a file, under the same condition.
    Remove {
        /// The file.
        path: HomePath,
        /// What is known to stand there.
        replaces: Option<ContentHash>,
    },
    /// Moves a file to `name.conflict-…`, if it holds what is named.
    KeepAside {
        /// The file.
        path: HomePath,
        /// What it must hold.
        holds: ContentHash,
    },
    /// Puts a message away with its reason.
    Quarantine {
        /// The message's bytes, in the journal's blobs; `None` if it was never fetched.
        blob: Option<ContentHash>,
        /// Who sent it, by the channel.
        from: Email,
        /// The channel.
        channel: String,
        /// The object's name.
        name: String,
        /// The reason as a word.
        code: RejectCode,
        /// The reason in words.
        detail: String,
        /// When.
        at: Timestamp,
    },
    /// One line in the audit log; recorded once by its key.
    Audit {
        /// The key.
        key: String,
        /// When.
        at: Timestamp,
        /// Who acted.
        actor: String,
        /// What was done, as `message.accepted`.
        action: String,
        /// To what.
        subject: String,
        /// More about it.
        details: BTreeMap<String, Value>,
    },
}

/// A step in the store; its name is fixed here, so repeating it is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub(crate) enum RemoteEffect {
    /// Puts an object.
    Put {
        /// Where.
        space: Space,
        /// Under which name.
        name: ObjectName,
        /// The bytes, in the journal's blobs.
        blob: ContentHash,
        /// An older object of mine in the same space, under another name, whose place it
        /// takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        older: Option<Object>,
    },
    /// Adds events to a channel of mine. Those of several plans become one object, by
    /// another plan.
    Append {
        /// Where.
        space: Space,
        /// A message without a place that holds them, in the journal's blobs.
        blob: ContentHash,
    },
    /// Deletes an object of mine.
    Delete {
        /// The object.
        object: Object,
    },
    /// Removes a consumed message from its inbox.
    Retire {
        /// The message.
        object: Object,
    },
}

impl RemoteEffect {
    /// Whether it brings something into this space.
    pub(crate) fn puts_into(&self, other: &Space) -> bool {
        match self {
            RemoteEffect::Put { space, .. } | RemoteEffect::Append { space, .. } => space == other,
            RemoteEffect::Delete { .. } | RemoteEffect::Retire { .. } => false,
        }
    }

    fn is_append(&self) -> bool {
        matches!(self, RemoteEffect::Append { .. })
    }

    pub(crate) fn is_retirement(&self) -> bool {
        matches!(self, RemoteEffect::Retire { .. })
    }
}

impl Plan {
    /// Whether there is nothing in it.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.local.is_empty() && self.remote.is_empty()
    }

    /// Where its first step in the store happens; `None` if there is none.
    pub(crate) fn channel(&self) -> Option<&Space> {
        self.remote.first().map(|effect| match effect {
            RemoteEffect::Put { space, .. } | RemoteEffect::Append { space, .. } => space,
            RemoteEffect::Delete { object } | RemoteEffect::Retire { object } => &object.space,
        })
    }

    /// Another plan does what this one was to append.
    pub(super) fn drop_appends(&mut self) {
        self.remote.retain(|effect| !effect.is_append());
    }

    /// All is done in the store but what is retired.
    pub(super) fn keep_retirements(&mut self) {
        self.remote.retain(RemoteEffect::is_retirement);
    }

    /// What this plan appends to channels: where, and by which blobs.
    pub(super) fn appends(&self) -> impl Iterator<Item = (&Space, ContentHash)> {
        self.remote.iter().filter_map(|effect| match effect {
            RemoteEffect::Append { space, blob } => Some((space, *blob)),
            _ => None,
        })
    }

    /// The blobs that the plan needs until it is done.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = ContentHash> + '_ {
        let local = self.local.iter().filter_map(|effect| match effect {
            LocalEffect::Write { blob, .. } => Some(*blob),
            LocalEffect::Quarantine { blob, .. } => *blob,
            _ => None,
        });
        let remote = self.remote.iter().filter_map(|effect| match effect {
            RemoteEffect::Put { blob, .. } | RemoteEffect::Append { blob, .. } => Some(*blob),
            RemoteEffect::Delete { .. } | RemoteEffect::Retire { .. } => None,
        });
        local.chain(remote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_put_of_a_journal_of_before_is_read_and_written_as_it_was() {
        let hash = ContentHash::of(b"x");
        let text = format!(
            r#"{{"effect":"put","space":{{"log":{{"owner":"o@example.org"}}}},"name":"n","blob":"{hash}"}}"#
        );
        let mut effect: RemoteEffect = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&effect).unwrap(), text);
        let RemoteEffect::Put { space, name, older, .. } = &mut effect else {
            panic!("{effect:?}")
        };
        *older = Some(Object {
            space: space.clone(),
            name: name.clone(),
            id: "1".to_owned(),
            size: 1,
            version: None,
            owner: None,
            created: None,
        });
        let again = serde_json::from_str(&serde_json::to_string(&effect).unwrap()).unwrap();
        assert_eq!(effect, again);
    }
}
