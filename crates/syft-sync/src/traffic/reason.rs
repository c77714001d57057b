//! Why something went: the line of the log that led to it.

use std::collections::BTreeMap;

use serde_json::Value;
use syft_core::{AuditEntry, Email, JobPath, LayoutKind};

use super::table::{Direction, Transfer, texts};

const BACKUP: &str = "my own backup, for me alone";

/// The decisions up to a line of the log: what went after it rests on them.
#[derive(Debug, Default)]
pub(super) struct Decisions<'a> {
    /// About jobs that were sent to me, by submitter and name, oldest first.
    jobs: BTreeMap<&'a str, Vec<&'a AuditEntry>>,
    /// About jobs of mine, by owner and name.
    sent_jobs: BTreeMap<&'a str, &'a AuditEntry>,
    peers: BTreeMap<&'a str, &'a AuditEntry>,
    /// What of a peer was not taken.
    refused: BTreeMap<&'a str, &'a AuditEntry>,
    datasets: BTreeMap<&'a str, &'a AuditEntry>,
    /// Who last changed a file here.
    paths: BTreeMap<&'a str, &'a AuditEntry>,
    /// Who may do what, oldest first.
    rights: Vec<&'a AuditEntry>,
    /// Who I am and how I seal.
    own: Option<&'a AuditEntry>,
}

/// Where an object lies, as far as it says why it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The kind of its space.
    pub(super) space: &'a str,
    /// The dataset that it is of.
    pub(super) dataset: Option<&'a str>,
    /// Whether that is the dataset's private part.
    pub(super) is_private: bool,
}

impl<'a> Decisions<'a> {
    /// Takes the next line.
    pub(super) fn learn(&mut self, entry: &'a AuditEntry) {
        let subject = entry.subject.as_str();
        match entry.action.as_str() {
            "job.submitted" | "job.revised" | "job.withdrawn" => {
                let job = subject.split_once(' ').map_or(subject, |(_, job)| job);
                self.sent_jobs.insert(job, entry);
            }
            action if action.starts_with("job.") && spoken(action).is_some() => {
                if let Some(job) = text(entry, "job") {
                    self.jobs.entry(job).or_default().push(entry);
                }
            }
            "peer.added" | "peer.approved" | "peer.removed" => {
                self.peers.insert(subject, entry);
            }
            "change.refused" | "message.quarantined" => {
                self.refused.insert(&entry.actor, entry);
            }
            "dataset.created" | "dataset.shared" | "dataset.unshared" => {
                self.datasets.insert(subject, entry);
            }
            "files.changed" | "message.accepted" => {
                self.paths.extend(texts(entry.details.get("paths")).map(|path| (path, entry)));
            }
            "permission.granted" | "permission.revoked" | "permission.changed" => {
                self.rights.push(entry);
            }
            "keys.taken" | "layout" | "encrypt" => self.own = Some(entry),
            _ => {}
        }
    }

    /// Why this went, in words, and the lines that say so, the weightiest first.
    pub(super) fn reason(&self, transfer: &Transfer, place: Place<'_>) -> (String, Option<u64>) {
        if transfer.direction == Direction::In {
            return (incoming(transfer), None);
        }
        let is_backup = ["log", "checkpoints", "rolling", "archive", "state"];
        if is_backup.contains(&place.space) || place.is_private {
            return (BACKUP.to_owned(), None);
        }
        let causes = self.causes(transfer, place);
        let said: Vec<String> = causes.iter().filter_map(|cause| words(cause)).collect();
        match causes.first() {
            Some(first) if !said.is_empty() => (said.join("; "), Some(first.seq)),
            _ => (otherwise(transfer, place), None),
        }
    }

    fn causes(&self, transfer: &Transfer, place: Place<'_>) -> Vec<&'a AuditEntry> {
        let peer = transfer.peer.as_ref();
        let of_peer = |peer: &Email| self.peers.get(peer.as_str()).copied();
        let mut causes: Vec<&AuditEntry> = match (transfer.kind.as_str(), peer) {
            ("hello", Some(peer)) => latest(of_peer(peer).into_iter().chain(self.own)),
            ("refusal", Some(peer)) => {
                self.refused.get(peer.as_str()).copied().into_iter().collect()
            }
            ("proposal", Some(peer)) => {
                let files = transfer.files.iter();
                files.filter_map(|file| self.cause_of_proposal(peer, file)).collect()
            }
            ("events", Some(peer)) => {
                transfer.files.iter().filter_map(|file| self.cause_of_file(peer, file)).collect()
            }
            _ => {
                let dataset = place.dataset.and_then(|name| self.datasets.get(name)).copied();
                let granted = transfer.readers.iter().filter_map(of_peer);
                latest(dataset.into_iter().chain(granted.filter(|_| place.dataset.is_some())))
            }
        };
        causes.sort_by_key(|cause| (weight(cause), std::cmp::Reverse(cause.seq)));
        causes.dedup_by_key(|cause| cause.seq);
        causes
    }

    fn cause_of_proposal(&self, owner: &Email, file: &str) -> Option<&'a AuditEntry> {
        let JobPath { name, .. } = job_of(file)?;
        self.sent_jobs.get(format!("{owner}/{name}").as_str()).copied()
    }

    /// Why a file of mine, or that it is gone, is told to a reader.
    fn cause_of_file(&self, reader: &Email, file: &str) -> Option<&'a AuditEntry> {
        if let Some(job) = job_of(file).filter(|job| !job.is_submitters()) {
            let title = format!("{}/{}", job.submitter, job.name);
            let lines = self.jobs.get(title.as_str()).map(Vec::as_slice).unwrap_or_default();
            let released = lines.iter().rev().find(|line| releases(line, &job.rest));
            if let Some(cause) = released.or(lines.last()) {
                return Some(cause);
            }
        }
        let changed = self.paths.get(file).copied();
        let peer = self.peers.get(reader.as_str()).copied();
        let rights = self.rights.iter().rev().find(|line| covers(line, reader, file)).copied();
        latest(changed.into_iter().chain(peer).chain(rights)).pop()
    }
}

/// The job that a place has to do with. The log does not say which layout its datasite had.
fn job_of(file: &str) -> Option<JobPath> {
    [LayoutKind::Native, LayoutKind::Pysyft].iter().find_map(|kind| kind.layout().parse_job(file))
}

fn latest<'a>(lines: impl Iterator<Item = &'a AuditEntry>) -> Vec<&'a AuditEntry> {
    lines.max_by_key(|line| line.seq).into_iter().collect()
}

fn text<'a>(entry: &'a AuditEntry, name: &str) -> Option<&'a str> {
    entry.details.get(name).and_then(Value::as_str)
}

/// Whether a line lets go this file of a job: an output by its path, which follows its
/// hash, or a log.
fn releases(line: &AuditEntry, rest: &str) -> bool {
    if line.action != "job.released" {
        return false;
    }
    let mut outputs = texts(line.details.get("outputs"));
    let is_named = outputs.any(|output| {
        let path = output.split_once(' ').map_or(output, |(_, path)| path);
        rest.strip_suffix(path).is_some_and(|folder| folder.ends_with('/'))
    });
    let is_log = ["stdout.txt", "stderr.txt"].iter().any(|log| rest.ends_with(log));
    is_named || is_log && line.details.get("logs").and_then(Value::as_bool) == Some(true)
}

/// Whether a line about rights has to do with what a reader sees of a file.
fn covers(line: &AuditEntry, reader: &Email, file: &str) -> bool {
    let user = text(line, "user").unwrap_or("*");
    let is_theirs = user == reader.as_str()
        || user.strip_prefix('*').is_some_and(|end| reader.as_str().ends_with(end));
    let path = text(line, "path").unwrap_or_default();
    is_theirs && (path.is_empty() || path == file || path.ends_with('/') && file.starts_with(path))
}

/// What weighs most stands first: results that were let go.
fn weight(cause: &AuditEntry) -> u8 {
    match cause.action.as_str() {
        "job.released" => 0,
        action if action.starts_with("job.") => 1,
        "files.changed" | "message.accepted" => 3,
        _ => 2,
    }
}

/// What somebody did, for the lines on which something can rest.
fn spoken(action: &str) -> Option<&'static str> {
    Some(match action {
        "job.received" => "took in job",
        "job.cancelled" => "saw job withdrawn:",
        "job.approved" => "approved job",
        "job.rejected" => "rejected job",
        "job.run.started" | "job.run.finished" => "ran job",
        "job.run.interrupted" => "began job",
        "job.run.refused" => "did not run job",
        "job.released" => "released results of job",
        "job.returned" => "returned job",
        "job.submitted" => "submitted job",
        "job.revised" => "changed job",
        "job.withdrawn" => "withdrew job",
        "peer.added" => "asked to be a peer of",
        "peer.approved" => "approved peer",
        "peer.removed" => "removed peer",
        "change.refused" => "refused the change of",
        "message.quarantined" => "put away the message",
        "dataset.created" => "made dataset",
        "dataset.shared" => "shared dataset",
        "dataset.unshared" => "unshared dataset",
        "files.changed" => "changed",
        "message.accepted" => "accepted a change of",
        "permission.granted" => "granted",
        "permission.revoked" => "revoked",
        "permission.changed" => "changed by hand the permissions in",
        "keys.taken" => "took other keys:",
        "layout" => "changed the layout of the datasite",
        "encrypt" => "settled what is sealed:",
        _ => return None,
    })
}

fn words(cause: &AuditEntry) -> Option<String> {
    let verb = spoken(&cause.action)?;
    let object = match cause.action.as_str() {
        "job.submitted" | "job.revised" | "job.withdrawn" => {
            cause.subject.split_once(' ').map_or(cause.subject.as_str(), |(_, job)| job)
        }
        "message.accepted" => &cause.actor,
        _ => text(cause, "job").unwrap_or(&cause.subject),
    };
    Some(format!("{verb} {object}"))
}

fn incoming(transfer: &Transfer) -> String {
    let from = transfer.peer.as_ref();
    match (transfer.kind.as_str(), from) {
        (_, None) => "read back what I keep there".to_owned(),
        ("hello" | "profile", Some(peer)) => format!("{peer} says who they are"),
        ("dataset" | "grant", Some(peer)) => format!("{peer} shares a dataset"),
        (_, Some(peer)) => format!("{peer} sent it"),
    }
}

/// What has no line of its own behind it.
fn otherwise(transfer: &Transfer, place: Place<'_>) -> String {
    match (place.space, transfer.kind.as_str(), &transfer.peer) {
        ("profile", _, _) => "shows peers who I am".to_owned(),
        (_, "proposal", Some(peer)) => format!("proposed changes to {peer}"),
        (_, _, Some(peer)) => format!("told {peer} how things stand here"),
        (_, _, None) => "kept for those who may read it".to_owned(),
    }
}
