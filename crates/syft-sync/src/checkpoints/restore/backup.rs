//! What of a node's own state lies in the store: peers, decisions, and what the
//! log and the outboxes do not tell.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use syft_core::{
    CheckpointName, ContentHash, DatasetName, Email, HomePath, LayoutKind, Timestamp,
    canonical_json, safe_text, shorten, yaml,
};
use syft_job::JobStore;
use syft_transport::{Object, ObjectName, Space, TransportExt};
use uuid::Uuid;

use super::backed_up::BackedUp;
use super::{damaged, unusable};
use crate::channels::patiently;
use crate::checkpoints::is_mine;
use crate::engine::Draft;
use crate::ledger::{Arrived, Fact, Head, Published, State};
use crate::node::Pass;
use crate::peers::{PYTHON_PEERS, PeerRecord, PeerTable};
use crate::{Error, Result, bodies};

const SCHEMA: &str = "syft/state/1";
/// A larger one is not fetched, in bytes.
const LIMIT: u64 = 256 << 20;
/// Longest name of a piece that is missing, in characters.
const LONGEST_NAME: usize = 200;
/// The channels whose messages do not stay in the store.
const INBOXES: &str = "syft-1/inbox/";

/// The state of a node in the store, and the hash of its bytes.
#[derive(Debug)]
pub(super) struct Backup {
    pub(super) body: Body,
    pub(super) hash: ContentHash,
}

#[derive(Debug, Serialize, Deserialize)]
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
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Received {
    pub(super) ids: BTreeSet<Uuid>,
    pub(super) head: Option<Head>,
}

#[derive(Debug, Serialize, Deserialize)]
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

/// Puts peers and decisions into the store, so that another machine of mine can
/// know them; not into a store that others can read. Written under a name of its
/// own, since a store need not be able to replace; the older one goes at the end of a pass
/// once the new one was read back (`threats.md` F13).
///
/// # Errors
/// [`Error::Refused`] for a record that could not be read back for its size, and
/// [`Error::Integrity`] if the store gives back something else: the older one stays
/// then. The store; the disk.
pub(crate) async fn back_up(pass: &mut Pass<'_>, table: &PeerTable, jobs: &JobStore) -> Result<()> {
    if !pass.node.is_guarded() {
        return Ok(());
    }
    let outline = Body::outline(pass, table);
    let seen = BackedUp::now(pass, &outline, jobs)?;
    if seen.is_some() && seen == BackedUp::load(&*pass.node.disk) {
        return Ok(());
    }
    let body = canonical_json(&outline.complete(pass, jobs)?)?;
    let hash = ContentHash::of(&body);
    if pass.ledger.state().backup == Some(hash) {
        return BackedUp::save(&*pass.node.disk, seen);
    }
    check_size(body.len() as u64)?;
    replace(pass, body, hash).await?;
    let mut draft = Draft::default();
    draft.fact(Fact::BackedUp { hash });
    pass.carry_out(draft).await
}

fn check_size(size: u64) -> Result<()> {
    if size <= LIMIT {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "what is recorded of your peers and jobs takes {} MiB, and no machine would read back more \
         than {} MiB: the older record stays in the store, without what changed since",
        size >> 20,
        LIMIT >> 20
    )))
}

/// Every step can be repeated, and is, until all of it is done.
async fn replace(pass: &mut Pass<'_>, body: Vec<u8>, hash: ContentHash) -> Result<()> {
    let transport = pass.node.transport.clone();
    let transport = &*transport;
    let space = space_of(pass);
    let name = name_of(hash)?;
    let size = body.len() as u64;
    let put = async {
        transport.open(&space).await?;
        transport.put_bytes(&space, &name, body).await
    };
    // Not believed, unless the store shows that it has it: it is read back, also where the listing does not show it yet.
    let put = match patiently(&space, size, put).await {
        Ok(object) => Some(object),
        Err(syft_transport::Error::AlreadyExists { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let listed = patiently(&space, 0, transport.list_all(&space)).await?;
    let is_record =
        |object: &Object| object.name.as_str() != PYTHON_PEERS && is_mine(object, &pass.node.email);
    let listed = listed.into_iter().filter(is_record);
    let (new, older): (Vec<Object>, Vec<Object>) = listed.partition(|object| object.name == name);
    let is_checked = transport.info().capabilities.checked_puts;
    let is_there = match put.as_ref().or(new.first()) {
        Some(_) if put.is_some() && is_checked => true,
        Some(object) => bodies::holds(transport, object, hash).await?,
        None => false,
    };
    if is_there {
        pass.superseded(older);
        return Ok(());
    }
    patiently(&space, 0, transport.delete(&new)).await?;
    Err(Error::Integrity(format!(
        "the store does not give {name} back as it was put there: the older record of your peers \
         and jobs stays, and the next sync puts it anew"
    )))
}

fn space_of(pass: &Pass<'_>) -> Space {
    Space::State { owner: pass.node.email.clone() }
}

fn name_of(hash: ContentHash) -> Result<ObjectName> {
    Ok(ObjectName::parse(&format!("state_{}.json", hash.short()))?)
}

/// The records in the store, the newest first, and whether there are others. They
/// are believed only where I have sealed them, or the store keeps others out and states
/// that I put them there: they say who my peers are and what may run.
pub(in crate::checkpoints) async fn listed(pass: &Pass<'_>) -> Result<(Vec<Object>, bool)> {
    let transport = &pass.node.transport;
    let space = space_of(pass);
    let mut objects = patiently(&space, 0, transport.list_all(&space)).await?;
    objects.retain(|object| object.name.as_str() != PYTHON_PEERS);
    let found = objects.len();
    objects.retain(|object| pass.node.is_provably_mine(object));
    let has_others = objects.len() < found;
    objects.sort_by_key(|object| std::cmp::Reverse(object.created));
    Ok((objects, has_others))
}

impl Backup {
    /// What the store has. Two of them are there only if putting the newer one or
    /// taking the older one away was cut short: the newest that is whole counts.
    pub(super) async fn fetch(pass: &Pass<'_>, notes: &mut Vec<String>) -> Result<Option<Backup>> {
        let (objects, has_others) = listed(pass).await?;
        if has_others {
            notes.push(
                "peers and decisions in the store may be anybody's, and were not taken: \
                 approve your peers again"
                    .to_owned(),
            );
        }
        let mut damage = None;
        for object in &objects {
            match Backup::read(pass, object).await {
                Ok(backup) => {
                    let damage = damage.map(|damage: Error| damage.to_string());
                    notes.extend(damage.map(|damage| format!("{damage}; an older one was taken")));
                    return Ok(Some(backup));
                }
                Err(error) if error.is_of_content() => damage = damage.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        damage.map_or(Ok(None), Err)
    }

    async fn read(pass: &Pass<'_>, object: &Object) -> Result<Backup> {
        let me = &pass.node.email;
        let bytes = match bodies::whole(&*pass.node.transport, object, LIMIT).await {
            Ok(bytes) => bytes,
            Err(error) => return Err(unusable(object, error)),
        };
        let body: Body = serde_json::from_slice(&bytes).map_err(|error| damaged(object, error))?;
        if body.schema != SCHEMA || body.email != *me {
            return Err(damaged(object, format!("it is {} of {}", body.schema, body.email)));
        }
        let hash = ContentHash::of(&bytes);
        if object.name != name_of(hash)? {
            return Err(damaged(object, "its bytes are not those that it was named after"));
        }
        Ok(Backup { body, hash })
    }

    pub(super) fn peers(&self) -> &BTreeMap<Email, PeerRecord> {
        &self.body.peers
    }

    /// Whether every checkpoint is there that this state knows of.
    pub(super) fn check_pieces(&self, names: &[&str], full: Option<Timestamp>) -> Result<()> {
        let gone = self.body.checkpoints.iter().find(|name| {
            let at = CheckpointName::parse(name).map(|name| name.timestamp());
            let replaced = at.is_ok_and(|at| full.is_some_and(|full| at < full));
            !replaced && !names.contains(&name.as_str())
        });
        match gone {
            None => Ok(()),
            Some(name) => {
                let shown = shorten(&safe_text(name), LONGEST_NAME);
                Err(Error::Integrity(format!("{shown} is missing")))
            }
        }
    }
}
