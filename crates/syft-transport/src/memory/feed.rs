use async_trait::async_trait;
use syft_core::Email;

use super::MemoryTransport;
use super::state::{Opened, State};
use crate::{Change, ChangePage, Changes, Cursor, Error, Recipient, Result, Sharing, Space};

/// One line of the feed.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub(super) space: Space,
    pub(super) change: Change,
    /// Who is told as well, though no reader of the space any more.
    pub(super) former: Option<Recipient>,
}

impl News {
    fn reaches(&self, state: &State, who: &Email) -> bool {
        let is_former = match &self.former {
            Some(Recipient::Any) => true,
            Some(Recipient::One(former)) => former == who,
            None => false,
        };
        is_former || state.may_read(&self.space, who)
    }
}

#[async_trait]
impl Sharing for MemoryTransport {
    async fn grant(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        let mut state = self.store.state();
        if shared(&mut state, self.me(), space)?.readers.insert(recipient.clone()) {
            state.note(space, Change::Opened(space.clone()));
        }
        Ok(())
    }

    async fn revoke(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        let mut state = self.store.state();
        if shared(&mut state, self.me(), space)?.readers.remove(recipient) {
            state.note_closed(space, recipient.clone());
        }
        Ok(())
    }

    async fn grants(&self, space: &Space) -> Result<Vec<Recipient>> {
        let mut state = self.store.state();
        Ok(shared(&mut state, self.me(), space)?.readers.iter().cloned().collect())
    }
}

fn shared<'a>(state: &'a mut State, me: &Email, space: &Space) -> Result<&'a mut Opened> {
    if !matches!(space, Space::Collection { .. } | Space::Profile { .. }) {
        return Err(Error::unsupported("share", space, "only collections and profiles are shared"));
    }
    if space.owner() != me {
        return Err(Error::denied("share", space, format!("it belongs to {}", space.owner())));
    }
    state.spaces.get_mut(space).ok_or_else(|| Error::not_found("share", space, "nobody opened it"))
}

#[async_trait]
impl Changes for MemoryTransport {
    async fn cursor(&self) -> Result<Cursor> {
        Ok(Cursor(self.store.state().feed.len().to_string()))
    }

    async fn since(&self, cursor: &Cursor) -> Result<ChangePage> {
        let state = self.store.state();
        let start = cursor.0.parse::<usize>().ok();
        let news = start.and_then(|start| state.feed.get(start..)).ok_or_else(|| {
            Error::precondition("read the changes of", &self.info.name, "the cursor is not known")
        })?;
        let told = news.iter().filter(|news| news.reaches(&state, self.me()));
        Ok(ChangePage {
            changes: told.map(|news| news.change.clone()).collect(),
            next: Cursor(state.feed.len().to_string()),
            more: false,
        })
    }
}
