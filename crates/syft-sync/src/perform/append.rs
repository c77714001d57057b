//! What several plans add to one channel becomes one object.

use serde_json::json;
use syft_core::codec::{Limits, decode_events};
use syft_core::{
    Content, ContentHash, Error as CoreError, EventsName, FileChangeEvent, FileChangeEventsMessage,
    RecordChange,
};
use syft_transport::Space;

use super::BLOB_LIMIT;
use crate::engine::Draft;
use crate::node::Pass;
use crate::room::Room;
use crate::{Error, Result};

/// Content in one object, in bytes, unless one plan adds more.
const OBJECT_BYTES: u64 = 32 << 20;
/// Events in one object, unless one plan adds more.
const OBJECT_EVENTS: usize = 2_000;

/// What plans add to one channel, oldest first.
struct Group {
    space: Space,
    plans: Vec<u64>,
    /// Of the newest.
    name: EventsName,
    events: Vec<FileChangeEvent>,
    size: u64,
}

impl Group {
    fn of(plan: u64, space: Space, message: FileChangeEventsMessage) -> Self {
        let (size, FileChangeEventsMessage { events, name, .. }) = (size_of(&message), message);
        Group { space, plans: vec![plan], name, events, size }
    }

    fn has_room_for(&self, space: &Space, message: &FileChangeEventsMessage, most: u64) -> bool {
        self.space == *space
            && self.events.len() + message.events.len() <= OBJECT_EVENTS
            && self.size + size_of(message) <= most
    }

    fn add(&mut self, plan: u64, message: FileChangeEventsMessage) {
        self.size += size_of(&message);
        self.plans.push(plan);
        self.name = message.name;
        self.events.extend(message.events);
    }
}

fn size_of(message: &FileChangeEventsMessage) -> u64 {
    let contents = message.events.iter().filter_map(|event| event.change.content());
    contents.map(Content::wire_len).sum()
}

impl Pass<'_> {
    /// Makes plans that put there what others add to channels. Returns these plans.
    pub(super) fn begin_appends(&mut self) -> Result<Vec<u64>> {
        let most = Room::of(self.node.info_of_mine()).within(OBJECT_BYTES);
        let mut groups: Vec<Group> = Vec::new();
        for (plan, space, blob) in self.ledger.appends() {
            let message = self.appended(blob)?;
            match groups.last_mut().filter(|group| group.has_room_for(&space, &message, most)) {
                Some(group) => group.add(plan, message),
                None => groups.push(Group::of(plan, space, message)),
            }
        }
        let mut begun = Vec::new();
        let record = if groups.is_empty() { None } else { self.record_change()? };
        for group in groups {
            let plans = group.plans.clone();
            let draft = self.draft_of(group, record.clone())?;
            begun.extend(self.begin(draft)?);
            for plan in plans {
                if self.ledger.remote_of(plan).is_empty() {
                    self.ledger.done(plan)?;
                }
            }
        }
        Ok(begun)
    }

    fn appended(&self, blob: ContentHash) -> Result<FileChangeEventsMessage> {
        let bytes = self.ledger.blobs().read(&blob, BLOB_LIMIT)?;
        decode_events(&bytes, &Limits::EVENTS).map_err(|reject| {
            let (what, detail) = ("events of the journal".to_owned(), reject.to_string());
            Error::Core(CoreError::Corrupt { what, detail })
        })
    }

    /// All events of an object have its time: by that a checkpoint holds all of them or none.
    fn draft_of(&self, group: Group, record: Option<RecordChange>) -> Result<Draft> {
        let Group { space, plans, name, mut events, .. } = group;
        events.iter_mut().for_each(|event| event.timestamp = name.timestamp);
        let mut draft = Draft::default();
        draft.plan.appended = plans;
        let (state, scene) = (self.ledger.state(), self.node.scene());
        let paths: Vec<String> = events.iter().map(|event| event.path.to_string()).collect();
        let subject = name.to_string();
        let object = draft.emit_named(state, space, name, events, record)?;
        let details = [("paths", json!(paths)), ("objects", json!([object]))];
        draft.audit("logged", scene.now, scene.me, "events.logged", subject, details);
        Ok(draft)
    }
}
