use std::collections::BTreeMap;

use syft_core::codec::Limits;
use syft_core::{Content, ContentHash, DatasitePath, Email, HomePath, JobName, Metadata};

use super::DatasiteWatcherSyncer;
use crate::Result;
use crate::batch::Batch;
use crate::engine::{NewFile, on_submission};
use crate::index::Index;
use crate::ledger::State;
use crate::node::Pass;
use crate::perform::{Outgoing, hash_of};
use crate::report::SyncReport;
use crate::scan::{Ground, Walk};

impl DatasiteWatcherSyncer<'_> {
    /// Proposes what is new below `jobs/<me>/` in the copy of a datasite, and
    /// reports every other edit of the copy.
    pub(super) fn propose(
        &self,
        pass: &mut Pass<'_>,
        owner: &Email,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<()> {
        let node = self.node;
        let walk = Walk::of(Ground { disk: &*node.disk, layout: node.layouts.of(owner), owner })?;
        let mut index = Index::load(&node.disk, owner);
        let mut batch = Batch::new(Limits::PROPOSAL_CONTENT);
        for (path, metadata) in &walk.files {
            let Some(seen) = self.see(&mut index, owner, path, metadata)? else { continue };
            let Some(content) = self.judge(pass, owner, path, metadata, seen, report)? else {
                continue;
            };
            let size = content.wire_len();
            let path = path.clone();
            if size > Limits::PROPOSAL_CONTENT {
                report.notes.push(format!("{owner}/{path}: too large to be sent"));
            } else if let Some(full) = batch.add(NewFile { path, content }, size) {
                self.address(pass, owner, full, outgoing, report)?;
            }
        }
        index.save(&node.disk, owner, &walk.files, &BTreeMap::new())?;
        self.address(pass, owner, batch.take(), outgoing, report)
    }

    /// What stands in a file of the copy, with its content if it was read just now
    /// and may be sent.
    fn see(
        &self,
        index: &mut Index,
        owner: &Email,
        path: &DatasitePath,
        metadata: &Metadata,
    ) -> Result<Option<(ContentHash, Option<Content>)>> {
        if let Some(hash) = index.hash(path, metadata) {
            return Ok(Some((hash, None)));
        }
        let seen = if metadata.size <= Limits::PROPOSAL_CONTENT && self.is_proposable(owner, path) {
            self.read(owner, path)?.map(|content| (content.hash(), Some(content)))
        } else {
            let file = HomePath::in_datasite(owner, path);
            hash_of(&*self.node.disk, &file)?.map(|hash| (hash, None))
        };
        if let Some((hash, _)) = seen {
            index.note(path, metadata, self.node.clock.now(), hash);
        }
        Ok(seen)
    }

    /// The content of a file if it is to be proposed; what else there is to say of
    /// it is reported.
    fn judge(
        &self,
        pass: &Pass<'_>,
        owner: &Email,
        path: &DatasitePath,
        metadata: &Metadata,
        (hash, content): (ContentHash, Option<Content>),
        report: &mut SyncReport,
    ) -> Result<Option<Content>> {
        let known = Known::of(pass.ledger.state(), owner, path);
        if known.copy == Some(hash) || known.in_flight == Some(hash) || is_kept_aside(path) {
            return Ok(None);
        }
        let meant = pass.ledger.state().is_meant(owner, path);
        let problem = if !meant && !self.is_proposable(owner, path) {
            format!("edited here, which {owner} will not see; it is kept")
        } else if known.refused == Some(hash) {
            "was refused, and is not sent again".to_owned()
        } else if metadata.size > Limits::PROPOSAL_CONTENT {
            "too large to be sent".to_owned()
        } else {
            return content.map_or_else(|| self.read(owner, path), |content| Ok(Some(content)));
        };
        report.notes.push(format!("{owner}/{path}: {problem}"));
        Ok(None)
    }

    fn read(&self, owner: &Email, path: &DatasitePath) -> Result<Option<Content>> {
        let file = HomePath::in_datasite(owner, path);
        let bytes = self.node.disk.read_if_there(&file, Limits::PROPOSAL_CONTENT)?;
        Ok(bytes.map(Content::from_bytes))
    }

    /// Proposes one new job, whatever else there is: for an owner that is left out
    /// of sync.
    pub(crate) async fn propose_job(
        &self,
        pass: &mut Pass<'_>,
        owner: &Email,
        name: &JobName,
    ) -> Result<()> {
        let node = self.node;
        let job = node.layouts.of(owner).job(&node.email, name).submission;
        let mut files = Vec::new();
        let ground = Ground { disk: &*node.disk, layout: node.layouts.of(owner), owner };
        for path in Walk::of(ground)?.files.into_keys() {
            if !path.is_within(&job) || !self.is_proposable(owner, &path) {
                continue;
            }
            let content = self.read(owner, &path)?;
            files.extend(content.map(|content| NewFile { path, content }));
        }
        // A submission is never larger than one message.
        let mut outgoing = Outgoing::default();
        self.address(pass, owner, files, &mut outgoing, &mut SyncReport::default())?;
        pass.send(&mut outgoing, &mut SyncReport::default()).await.map(drop)
    }

    fn address(
        &self,
        pass: &mut Pass<'_>,
        owner: &Email,
        files: Vec<NewFile>,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        report.peer(owner).sent += files.len();
        let draft = on_submission(pass.ledger.state(), &self.node.scene(), owner, files)?;
        outgoing.extend(owner, pass.begin(draft)?);
        Ok(())
    }

    fn is_proposable(&self, owner: &Email, path: &DatasitePath) -> bool {
        let job = self.node.layouts.of(owner).parse_job(path.as_str());
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
    copy: Option<ContentHash>,
    /// What is on its way. Once the owner has something else there, the same
    /// bytes are a new proposal.
    in_flight: Option<ContentHash>,
    refused: Option<ContentHash>,
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
