//! The record of an owner: what of a node's own state lies in the store, since the log and
//! the outboxes do not tell it. Peers, decisions, and where channels stand whose messages
//! leave the store.
//!
//! It is put as a whole, and then what changed in it goes along with each object of the
//! event log, until that is much (`change`): a step that logs something costs no call more.

mod as_keys;
mod backed_up;
mod change;
mod put;
mod stored;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syft_core::{ContentHash, DatasetName, Email, HomePath, LayoutKind, canonical_json, yaml};
use syft_job::JobStore;
use syft_transport::{ObjectName, Space};
use uuid::Uuid;

pub(crate) use self::put::back_up;
pub(super) use self::stored::{Backup, listed, lost};

use super::log_of;
use crate::ledger::{Arrived, Head, Published, State};
use crate::node::Pass;
use crate::peers::{PeerRecord, PeerTable};
use crate::{Error, Result};

const SCHEMA: &str = "syft/state/1";
/// A larger one is not fetched, in bytes.
const LIMIT: u64 = 256 << 20;
/// The channels whose messages do not stay in the store.
const INBOXES: &str = "syft-1/inbox/";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Body {
    schema: String,
    email: Email,
    /// Where all that it speaks of lies.
    #[serde(default)]
    pub(super) layout: LayoutKind,
    /// The fingerprint of the key by which the peers know this datasite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<ContentHash>,
    pub(super) peers: BTreeMap<Email, PeerRecord>,
    /// Records of jobs, decisions and runs, by where they stand in the home.
    #[serde(default)]
    pub(super) jobs: BTreeMap<String, String>,
    /// My datasets in the store.
    #[serde(default)]
    pub(super) datasets: BTreeMap<DatasetName, DatasetBackup>,
    /// Where my messages to others stand.
    #[serde(default)]
    pub(super) emitted: BTreeMap<String, Head>,
    /// The messages of others that were dealt with.
    #[serde(default)]
    pub(super) arrived: BTreeMap<String, Received>,
    /// The checkpoints that there must be, unless a newer full one is there.
    #[serde(default)]
    checkpoints: Vec<String>,
    /// The number of the newest object of the event log when it was put: what that and
    /// older ones say of a record is older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<u64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Received {
    #[serde(with = "as_keys")]
    pub(super) ids: BTreeSet<Uuid>,
    pub(super) head: Option<Head>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DatasetBackup {
    pub(super) published: Published,
    /// The permission file of the mock: who may have it.
    pub(super) permissions: Option<String>,
}

impl Body {
    /// All of it that is known without a look at the disk.
    fn outline(pass: &Pass<'_>, table: &PeerTable) -> Body {
        let state: &State = pass.ledger.state();
        let is_inbox = |channel: &String| channel.starts_with(INBOXES);
        let emitted = state.emitted.iter().filter(|(channel, _)| is_inbox(channel));
        let arrived = state.arrived.iter().filter(|(channel, _)| is_inbox(channel));
        let received =
            |arrived: &Arrived| Received { ids: arrived.ids.clone(), head: arrived.head };
        let pieces = state.saved.full.iter().chain(&state.saved.incrementals);
        let dataset = |published: &Published| DatasetBackup {
            published: published.clone(),
            permissions: None,
        };
        let datasets = state.published.iter();
        Body {
            schema: SCHEMA.to_owned(),
            email: pass.node.email.clone(),
            layout: pass.node.layouts.own().kind(),
            key: pass.node.keys.as_ref().map(|keys| keys.bundle().fingerprint()),
            peers: table.peers.clone(),
            jobs: BTreeMap::new(),
            datasets: datasets.map(|(name, is)| (name.clone(), dataset(is))).collect(),
            emitted: emitted.map(|(channel, head)| (channel.clone(), *head)).collect(),
            arrived: arrived.map(|(name, arrived)| (name.clone(), received(arrived))).collect(),
            checkpoints: pieces.map(|piece| piece.name.clone()).collect(),
            log: None,
        }
    }

    /// The same with what stands on the disk.
    fn complete(mut self, pass: &Pass<'_>, jobs: &JobStore) -> Result<Body> {
        self.jobs = jobs.records()?;
        for (name, dataset) in &mut self.datasets {
            dataset.permissions = permissions_of(pass, name)?;
        }
        Ok(self)
    }

    /// All of it as it is now.
    fn now(pass: &Pass<'_>, table: &PeerTable, jobs: &JobStore) -> Result<Body> {
        Body::outline(pass, table).complete(pass, jobs)
    }

    /// What is recorded, without when it was put, and its hash.
    fn content(&self) -> Result<(Value, ContentHash)> {
        let content = serde_json::to_value(Body { log: None, ..self.clone() });
        let content = content.map_err(unwritable)?;
        let hash = ContentHash::of(&canonical_json(&content)?);
        Ok((content, hash))
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    let (what, detail) = ("the record of peers and jobs", error.to_string());
    Error::Core(syft_core::Error::Encode { what, detail })
}

/// Where the permission file of a mock of mine stands.
pub(super) fn permission_file(pass: &Pass<'_>, name: &DatasetName) -> Result<HomePath> {
    let mock = HomePath::in_datasite(&pass.node.email, &pass.node.layouts.own().mock(name));
    Ok(mock.join("syft.pub.yaml")?)
}

fn permissions_of(pass: &Pass<'_>, name: &DatasetName) -> Result<Option<String>> {
    let path = permission_file(pass, name)?;
    let bytes = pass.node.disk.read_if_there(&path, yaml::MAX_BYTES as u64)?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
}

fn space_of(pass: &Pass<'_>) -> Space {
    Space::State { owner: pass.node.email.clone() }
}

fn name_of(hash: ContentHash) -> Result<ObjectName> {
    Ok(ObjectName::parse(&format!("state_{}.json", hash.short()))?)
}
