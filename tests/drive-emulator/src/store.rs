//! All items with all that they ever were, so that a list can show what was.

use std::collections::BTreeMap;
use std::sync::Arc;

use syft_loopback::Millis;

use crate::item::{Id, Item};

/// One state of an item; without an item it was deleted.
#[derive(Debug)]
struct Version {
    step: u64,
    item: Option<Arc<Item>>,
}

/// That something became of an item, in the order in which it happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) step: u64,
    /// The last step before the call that did it.
    pub(crate) before: u64,
    pub(crate) at: Millis,
    pub(crate) id: Id,
}

/// Items, their past, and the steps that led here.
#[derive(Debug, Default)]
pub(crate) struct Store {
    items: BTreeMap<Id, Vec<Version>>,
    events: Vec<Event>,
    begun: u64,
}

impl Store {
    /// What happens from now on happens in one call.
    pub(crate) fn begin(&mut self) {
        self.begun = self.step();
    }

    pub(crate) fn now(&self) -> View<'_> {
        View { store: self, until: u64::MAX }
    }

    /// Everything as it was after this step.
    pub(crate) fn after(&self, step: u64) -> View<'_> {
        View { store: self, until: step }
    }

    /// The number of the last step.
    pub(crate) fn step(&self) -> u64 {
        self.events.last().map_or(0, |event| event.step)
    }

    /// The last step at or before a time.
    pub(crate) fn step_at(&self, time: Millis) -> u64 {
        self.events.iter().rev().find(|event| event.at <= time).map_or(0, |event| event.step)
    }

    /// What happened after one step and up to another.
    pub(crate) fn events(&self, after: u64, until: u64) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.step > after && event.step <= until)
    }

    pub(crate) fn put(&mut self, item: Item, at: Millis) {
        let id = item.id.clone();
        self.change(id, Some(Arc::new(item)), at);
    }

    pub(crate) fn remove(&mut self, id: &str, at: Millis) {
        self.change(id.to_owned(), None, at);
    }

    /// Notes that something above an item changed what one sees of it.
    pub(crate) fn touch(&mut self, id: &str, at: Millis) {
        let step = self.step() + 1;
        self.events.push(Event { step, before: self.begun, at, id: id.to_owned() });
    }

    fn change(&mut self, id: Id, item: Option<Arc<Item>>, at: Millis) {
        self.touch(&id, at);
        let step = self.step();
        self.items.entry(id).or_default().push(Version { step, item });
    }

    /// Whether this id was ever given to an item.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.items.contains_key(id)
    }
}

/// The items at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    store: &'a Store,
    until: u64,
}

impl<'a> View<'a> {
    pub(crate) fn get(&self, id: &str) -> Option<&'a Arc<Item>> {
        self.pick(self.store.items.get(id)?)
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &'a Arc<Item>> + use<'a> {
        let view = *self;
        view.store.items.values().filter_map(move |versions| view.pick(versions))
    }

    pub(crate) fn children(&self, id: &str) -> Vec<&'a Arc<Item>> {
        self.items().filter(|item| item.parent.as_deref() == Some(id)).collect()
    }

    /// All below a folder, folders before what is in them.
    pub(crate) fn below(&self, id: &str) -> Vec<&'a Arc<Item>> {
        let mut found = self.children(id);
        let mut at = 0;
        while let Some(item) = found.get(at) {
            if item.is_folder() {
                found.extend(self.children(&item.id));
            }
            at += 1;
        }
        found
    }

    fn pick(&self, versions: &'a [Version]) -> Option<&'a Arc<Item>> {
        let version = versions.iter().rev().find(|version| version.step <= self.until)?;
        version.item.as_ref()
    }
}
