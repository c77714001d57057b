//! The store of my datasets, where that is another one than that for all else.

use std::collections::BTreeSet;

use syft_core::Email;
use syft_dataset::Audience;

use super::{Config, SyftboxManager};
use crate::connect::{GOOGLE_DRIVE, NO_STORE, one_form};
use crate::engine::Draft;
use crate::ledger::TrustFact;
use crate::node::Pass;
use crate::peers::{Peer, PeerRecord, PeerState, PeerTable, typed_ways};
use crate::{Error, NodeConfig, Result};

/// The store that a login gives my datasets, prepared if they were elsewhere before; `None`
/// if it is that for all else.
pub(super) fn asked(config: &Config, known: Option<&NodeConfig>) -> Result<Option<String>> {
    let had = known.and_then(|known| known.data.clone());
    let said = config.data.as_deref().map(one_form).or_else(|| had.clone());
    let is_own = |url: &String| url != NO_STORE && *url != one_form(&config.transport_url);
    let Some(url) = said.filter(is_own) else { return Ok(None) };
    if url == GOOGLE_DRIVE {
        // Its login is kept for as long as all else is there.
        let problem = "Google Drive is no store for datasets alone: it keeps all else as well";
        return Err(Error::Config(problem.to_owned()));
    }
    if had.as_ref() != Some(&url) {
        let store = config.stores.create(&url)?;
        let encrypt = config.encrypt.or(known.map(|known| known.encrypt));
        encrypt.unwrap_or_default().with(store.info())?;
    }
    Ok(Some(url))
}

impl SyftboxManager {
    /// The address of the store in which my datasets are; `None` if it is that for all else.
    #[must_use]
    pub fn data_store(&self) -> Option<&str> {
        let at = self.node.routes.datasets_at();
        (!self.node.routes.is_home(at)).then_some(at)
    }

    /// What those type to find my datasets who may have them: no word of mine makes anybody
    /// look into their store. Nothing for whom I reach there as well.
    ///
    /// # Errors
    /// The disk.
    pub fn commands_for_readers(&self, audience: &Audience) -> Result<BTreeSet<String>> {
        let Some(data) = self.data_store() else { return Ok(BTreeSet::new()) };
        let table = PeerTable::load(&*self.node.disk)?;
        let typed = |reader: &Email| self.command_for(table.peers.get(reader), data);
        Ok(match audience {
            Audience::Nobody => BTreeSet::new(),
            Audience::Users(users) => users.iter().filter_map(typed).collect(),
            Audience::Any => {
                let peers = table.in_state(PeerState::Accepted).filter_map(typed);
                // Whoever becomes one is met at home.
                peers.chain(self.command_for(None, data)).collect()
            }
        })
    }

    fn command_for(&self, record: Option<&PeerRecord>, data: &str) -> Option<String> {
        let mut ways = record.map(|record| record.via.clone()).unwrap_or_default();
        if ways.iter().any(|way| way == data) {
            return None;
        }
        if ways.is_empty() {
            ways.push(self.node.routes.home().to_owned());
        }
        ways.push(data.to_owned());
        Some(format!("syft peer add {}{}", self.node.email, typed_ways(&ways)))
    }

    /// Whether a peer is to be reached as it is, and over further stores.
    pub(super) fn are_further(&self, record: &PeerRecord, via: &[String]) -> bool {
        let home = [self.node.routes.home().to_owned()];
        let had = if record.via.is_empty() { home.as_slice() } else { &record.via };
        record.moving.is_none() && via.starts_with(had)
    }

    /// Reaches a peer over further stores from now on.
    pub(super) async fn reach_also(&self, email: &Email, via: Vec<String>) -> Result<Peer> {
        self.prepare(&via)?;
        let mut pass = self.node.pass()?;
        let mut table = PeerTable::load(&*self.node.disk)?;
        if let Some(record) = table.peers.get_mut(email) {
            let details = [("via", serde_json::json!(via))];
            record.via = via;
            table.save(&*self.node.disk)?;
            pass.note_with("peer.reached", email.to_string(), details)?;
        }
        let mut connections = self.look(&mut pass).await?;
        self.settle(&mut pass, &mut connections.table, email).await?;
        self.keep_decision(&mut pass, &connections.table).await?;
        self.find(&connections, email)
    }

    /// Notes that my datasets are due in another store, if they are. Returns the addresses of
    /// those in which they were, and which are to be cleared of them.
    pub(super) fn leave_datasets(
        &self,
        pass: &mut Pass<'_>,
        known: &NodeConfig,
        data: Option<&str>,
        is_first: bool,
    ) -> Result<Vec<String>> {
        let had = known.data.as_deref().filter(|_| !is_first);
        if had == data {
            return Ok(known.data_left.clone());
        }
        let table = PeerTable::load(&*self.node.disk)?;
        let mut left = places(had, &known.transport, &table);
        left.retain(|place| !places(data, self.node.routes.home(), &table).contains(place));
        // Also one to which they come back: not all that lies there may be wanted any more.
        left.extend(known.data_left.iter().cloned());
        // Before the home says so: until then they are put once more where they are.
        let mut draft = Draft::default();
        draft.fact(TrustFact::DatasetsAnew);
        pass.begin(draft)?;
        pass.note("datasets.moving", data.unwrap_or(self.node.routes.home()))?;
        Ok(left.into_iter().collect())
    }
}

/// Where datasets are: in their own store, or in mine and where those are reached who may
/// have them.
fn places(data: Option<&str>, home: &str, table: &PeerTable) -> BTreeSet<String> {
    match data {
        Some(data) => BTreeSet::from([data.to_owned()]),
        None => {
            let ways = table.peers.values().flat_map(|record| record.ways());
            [one_form(home)].into_iter().chain(ways).collect()
        }
    }
}
