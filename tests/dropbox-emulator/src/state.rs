//! Everything that the emulator knows, behind one lock.

use syft_loopback::{Clock, Dice, Millis, Request};

use crate::accounts::{Account, Accounts};
use crate::error::{Error, Result};
use crate::faults::{FaultPlan, Faults};
use crate::files::{Cursors, Jobs, Sessions};
use crate::log::RequestLine;
use crate::tree::Tree;

/// The most that one call may upload: 150 MiB.
const UPLOAD_LIMIT: usize = 150 << 20;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    pub(crate) trees: Vec<Tree>,
    pub(crate) accounts: Accounts,
    pub(crate) cursors: Cursors,
    pub(crate) sessions: Sessions,
    pub(crate) jobs: Jobs,
    pub(crate) faults: Faults,
    pub(crate) requests: Vec<RequestLine>,
    pub(crate) upload_limit: usize,
    revisions: u64,
}

impl State {
    pub(crate) fn new() -> Self {
        State {
            clock: Clock::default(),
            dice: Dice::new(0),
            trees: Vec::new(),
            accounts: Accounts::default(),
            cursors: Cursors::default(),
            sessions: Sessions::default(),
            jobs: Jobs::default(),
            faults: Faults::new(FaultPlan::default()),
            requests: Vec::new(),
            upload_limit: UPLOAD_LIMIT,
            revisions: 0,
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// An account, made unless it is there; its root is this tree, or one of its own.
    pub(crate) fn open_account(&mut self, email: &str, tree: Option<usize>) -> Account {
        if let Some(account) = self.accounts.get(email) {
            return account.clone();
        }
        let tree = tree.unwrap_or_else(|| self.new_tree());
        let id = format!("dbid:{}", self.dice.word(35));
        let uid = (1_000_000 + self.accounts.count()).to_string();
        let account = Account { email: email.to_owned(), id, uid, tree };
        self.accounts.add(account.clone());
        account
    }

    pub(crate) fn new_tree(&mut self) -> usize {
        self.trees.push(Tree::default());
        self.trees.len() - 1
    }

    pub(crate) fn new_id(&mut self) -> String {
        format!("id:{}", self.dice.word(22))
    }

    /// A revision: hexadecimal, and none that was there before.
    pub(crate) fn new_rev(&mut self) -> String {
        self.revisions += 1;
        format!("{:013x}{:09x}", self.dice.between(1 << 48, (1 << 52) - 1), self.revisions)
    }

    /// Whose call it seems to be: for the log, and for faults of one account.
    pub(crate) fn caller_of(&self, request: &Request) -> Option<String> {
        Some(self.accounts.bearer(&token_of(request)?)?.caller.email.clone())
    }

    /// The account of a call, by its token.
    pub(crate) fn authorise(&self, call: &str, request: &Request) -> Result<Account> {
        let Some(header) = token_of(request) else {
            let what = "Must provide HTTP header \"Authorization\" or URL parameter \
                        \"authorization\".";
            return Err(Error::bad(format!("{}{what}", crate::args::in_call(call))));
        };
        let invalid = || Error::token("invalid_access_token");
        let bearer = self.accounts.bearer(&header).ok_or_else(invalid)?;
        if bearer.expires <= self.now() {
            return Err(Error::token("expired_access_token"));
        }
        self.accounts.get(&bearer.caller.email).cloned().ok_or_else(invalid)
    }

    /// What an account sees.
    pub(crate) fn tree(&mut self, account: &Account) -> Result<&mut Tree> {
        let gone = || Error::token("invalid_access_token");
        self.trees.get_mut(account.tree).ok_or_else(gone)
    }
}

fn token_of(request: &Request) -> Option<String> {
    let header = request.header("authorization").map(str::to_owned);
    header.or_else(|| request.params.get("authorization").map(str::to_owned))
}
