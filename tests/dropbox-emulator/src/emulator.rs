//! The handle of a running emulator.

use std::io;
use std::time::{Duration, SystemTime};

use syft_loopback::{Server, from_system, to_system};

use crate::account::AccountHandle;
use crate::accounts::Consent;
use crate::faults::{FaultPlan, Faults, Rule};
use crate::log::{EntrySnapshot, RequestLine};
use crate::state::State;

/// A Dropbox on 127.0.0.1 that serves until it is dropped, on a thread of its own. All
/// that it hands out is the same in every run that does the same.
#[derive(Debug)]
pub struct DropboxEmulator {
    server: Server<State>,
}

impl DropboxEmulator {
    /// A Dropbox without accounts at a free port.
    ///
    /// # Errors
    /// No port can be had, or no thread.
    pub fn start() -> io::Result<Self> {
        DropboxEmulator::start_at(0)
    }

    /// The same at this port; 0 is any.
    ///
    /// # Errors
    /// The port cannot be had, or no thread.
    pub fn start_at(port: u16) -> io::Result<Self> {
        let server = Server::start("dropbox-emulator", port, |_| State::new())?;
        Ok(DropboxEmulator { server })
    }

    /// What takes the place of `https://api.dropboxapi.com`, of
    /// `https://content.dropboxapi.com` and of `https://www.dropbox.com`, without a
    /// slash: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// An account with a root of its own, made unless it is there, and new tokens.
    #[must_use]
    pub fn add_account(&self, email: &str) -> AccountHandle {
        AccountHandle::new(self.server.shared(), email, None)
    }

    /// Accounts of a team folder: they are new, and see one and the same root.
    #[must_use]
    pub fn shared_by<const N: usize>(&self, emails: [&str; N]) -> [AccountHandle; N] {
        let tree = self.server.state().new_tree();
        emails.map(|email| AccountHandle::new(self.server.shared(), email, Some(tree)))
    }

    /// What the page of consent does from now on.
    pub fn set_consent(&self, consent: Consent) {
        self.server.state().accounts.consent = consent;
    }

    /// Lets the page of consent send a browser back to this very URI.
    pub fn allow_redirect(&self, uri: &str) {
        self.server.state().accounts.redirects.insert(uri.to_owned());
    }

    /// Replaces all that goes wrong. `FaultPlan::default()` is nothing.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.server.state().faults = Faults::new(plan);
    }

    /// Lets one more thing go wrong.
    pub fn add_fault(&self, rule: Rule) {
        self.server.state().faults.add(rule);
    }

    /// The most bytes that one call may bring from now on. At Dropbox it is 150 MiB.
    pub fn set_upload_limit(&self, bytes: usize) {
        self.server.state().upload_limit = bytes;
    }

    /// How often a batch is said to go on before it is done: once, if nothing is said.
    /// With 0 its results come at once.
    pub fn set_batch_checks(&self, checks: u32) {
        self.server.state().jobs.checks = checks;
    }

    /// Refuses all cursors that were handed out so far: 409 `reset`.
    pub fn reset_cursors(&self) {
        self.server.state().cursors.reset();
    }

    /// Loses all upload sessions that were begun and not ended.
    pub fn forget_sessions(&self) {
        self.server.state().sessions.forget();
    }

    /// All calls that arrived since the start or [`DropboxEmulator::forget_requests`].
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

    /// All files and folders that an account sees, in the order of their paths.
    #[must_use]
    pub fn entries_of(&self, email: &str) -> Vec<EntrySnapshot> {
        let state = self.server.state();
        let tree = state.accounts.get(email).and_then(|account| state.trees.get(account.tree));
        tree.map(|tree| tree.all().map(EntrySnapshot::of).collect()).unwrap_or_default()
    }

    /// The time as the emulator sees it.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        to_system(self.server.state().now())
    }

    /// Stops the time at this moment; only [`DropboxEmulator::advance`] moves it then.
    pub fn set_now(&self, now: SystemTime) {
        self.server.state().clock.stop_at(from_system(now));
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        self.server.state().clock.advance(by);
    }

    /// Stops serving. The port is free when this returns.
    pub fn stop(self) {
        drop(self);
    }
}
