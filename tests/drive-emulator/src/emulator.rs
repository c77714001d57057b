//! The handle of a running emulator.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime};

use syft_loopback::{Server, from_system, to_system};

use crate::accounts::Consent;
use crate::faults::{FaultPlan, Faults, Rule};
use crate::item::{Grantee, Item};
use crate::log::{FileSnapshot, Mail, RequestLine};
use crate::oauth::key_file;
use crate::state::State;
use crate::store::View;
use crate::user::UserHandle;

/// The OAuth client of a user who names no other.
const CLIENT: &str = "emulator";

/// A Google Drive on 127.0.0.1 that serves until it is dropped, on a thread of its
/// own. All that it hands out is the same in every run that does the same.
#[derive(Debug)]
pub struct DriveEmulator {
    server: Server<State>,
}

impl DriveEmulator {
    /// An empty Drive at a free port.
    ///
    /// # Errors
    /// No port can be had, or no thread.
    pub fn start() -> io::Result<Self> {
        DriveEmulator::start_at(0)
    }

    /// An empty Drive at this port; 0 is any.
    ///
    /// # Errors
    /// The port cannot be had, or no thread.
    pub fn start_at(port: u16) -> io::Result<Self> {
        let server = Server::start("drive-emulator", port, |url| State::new(url.to_owned()))?;
        Ok(DriveEmulator { server })
    }

    /// The root of everything, without a slash: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// An account, made unless it is there, and new tokens for it.
    #[must_use]
    pub fn add_user(&self, email: &str) -> UserHandle {
        UserHandle::new(self.server.shared(), email, CLIENT)
    }

    /// The key file of a service account, made unless it is there. It may act as
    /// itself and, each with its consent, as these accounts.
    #[must_use]
    pub fn service_account(&self, email: &str, subjects: &[&str]) -> String {
        let mut state = self.server.state();
        state.open_account(email);
        let subjects = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        state.accounts.services.insert(email.to_owned(), subjects);
        format!("{:#}\n", key_file(email, &format!("{}/token", state.url)))
    }

    /// What the page of consent does from now on.
    pub fn set_consent(&self, consent: Consent) {
        self.server.state().accounts.consent = consent;
    }

    /// Replaces all that goes wrong. `FaultPlan::default()` is nothing.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.server.state().faults = Faults::new(plan);
    }

    /// Lets one more thing go wrong.
    pub fn add_fault(&self, rule: Rule) {
        self.server.state().faults.add(rule);
    }

    /// All calls that arrived since the start or [`DriveEmulator::forget_requests`].
    #[must_use]
    pub fn requests(&self) -> Vec<RequestLine> {
        self.server.state().requests.clone()
    }

    /// How many of them were under way at the same time, each on a connection of its own.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.server.shared().most_at_once()
    }

    /// Begins to count calls anew.
    pub fn forget_requests(&self) {
        self.server.state().requests.clear();
        self.server.shared().forget_most_at_once();
    }

    /// All mails that Drive would have sent.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.server.state().mails.clone()
    }

    /// All files and folders in the order of their creation, without the roots.
    #[must_use]
    pub fn files(&self) -> Vec<FileSnapshot> {
        let state = self.server.state();
        let view = state.store.now();
        let mut items: Vec<_> = view.items().filter(|item| !item.is_root).collect();
        items.sort_by_key(|item| item.number);
        items.into_iter().map(|item| snapshot(view, item)).collect()
    }

    /// Those of them that belong to one account.
    #[must_use]
    pub fn files_of(&self, email: &str) -> Vec<FileSnapshot> {
        let own = |file: &FileSnapshot| file.owner.eq_ignore_ascii_case(email);
        self.files().into_iter().filter(own).collect()
    }

    /// The time as the emulator sees it.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        to_system(self.server.state().now())
    }

    /// Stops the time at this moment; only [`DriveEmulator::advance`] moves it then.
    pub fn set_now(&self, now: SystemTime) {
        self.server.state().clock.stop_at(from_system(now));
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        self.server.state().clock.advance(by);
    }

    /// Loses all resumable uploads that were begun and not ended: 404 from now on.
    pub fn forget_uploads(&self) {
        self.server.state().sessions.forget();
    }

    /// Refuses all tokens for `changes.list` that were handed out so far.
    pub fn refuse_change_tokens(&self) {
        let mut state = self.server.state();
        // A step that concerns nobody, so that a new token differs from the old ones.
        let now = state.now();
        state.store.touch("", now);
        state.oldest_change = state.store.step();
    }

    /// Stops serving. The port is free when this returns.
    pub fn stop(self) {
        drop(self);
    }
}

fn snapshot(view: View<'_>, item: &Item) -> FileSnapshot {
    let name = |to: &Grantee| match to {
        Grantee::User(name) | Grantee::Group(name) | Grantee::Domain(name) => name.clone(),
        Grantee::Anyone => "anyone".to_owned(),
    };
    let permissions: BTreeMap<String, String> =
        item.grants.iter().map(|grant| (name(&grant.to), grant.role.name().to_owned())).collect();
    FileSnapshot {
        id: item.id.clone(),
        name: item.name.clone(),
        mime: item.mime.clone(),
        parent: item.parent.clone(),
        owner: item.owner.clone(),
        permissions,
        trashed: view.is_trashed(item),
        app_properties: item.app_properties.clone(),
        content: item.content.as_ref().map(|content| content.bytes.to_vec()),
    }
}
