//! Everything that the emulator knows, behind one lock.

use std::collections::BTreeMap;

use syft_loopback::{Clock, Dice, Millis, millis};

use crate::accounts::Accounts;
use crate::faults::Faults;
use crate::files::Pages;
use crate::item::{FOLDER, Id, Item};
use crate::log::{Mail, RequestLine};
use crate::store::Store;
use crate::upload::Sessions;

#[derive(Debug)]
pub(crate) struct State {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    pub(crate) store: Store,
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) pages: Pages,
    /// Ids that were handed out, and to whom.
    pub(crate) reserved: BTreeMap<Id, String>,
    /// Tokens of changes before this step are refused.
    pub(crate) oldest_change: u64,
    pub(crate) faults: Faults,
    pub(crate) mails: Vec<Mail>,
    pub(crate) requests: Vec<RequestLine>,
    items: u64,
}

impl State {
    pub(crate) fn new(url: String) -> Self {
        State {
            url,
            clock: Clock::default(),
            dice: Dice::new(0),
            store: Store::default(),
            accounts: Accounts::default(),
            sessions: Sessions::default(),
            pages: Pages::default(),
            reserved: BTreeMap::new(),
            oldest_change: 0,
            faults: Faults::default(),
            mails: Vec::new(),
            requests: Vec::new(),
            items: 0,
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// An id as Drive makes them: 33 letters.
    pub(crate) fn new_id(&mut self) -> Id {
        format!("1{}", self.dice.word(32))
    }

    /// An account, made with an empty Drive unless it is there.
    pub(crate) fn open_account(&mut self, email: &str) {
        if self.accounts.root_of(email).is_some() {
            return;
        }
        let id = format!("0A{}9PVA", self.dice.word(13));
        let mut root = self.new_item(&id, "My Drive", FOLDER, email);
        root.is_root = true;
        let now = self.now();
        self.store.put(root, now);
        self.accounts.add_user(email, id);
    }

    /// An item that lies nowhere yet.
    pub(crate) fn new_item(&mut self, id: &str, name: &str, mime: &str, owner: &str) -> Item {
        self.items += 1;
        let now = self.now();
        Item {
            id: id.to_owned(),
            number: self.items,
            name: name.to_owned(),
            mime: mime.to_owned(),
            parent: None,
            is_root: false,
            owner: owner.to_owned(),
            created: now,
            modified: now,
            modified_by: owner.to_owned(),
            version: 1,
            revision: self.dice.word(28),
            trashed: false,
            starred: false,
            description: None,
            content: None,
            properties: BTreeMap::new(),
            app_properties: BTreeMap::new(),
            grants: Vec::new(),
        }
    }

    /// The id that is meant: `root` is one's own.
    pub(crate) fn resolve(&self, id: &str, email: &str) -> Id {
        let root = (id == "root").then(|| self.accounts.root_of(email)).flatten();
        root.unwrap_or_else(|| id.to_owned())
    }

    /// The step up to which the lists of somebody go.
    pub(crate) fn listed_until(&self, email: &str) -> u64 {
        let now = self.store.step();
        self.faults.lags_of(email).fold(now, |step, lag| {
            let shown = match lag {
                crate::faults::Lag::Time(by) => {
                    self.store.step_at(self.now().saturating_sub(millis(by)))
                }
                crate::faults::Lag::Steps(steps) => now.saturating_sub(steps),
            };
            step.min(shown)
        })
    }

    /// Notes for all below a folder that what one may do with them has changed.
    pub(crate) fn touch_below(&mut self, id: &str) {
        let now = self.now();
        let below: Vec<Id> =
            self.store.now().below(id).into_iter().map(|item| item.id.clone()).collect();
        for id in below {
            self.store.touch(&id, now);
        }
    }
}
