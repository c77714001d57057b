use syft_core::codec::Limits;
use syft_core::{Content, DatasitePath, Email, HomePath};

use super::DatasiteWatcherSyncer;
use crate::Result;
use crate::batch::Batch;
use crate::engine::{NewFile, on_submission};
use crate::index::Index;
use crate::ledger::State;
use crate::node::Pass;
use crate::report::SyncReport;
use crate::scan::Walk;

impl DatasiteWatcherSyncer<'_> {
    /// Proposes what is new below `jobs/<me>/` in the copy of a datasite, and
    /// reports every other edit of the copy.
    pub(super) async fn propose(
        &self,
        pass: &mut Pass<'_>,
        owner: &Email,
        report: &mut SyncReport,
    ) -> Result<()> {
        let node = self.node;
        let walk = Walk::of(&*node.disk, &*node.layout, owner)?;
        let mut index = Index::load(&node.disk, owner);
        let mut fresh = Vec::new();
        for (path, metadata) in &walk.files {
            let now = node.clock.now();
            let Some(hash) = index.hash(&*node.disk, owner, path, metadata, now)? else {
                continue;
            };
            let known = Known::of(pass.ledger.state(), owner, path);
            if known.copy == Some(hash) || known.in_flight == Some(hash) {
                continue;
            }
            if is_kept_aside(path) {
                continue;
            }
            let meant = pass.ledger.state().is_meant(owner, path);
            if !meant && !self.is_proposable(path) {
                report.notes.push(format!(
                    "{owner}/{path}: edited here, which {owner} will not see; it is kept"
                ));
            } else if known.refused == Some(hash) {
                report.notes.push(format!("{owner}/{path}: was refused, and is not sent again"));
            } else if metadata.size > Limits::PROPOSAL_CONTENT {
                report.notes.push(format!("{owner}/{path}: too large to be sent"));
            } else {
                fresh.push(path.clone());
            }
        }
        index.save(&node.disk, owner, |path| {
            DatasitePath::parse(path).is_ok_and(|path| walk.files.contains_key(&path))
        })?;
        let mut batch = Batch::new(Limits::PROPOSAL_CONTENT);
        for path in fresh {
            let file = HomePath::in_datasite(owner, &path);
            let Some(bytes) = node.disk.read_if_there(&file, Limits::PROPOSAL_CONTENT)? else {
                continue;
            };
            let content = Content::from_bytes(bytes);
            let size = content.wire_len();
            if size > Limits::PROPOSAL_CONTENT {
                report.notes.push(format!("{owner}/{path}: too large to be sent"));
            } else if let Some(full) = batch.add(NewFile { path, content }, size) {
                self.send(pass, owner, full, report).await?;
            }
        }
        let rest = batch.take();
        if rest.is_empty() { Ok(()) } else { self.send(pass, owner, rest, report).await }
    }

    async fn send(
        &self,
        pass: &mut Pass<'_>,
        owner: &Email,
        files: Vec<NewFile>,
        report: &mut SyncReport,
    ) -> Result<()> {
        report.peer(owner).sent += files.len();
        let draft = on_submission(pass.ledger.state(), &self.node.scene(), owner, files)?;
        pass.carry_out(draft).await
    }

    fn is_proposable(&self, path: &DatasitePath) -> bool {
        let job = self.node.layout.parse_job(path);
        job.is_some_and(|job| job.submitter == self.node.email && job.is_submitters())
    }
}

/// Whether a file is somebody's edit that was moved out of the way.
fn is_kept_aside(path: &DatasitePath) -> bool {
    let hash = path.file_name().rsplit_once(".conflict-").map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What is known of a file of another datasite.
struct Known {
    copy: Option<syft_core::ContentHash>,
    /// What is on its way. Once the owner has something else there, the same
    /// bytes are a new proposal.
    in_flight: Option<syft_core::ContentHash>,
    refused: Option<syft_core::ContentHash>,
}

impl Known {
    fn of(state: &State, owner: &Email, path: &DatasitePath) -> Known {
        let copy = state.copies.get(owner).and_then(|all| all.get(path)?.hash);
        let proposed = state.proposed.get(owner).and_then(|all| all.get(path));
        Known {
            copy,
            in_flight: proposed.filter(|p| p.stands_on(copy)).map(|p| p.hash),
            refused: state.refused.get(owner).and_then(|all| Some(all.get(path)?.hash)),
        }
    }
}
