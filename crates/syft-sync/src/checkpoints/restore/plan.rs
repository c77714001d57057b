//! The one plan that makes a home from what was found.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use syft_core::{ContentHash, DatasitePath, Email, HomePath, JobName, NodePaths, Timestamp, yaml};
use syft_job::{JobStore, Revision};
use syft_transport::Space;

use super::datasets::FoundDataset;
use super::history::History;
use super::outboxes::Outbox;
use super::{Restored, damaged};
use crate::Result;
use crate::checkpoints::record::Backup;
use crate::engine::Draft;
use crate::ledger::{Fact, LocalEffect, TrustFact};
use crate::node::Pass;
use crate::peers::{PeerRecord, PeerTable};
use crate::perform::hash_of;

/// All that was found in the store.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) history: History,
    pub(super) backup: Option<Backup>,
    /// Those that a Python client kept.
    pub(super) peers: Option<PeerTable>,
    pub(super) outboxes: BTreeMap<Email, Outbox>,
    pub(super) datasets: Vec<FoundDataset>,
}

/// What of a job's record a snapshot is made from.
#[derive(Deserialize)]
struct JobRecord {
    submitter: Email,
    name: JobName,
    revisions: Vec<Revision>,
}

impl Findings {
    /// Everything in one plan: it is journalled as a whole or not at all.
    pub(super) fn plan(self, pass: &Pass<'_>, notes: Vec<String>) -> Result<(Draft, Restored)> {
        let mut draft = Draft::default();
        let mut restored = Restored { notes, ..Restored::default() };
        self.files(pass, &mut draft, &mut restored)?;
        self.outboxes(pass, &mut draft);
        if let Some(backup) = &self.backup {
            peers(pass, backup.peers(), &mut draft, &mut restored)?;
            self.jobs(pass, backup, &mut draft, &mut restored)?;
            channels(backup, &mut draft);
            draft.fact(Fact::BackedUp { hash: backup.hash, record: Some(backup.record) });
        } else if let Some(table) = &self.peers {
            peers(pass, &table.peers, &mut draft, &mut restored)?;
        } else if !pass.node.is_guarded() {
            restored.notes.push(
                "this store cannot say who wrote what lies in it: look through what was \
                 restored before you approve peers"
                    .to_owned(),
            );
        }
        self.datasets(pass, &mut draft, &mut restored)?;
        draft.fact(Fact::PrivateDue { due: true });
        let scene = pass.node.scene();
        let details = [
            ("files", json!(restored.files)),
            ("peers", json!(restored.peers)),
            ("jobs", json!(restored.jobs)),
            ("datasets", json!(restored.datasets)),
        ];
        let subject = scene.me.to_string();
        draft.audit("restored", scene.now, scene.me, "home.restored", subject, details);
        self.history.superseded.iter().for_each(|object| draft.delete(object));
        Ok((draft, restored))
    }

    fn files(&self, pass: &Pass<'_>, draft: &mut Draft, restored: &mut Restored) -> Result<()> {
        let me = &pass.node.email;
        let History { files, saved, head, .. } = &self.history;
        let sent = self.outboxes.values().filter_map(|outbox| outbox.latest);
        let at = sent.fold(files.until.max(saved.latest()), Timestamp::max);
        draft.fact(Fact::Time { at });
        draft.fact(Fact::Restored { saved: saved.clone() });
        let keys = pass.node.keys.as_ref().filter(|_| pass.node.seals());
        draft.fact(TrustFact::SealedBy { key: keys.map(|keys| keys.bundle().fingerprint()) });
        if let Some(head) = *head {
            let channel = Space::Log { owner: me.clone() }.to_string();
            draft.fact(Fact::Emitted { channel, head });
        }
        for (path, version) in files.there() {
            draft.fact(Fact::FileIs { path: path.clone(), version });
            write(pass, draft, HomePath::in_datasite(me, path), version.hash)?;
            restored.files += 1;
        }
        Ok(())
    }

    fn outboxes(&self, pass: &Pass<'_>, draft: &mut Draft) {
        let owner = &pass.node.email;
        for (reader, outbox) in &self.outboxes {
            for (path, hash) in &outbox.sent {
                let (reader, path) = (reader.clone(), path.clone());
                draft.fact(Fact::Sent { reader, path, hash: Some(*hash) });
            }
            if let Some(head) = outbox.head {
                let space = Space::Outbox { owner: owner.clone(), recipient: reader.clone() };
                draft.fact(Fact::Emitted { channel: space.to_string(), head });
            }
        }
    }

    fn datasets(&self, pass: &Pass<'_>, draft: &mut Draft, restored: &mut Restored) -> Result<()> {
        for dataset in &self.datasets {
            for (path, blob) in &dataset.files {
                write(pass, draft, path.clone(), *blob)?;
            }
            let published = Some(dataset.published.clone());
            draft.fact(Fact::Published { dataset: dataset.name.clone(), published });
            restored.datasets += 1;
        }
        Ok(())
    }

    /// Records of jobs, and the snapshots of their revisions as far as their
    /// bytes are still in the job's folder.
    fn jobs(
        &self,
        pass: &Pass<'_>,
        backup: &Backup,
        draft: &mut Draft,
        restored: &mut Restored,
    ) -> Result<()> {
        let mut snapshots = BTreeSet::new();
        for (name, record) in &backup.body.jobs {
            let Some(path) = JobStore::record_place(name) else {
                return Err(damaged(name, "it is no place of a record"));
            };
            put(pass, draft, path, record.as_bytes())?;
            if let Ok(job) = serde_json::from_str::<JobRecord>(record) {
                restored.jobs += 1;
                self.snapshots(pass, draft, &job, &mut snapshots)?;
            }
        }
        let unreleased = backup.body.jobs.values().filter(|record| has_outputs(record)).count();
        if unreleased > 0 {
            restored.notes.push(format!(
                "what {unreleased} runs produced is on the old machine alone, as far as it was \
                 not released"
            ));
        }
        Ok(())
    }

    fn snapshots(
        &self,
        pass: &Pass<'_>,
        draft: &mut Draft,
        job: &JobRecord,
        made: &mut BTreeSet<ContentHash>,
    ) -> Result<()> {
        let places = pass.node.layouts.own().job_places(&job.submitter, &job.name);
        let here = |path: &str| -> Option<ContentHash> {
            places.iter().find_map(|place| {
                let path = DatasitePath::parse(&format!("{}/{path}", place.submission)).ok()?;
                self.history.files.hash(&path)
            })
        };
        for revision in &job.revisions {
            let whole = revision.files.iter().all(|file| here(&file.path) == Some(file.sha256));
            let (true, Some(config)) = (whole, here("config.yaml")) else { continue };
            // The backup lists no files of a revision that nothing is decided about.
            if revision.files.is_empty() || !made.insert(revision.digest) {
                continue;
            }
            let snapshot = NodePaths::snapshots().join(&revision.digest.to_string())?;
            write(pass, draft, snapshot.join("config.yaml")?, config)?;
            for file in &revision.files {
                write(pass, draft, snapshot.join(&file.path)?, file.sha256)?;
            }
        }
        Ok(())
    }
}

/// Whether a record is the end of a run that left something.
fn has_outputs(record: &str) -> bool {
    let record: Value = serde_json::from_str(record).unwrap_or_default();
    let outputs = record.get("outputs").and_then(Value::as_array);
    outputs.is_some_and(|outputs| !outputs.is_empty())
}

/// The decisions on peers; one that was made here already stays.
fn peers(
    pass: &Pass<'_>,
    found: &BTreeMap<Email, PeerRecord>,
    draft: &mut Draft,
    restored: &mut Restored,
) -> Result<()> {
    let sealed = found.iter().filter(|(_, record)| record.seals);
    for (peer, key) in sealed.filter_map(|(peer, record)| Some((peer, record.key?))) {
        let (peer, key) = (peer.clone(), key.fingerprint);
        draft.fact(TrustFact::SealedTo { peer, key });
    }
    let mut table = PeerTable { peers: found.clone() };
    restored.peers = table.peers.len();
    table.peers.extend(PeerTable::load(&*pass.node.disk)?.peers);
    put(pass, draft, PeerTable::path()?, yaml::to_string(&table)?.as_bytes())
}

/// Where the channels stand whose messages are not in the store any more.
fn channels(backup: &Backup, draft: &mut Draft) {
    for (channel, head) in &backup.body.emitted {
        draft.fact(Fact::Emitted { channel: channel.clone(), head: *head });
    }
    for (channel, received) in &backup.body.arrived {
        for id in &received.ids {
            let (channel, message) = (channel.clone(), Some(*id));
            draft.fact(Fact::Arrived { channel, name: None, message, link: None });
        }
        if let Some(head) = received.head {
            draft.fact(Fact::ChannelAt { channel: channel.clone(), head });
        }
    }
}

fn put(pass: &Pass<'_>, draft: &mut Draft, path: HomePath, bytes: &[u8]) -> Result<()> {
    let blob = pass.ledger.blobs().put(bytes)?;
    write(pass, draft, path, blob)
}

/// Writes a file in place of what stands there: nothing, or what this node made
/// by itself.
fn write(pass: &Pass<'_>, draft: &mut Draft, path: HomePath, blob: ContentHash) -> Result<()> {
    let replaces = hash_of(&*pass.node.disk, &path)?;
    draft.local(LocalEffect::Write { path, blob, replaces });
    Ok(())
}
