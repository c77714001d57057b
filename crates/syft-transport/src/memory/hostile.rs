//! What a provider could do behind its users' backs, for tests.

use bytes::Bytes;
use syft_core::Email;

use super::MemoryStore;
use super::state::Stored;
use crate::{Change, Object, Space};

impl MemoryStore {
    /// Places an object under any name, with any stated owner; opens the space
    /// for its writer if need be. Returns the id.
    pub fn plant(
        &self,
        space: &Space,
        name: &str,
        body: impl Into<Bytes>,
        owner: Option<Email>,
    ) -> String {
        let now = self.clock.now();
        let mut state = self.state();
        state.open_as(space.writer(), space);
        state.add(space, name, owner, body.into(), now).id
    }

    /// Opens a space in anybody's name, also one that another would have to open.
    pub fn plant_space(&self, space: &Space, opened_by: &Email) {
        self.state().open_as(opened_by, space);
    }

    /// Everything that lies in the store under a name of ours, in the order of
    /// its listings.
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        self.state().objects.iter().filter_map(|stored| stored.object().ok()).collect()
    }

    /// The bytes of an object, whoever may read it.
    #[must_use]
    pub fn bytes(&self, id: &str) -> Option<Bytes> {
        self.state().objects.iter().find(|s| s.id == id).map(|s| s.body.clone())
    }

    /// Loses an object; whether there was one.
    pub fn lose(&self, id: &str) -> bool {
        let mut state = self.state();
        let Some(at) = state.objects.iter().position(|s| s.id == id) else {
            return false;
        };
        let lost = state.objects.remove(at);
        state.note(&lost.space, Change::Removed { id: lost.id });
        true
    }

    /// Changes the bytes of an object under the same id and version; whether
    /// there was one.
    pub fn tamper(&self, id: &str, body: impl Into<Bytes>) -> bool {
        let mut state = self.state();
        let found = state.objects.iter_mut().find(|s| s.id == id);
        found.map(|stored| stored.body = body.into()).is_some()
    }

    /// Delivers an object, as it was listed once, again: with its name, stated
    /// owner and these bytes, under a new id, which is returned.
    pub fn replay(&self, object: &Object, body: impl Into<Bytes>) -> String {
        self.plant(&object.space, object.name.as_str(), body, object.owner.clone())
    }

    /// Lists from now on in this order of ids; what is not named comes after.
    pub fn reorder(&self, ids: &[&str]) {
        let rank = |s: &Stored| ids.iter().position(|id| *id == s.id).unwrap_or(ids.len());
        self.state().objects.sort_by_key(rank);
    }
}
