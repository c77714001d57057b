//! The data owner's side of sync.

mod local;
mod messages;
pub(crate) use messages::is_quarantine;
mod route;

use std::collections::BTreeSet;

use syft_core::{DatasitePath, Email};
use syft_job::{Intake, JobStore, Problem};
use syft_perm::{Level, Permissions};

use crate::Result;
use crate::index::Index;
use crate::node::{Node, Pass};
use crate::report::SyncReport;
use crate::scan::Walk;

/// Takes proposals of peers, turns my own edits into events, and sends each
/// reader what the reader may see.
#[derive(Debug)]
pub struct DatasiteOwnerSyncer<'n> {
    node: &'n Node,
    jobs: &'n JobStore,
}

impl<'n> DatasiteOwnerSyncer<'n> {
    pub(crate) fn new(node: &'n Node, jobs: &'n JobStore) -> Self {
        DatasiteOwnerSyncer { node, jobs }
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

    pub(crate) fn permissions(&self) -> Result<Permissions> {
        Ok(self.walk()?.permissions(&self.node.email))
    }

    pub(crate) fn walk(&self) -> Result<Walk> {
        Walk::of(&*self.node.disk, &*self.node.layout, &self.node.email)
    }

    /// Reads the jobs that came in. One that cannot be run is told of: it has no
    /// place in the queue.
    fn intake(&self, report: &mut SyncReport) -> Result<()> {
        for (submitter, name, intake) in self.jobs.intake_all()? {
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

    /// Shows in the job folders what was decided, run and released.
    fn project(&self, report: &mut SyncReport) -> Result<()> {
        for (job, error) in self.jobs.project_all()? {
            report.notes.push(format!("job {job}: {error}"));
        }
        Ok(())
    }

    /// Walks the datasite, takes my own edits, and compiles the permission files.
    async fn look(
        &self,
        pass: &mut Pass<'_>,
        readers: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<Option<Permissions>> {
        let walk = self.walk()?;
        if self.is_emptied(pass, &walk) {
            return Ok(None);
        }
        let permissions = walk.permissions(&self.node.email);
        self.take_local(pass, &walk, &permissions, readers, report).await?;
        Ok(Some(permissions))
    }

    /// Whether all of the datasite is gone that this node does not write by
    /// itself: a disk that is missing rather than a wish.
    fn is_emptied(&self, pass: &Pass<'_>, walk: &Walk) -> bool {
        let jobs = self.node.layout.jobs();
        let known = pass.ledger.state().files.keys();
        let known = || known.clone().filter(|path| !path.is_within(&jobs));
        let here = |path: &DatasitePath| walk.files.contains_key(path);
        if known().next().is_none() || known().any(|path| !path.is_permission_file() && here(path))
        {
            return false;
        }
        // A login writes the permission files anew: they count if they are the old ones.
        let index = Index::load(&self.node.disk, &self.node.email);
        let survives = |path: &DatasitePath| {
            walk.files.get(path).is_some_and(|metadata| !index.is_another(path, metadata))
        };
        !known().any(survives)
    }

    /// One pass: my own edits, then each peer's messages, then what each reader
    /// is due. `readers` are all peers, also those that are left out this time.
    /// A peer whose messages or folder are bad stops nobody else. Returns
    /// whether the datasite is there; from an emptied one nothing is concluded.
    pub(crate) async fn sync(
        &self,
        pass: &mut Pass<'_>,
        peers: &BTreeSet<Email>,
        readers: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<bool> {
        self.jobs.recover_runs()?;
        self.project(report)?;
        let Some(mut permissions) = self.look(pass, readers, report).await? else {
            report.notes.push(format!(
                "the datasite of {} is empty: {} files are missing, nothing is deleted at the peers",
                self.node.email,
                pass.ledger.state().files.len()
            ));
            return Ok(false);
        };
        for problem in permissions.problems() {
            let place = if problem.folder.is_empty() { "the datasite" } else { &problem.folder };
            let reason = syft_core::safe_text(&problem.reason);
            report.notes.push(format!(
                "the permission file of {place} is bad, so all below is yours alone: {reason}"
            ));
        }
        let mut touched = false;
        for peer in peers {
            match self.take_messages(pass, &permissions, peer, report).await {
                Ok(any) => touched |= any,
                Err(error) => note_problem(report, peer, error)?,
            }
        }
        self.intake(report)?;
        self.project(report)?;
        if touched {
            let Some(anew) = self.look(pass, readers, report).await? else { return Ok(false) };
            permissions = anew;
        }
        for reader in peers {
            if let Err(error) = self.route(pass, &permissions, reader, report).await {
                note_problem(report, reader, error)?;
            }
        }
        Ok(true)
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
