//! Accounts, apps, and all that is a token.

use std::collections::{BTreeMap, BTreeSet};

use syft_loopback::Millis;

/// What an app may do that nothing more is said of.
pub(crate) const SCOPES: &str =
    "account_info.read files.content.read files.content.write files.metadata.read";

/// How long an access token lives if nothing else is said: four hours.
const LIFE: Millis = 14_400_000;

/// Somebody with a Dropbox.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) email: String,
    /// `dbid:…`.
    pub(crate) id: String,
    /// A number.
    pub(crate) uid: String,
    /// Which tree is the account's root.
    pub(crate) tree: usize,
}

/// For whom and through which app a token stands.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) email: String,
    pub(crate) app: String,
}

#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) caller: Caller,
    pub(crate) expires: Millis,
}

/// A code on its way from the consent to the token.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) caller: Caller,
    pub(crate) redirect: Option<String>,
    /// The method and the challenge.
    pub(crate) challenge: Option<(String, String)>,
    /// Whether a refresh token was asked for.
    pub(crate) offline: bool,
    pub(crate) expires: Millis,
}

/// What the page of consent does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Consent {
    /// Agrees as the only account.
    #[default]
    Agree,
    /// Agrees as this account.
    AgreeAs(String),
    /// Refuses.
    Refuse,
}

#[derive(Debug)]
pub(crate) struct Accounts {
    /// By address in lower case.
    accounts: BTreeMap<String, Account>,
    /// Secrets by app key.
    pub(crate) apps: BTreeMap<String, String>,
    /// Where a browser may be sent back to: the very URIs.
    pub(crate) redirects: BTreeSet<String>,
    pub(crate) bearers: BTreeMap<String, Bearer>,
    /// Each with whether it came by PKCE, and needs no secret.
    pub(crate) refreshers: BTreeMap<String, (Caller, bool)>,
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) consent: Consent,
    pub(crate) token_life: Millis,
}

impl Default for Accounts {
    fn default() -> Self {
        Accounts {
            accounts: BTreeMap::new(),
            apps: BTreeMap::new(),
            redirects: BTreeSet::new(),
            bearers: BTreeMap::new(),
            refreshers: BTreeMap::new(),
            codes: BTreeMap::new(),
            consent: Consent::default(),
            token_life: LIFE,
        }
    }
}

impl Accounts {
    pub(crate) fn add(&mut self, account: Account) {
        self.accounts.insert(account.email.to_lowercase(), account);
    }

    pub(crate) fn get(&self, email: &str) -> Option<&Account> {
        self.accounts.get(&email.to_lowercase())
    }

    pub(crate) fn count(&self) -> usize {
        self.accounts.len()
    }

    /// The account if there is one only.
    pub(crate) fn only(&self) -> Option<&Account> {
        let mut all = self.accounts.values();
        all.next().filter(|_| all.next().is_none())
    }

    /// Who a token stands for, also when it has expired.
    pub(crate) fn bearer(&self, header: &str) -> Option<&Bearer> {
        let (kind, token) = header.split_once(' ')?;
        let token = kind.eq_ignore_ascii_case("bearer").then_some(token.trim())?;
        self.bearers.get(token)
    }

    /// Ends all access tokens of an account at once.
    pub(crate) fn expire(&mut self, email: &str) {
        let own = |bearer: &&mut Bearer| bearer.caller.email.eq_ignore_ascii_case(email);
        self.bearers.values_mut().filter(own).for_each(|bearer| bearer.expires = Millis::MIN);
    }

    /// Takes back what an account allowed an app, or all of them.
    pub(crate) fn withdraw(&mut self, email: &str, app: Option<&str>) {
        let stays = |caller: &Caller| {
            !caller.email.eq_ignore_ascii_case(email) || app.is_some_and(|app| caller.app != app)
        };
        self.bearers.retain(|_, bearer| stays(&bearer.caller));
        self.refreshers.retain(|_, (caller, _)| stays(caller));
    }
}
