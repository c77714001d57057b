//! Accounts, OAuth clients, and all that is a token.

use std::collections::BTreeMap;

use syft_loopback::Millis;

use crate::item::Id;

/// The scope that allows everything in a Drive.
pub(crate) const DRIVE_SCOPE: &str = "https://www.googleapis.com/auth/drive";

/// How long an access token lives if nothing else is said.
const HOUR: Millis = 3_600_000;

/// For whom, through which client, and for what a token stands.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) email: String,
    pub(crate) client: String,
    /// Separated by spaces.
    pub(crate) scope: String,
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
    pub(crate) redirect: String,
    /// The method and the challenge.
    pub(crate) challenge: Option<(String, String)>,
    pub(crate) expires: Millis,
}

/// What the page of consent does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Consent {
    /// Agrees as the account that is hinted at, or else as the only one.
    #[default]
    Agree,
    /// Agrees as this account, whatever is hinted at.
    AgreeAs(String),
    /// Refuses.
    Refuse,
}

#[derive(Debug)]
pub(crate) struct Accounts {
    /// The root folder by address in lower case, with the address as it was given.
    users: BTreeMap<String, (String, Id)>,
    /// Secrets by client id.
    pub(crate) clients: BTreeMap<String, String>,
    pub(crate) bearers: BTreeMap<String, Bearer>,
    pub(crate) refreshers: BTreeMap<String, Caller>,
    pub(crate) codes: BTreeMap<String, Code>,
    /// Accounts that a service account may act as, by its address.
    pub(crate) services: BTreeMap<String, Vec<String>>,
    pub(crate) consent: Consent,
    pub(crate) token_life: Millis,
}

impl Default for Accounts {
    fn default() -> Self {
        Accounts {
            users: BTreeMap::new(),
            clients: BTreeMap::new(),
            bearers: BTreeMap::new(),
            refreshers: BTreeMap::new(),
            codes: BTreeMap::new(),
            services: BTreeMap::new(),
            consent: Consent::default(),
            token_life: HOUR,
        }
    }
}

impl Accounts {
    pub(crate) fn add_user(&mut self, email: &str, root: Id) {
        self.users.insert(email.to_ascii_lowercase(), (email.to_owned(), root));
    }

    pub(crate) fn root_of(&self, email: &str) -> Option<Id> {
        self.users.get(&email.to_ascii_lowercase()).map(|(_, root)| root.clone())
    }

    /// The address as the account spells it.
    pub(crate) fn spelling(&self, email: &str) -> Option<String> {
        self.users.get(&email.to_ascii_lowercase()).map(|(spelled, _)| spelled.clone())
    }

    /// The account if there is one only.
    pub(crate) fn only(&self) -> Option<String> {
        let mut all = self.users.values();
        let first = all.next().map(|(email, _)| email.clone());
        first.filter(|_| all.next().is_none())
    }

    /// Who a token of a request stands for, also when it has expired.
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

    /// Takes back what an account agreed to, for one client or for all.
    pub(crate) fn withdraw(&mut self, email: &str, client: Option<&str>) {
        let stays = |caller: &Caller| {
            !caller.email.eq_ignore_ascii_case(email)
                || client.is_some_and(|client| caller.client != client)
        };
        self.bearers.retain(|_, bearer| stays(&bearer.caller));
        self.refreshers.retain(|_, caller| stays(caller));
    }
}
