//! The data owner's side of sync.

mod local;
mod look;
mod messages;
mod route;
mod too_large;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use syft_core::{DatasitePath, Email, LayoutKind, shorten};
use syft_job::policy::{ByRule, RuleName};
use syft_job::{DueJobs, Intake, JobStore, Problem};
use syft_perm::{Level, Permissions};
use syft_transport::{Listing, Skipped};

use self::look::Look;
pub(crate) use self::messages::is_quarantine;
use crate::Result;
use crate::manager::standing;
use crate::node::{Node, Pass};
use crate::peers::PeerTable;
use crate::perform::Outgoing;
use crate::report::SyncReport;
use crate::{SyftboxManager, SyncOptions};

/// How often messages are taken in one pass: once, and once more for each revision of
/// a job that came together with the one before it.
const MOST_ROUNDS: usize = 8;

/// Of the name of what is no message, so many characters are shown.
const SHOWN_NAME: usize = 80;

/// Takes proposals of peers, turns my own edits into events, and sends each
/// reader what the reader may see.
#[derive(Debug)]
pub struct DatasiteOwnerSyncer<'n> {
    manager: &'n SyftboxManager,
    node: &'n Node,
    jobs: &'n JobStore,
}

impl<'n> DatasiteOwnerSyncer<'n> {
    pub(crate) fn new(manager: &'n SyftboxManager, node: &'n Node, jobs: &'n JobStore) -> Self {
        DatasiteOwnerSyncer { manager, node, jobs }
    }

    /// Takes what these peers propose, or all peers if none is named, and sends
    /// each reader what the reader may see: the owner's half of
    /// [`SyftboxManager::sync`], without a checkpoint. Without `recompute_hashes`
    /// my own edits are not looked for: they wait for the next sync.
    ///
    /// # Errors
    /// As [`SyftboxManager::sync`]; [`Error::Role`](crate::Error::Role) for a scientist.
    pub async fn sync(&self, peer_emails: &[Email], recompute_hashes: bool) -> Result<SyncReport> {
        let peers = peer_emails.iter().cloned().collect();
        let options = SyncOptions {
            peers,
            recompute_hashes,
            auto_checkpoint: false,
            ..SyncOptions::default()
        };
        self.manager.sync_owner(&options).await
    }

    /// Whether a sender may write a path of my datasite, by the permission files
    /// as they stand on disk.
    ///
    /// # Errors
    /// The disk.
    pub fn check_write_permission(&self, sender: &Email, path: &str) -> Result<bool> {
        Ok(self.permissions()?.allows(sender.as_str(), path, Level::Write))
    }

    /// Whether somebody may read a path of my datasite, by the permission files
    /// as they stand on disk.
    ///
    /// # Errors
    /// The disk.
    pub fn check_read_permissions(&self, recipient: &Email, path: &str) -> Result<bool> {
        Ok(self.permissions()?.allows(recipient.as_str(), path, Level::Read))
    }

    pub(crate) fn permissions(&self) -> Result<Arc<Permissions>> {
        Look::new(self.node)?.permissions()
    }

    /// Reads the jobs that came in. One that cannot be run is told of: it has no
    /// place in the queue.
    fn intake(&self, due: &mut DueJobs, report: &mut SyncReport) -> Result<()> {
        for (submitter, name, intake) in self.jobs.take_in(due)? {
            match intake {
                Intake::Unusable { problem: Problem::Incomplete { missing }, .. } => {
                    let missing = syft_core::safe_text(&missing.join(", "));
                    report.notes.push(format!("job {submitter}/{name}: {missing} did not arrive yet"));
                }
                Intake::Unusable { problem: Problem::Malformed { reason }, .. } => {
                    let reason = syft_core::safe_text(&reason);
                    report.notes.push(format!("job {submitter}/{name} cannot be run: {reason}"));
                }
                Intake::Frozen { changed, .. } => report.notes.push(format!(
                    "job {submitter}/{name} was changed after its run, which counts for nothing: {}",
                    syft_core::safe_text(&changed.join(", "))
                )),
                _ => {}
            }
        }
        Ok(())
    }

    /// Approves what came in and my rules allow; whether there was anything.
    fn decide_by_policy(&self, report: &mut SyncReport) -> Result<bool> {
        let table = PeerTable::load(&*self.node.disk)?;
        match self.jobs.decide_by_policy(&|peer| standing(&table, peer)) {
            Ok(approved) => {
                for ByRule { title, rules, .. } in &approved {
                    let rules: Vec<&str> = rules.iter().map(RuleName::as_str).collect();
                    let rules = rules.join(", ");
                    report.notes.push(format!("job {title} was approved by rule {rules}"));
                }
                Ok(!approved.is_empty())
            }
            // It is told where requests are accepted.
            Err(syft_job::Error::PolicyFile { .. }) => Ok(false),
            // What cannot be read of one job is no reason to take no messages.
            Err(error) => {
                report.notes.push(format!("no more jobs are approved by rule: {error}"));
                Ok(true)
            }
        }
    }

    /// Shows in the job folders what was decided, run and released.
    fn project(&self, due: &mut DueJobs, report: &mut SyncReport) -> Result<()> {
        for (job, error) in self.jobs.restore(due)? {
            report.notes.push(format!("job {job}: {error}"));
        }
        Ok(())
    }

    /// Whether all of the datasite is gone that this node does not write by
    /// itself: a disk that is missing rather than a wish.
    fn is_emptied(&self, pass: &Pass<'_>, look: &Look<'_>) -> bool {
        // The layout may be another one since the last pass.
        let jobs = LayoutKind::ALL.map(|kind| kind.layout().jobs());
        let all = pass.ledger.state().files.keys();
        let known = || all.clone().filter(|path| !jobs.iter().any(|jobs| path.is_within(jobs)));
        let here = |path: &DatasitePath| look.walk.files.contains_key(path);
        if known().next().is_none() || known().any(|path| !path.is_permission_file() && here(path))
        {
            return false;
        }
        // A login writes the permission files anew: they count if they are the old ones.
        let survives = |path: &DatasitePath| {
            let metadata = look.walk.files.get(path);
            metadata.is_some_and(|metadata| !look.index.is_another(path, metadata))
        };
        !all.clone().any(survives)
    }

    /// One pass over a datasite that is walked once: my own edits, then the peers'
    /// messages, then what each reader is due. `readers` are all peers, also those
    /// that are left out this time; `listed` are the inboxes that were looked into
    /// already. A peer whose messages or folder are bad stops nobody else. Returns
    /// whether the datasite is there; from an emptied one nothing is concluded.
    pub(crate) async fn pass(
        &self,
        pass: &mut Pass<'_>,
        peers: &BTreeSet<Email>,
        readers: &BTreeSet<Email>,
        listed: BTreeMap<Email, Listing>,
        recompute_hashes: bool,
        report: &mut SyncReport,
    ) -> Result<bool> {
        let mut look = Look::new(self.node)?;
        let mut jobs = self.jobs.due(&look.job_folders())?;
        self.project(&mut jobs, report)?;
        look.again()?;
        if self.is_emptied(pass, &look) {
            report.notes.push(format!(
                "the datasite of {} is empty: {} files are missing, nothing is deleted at the peers",
                self.node.email,
                pass.ledger.state().files.len()
            ));
            return Ok(false);
        }
        let mut permissions = look.permissions()?;
        report.notes.extend(look.walk.notes());
        note_bad_rules(&permissions, report);
        if recompute_hashes {
            self.take_local(pass, &mut look, None, &permissions, readers, report).await?;
        }
        let (mut changed, mut waiting, mut listed) = (BTreeSet::new(), peers.clone(), listed);
        let mut outgoing = Outgoing::default();
        for _ in 0..MOST_ROUNDS {
            let answers;
            (answers, waiting) =
                self.take_messages(pass, &permissions, &jobs, &waiting, listed, report).await?;
            outgoing.append(answers);
            let arrived = look.again()?;
            if !arrived.is_empty() {
                jobs = self.jobs.due(&look.job_folders())?;
            }
            self.intake(&mut jobs, report)?;
            changed.extend(arrived);
            if waiting.is_empty() {
                break;
            }
            listed = BTreeMap::new();
        }
        if self.decide_by_policy(report)? || !changed.is_empty() {
            self.project(&mut jobs, report)?;
        }
        self.jobs.settle(&jobs)?;
        // With what is recorded of the jobs that came in.
        pass.send(&mut outgoing, report).await?;
        changed.append(&mut look.again()?);
        if !changed.is_empty() {
            if changed.iter().any(DatasitePath::is_permission_file) {
                permissions = look.permissions()?;
            }
            self.take_local(pass, &mut look, Some(&changed), &permissions, readers, report).await?;
        }
        self.route(pass, &mut look, &permissions, peers, report).await?;
        // A checkpoint at the end of the sync holds what was read just now.
        pass.contents = std::mem::take(&mut look.contents);
        Ok(true)
    }
}

/// A permission file that does not count hides what is below from everybody else.
fn note_bad_rules(permissions: &Permissions, report: &mut SyncReport) {
    for problem in permissions.problems() {
        let place = if problem.folder.is_empty() { "the datasite" } else { &problem.folder };
        let reason = syft_core::safe_text(&problem.reason);
        report.notes.push(format!(
            "the permission file of {place} is bad, so all below is yours alone: {reason}"
        ));
    }
}

/// What lies in a peer's channel and is no message is counted and told, and left alone.
pub(crate) fn note_odd(report: &mut SyncReport, peer: &Email, odd: &[Skipped]) {
    let Some(first) = odd.first() else { return };
    report.peer(peer).ignored += odd.len();
    let (things, are) = match odd.len() {
        1 => ("1 thing".to_owned(), "is no message"),
        n => (format!("{n} things"), "are no messages"),
    };
    let note = format!(
        "{things} in the folder between {peer} and you {are} and left alone, as '{}': {}; ask \
         {peer} to take away what is not meant for you",
        shorten(&first.name, SHOWN_NAME),
        first.reason
    );
    if !report.notes.contains(&note) {
        report.notes.push(note);
    }
}

/// A problem with one peer is that peer's, unless nothing can go on.
pub(crate) fn note_problem(
    report: &mut SyncReport,
    peer: &Email,
    error: crate::Error,
) -> Result<()> {
    if error.ends_the_pass() {
        return Err(error);
    }
    if let crate::Error::Transport(error) = &error
        && error.is_retryable()
    {
        report.store.get_or_insert_with(|| error.to_string());
    }
    report.peer(peer).problem = Some(error.to_string());
    Ok(())
}

/// Whether somebody but the owner may read a path.
fn is_shared(permissions: &Permissions, peers: &BTreeSet<Email>, path: &DatasitePath) -> bool {
    peers.iter().any(|peer| permissions.allows(peer.as_str(), path.as_str(), Level::Read))
}
