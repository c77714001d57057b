use std::collections::BTreeMap;

use syft_core::codec::Limits;
use syft_core::{Content, ContentHash, DatasitePath, Email, HomePath, JobName, Metadata};

use super::DatasiteWatcherSyncer;
use crate::batch::Batch;
use crate::engine::{NewFile, ToOwner, Unfit, on_submission};
use crate::index::Index;
use crate::ledger::State;
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::perform::{Outgoing, hash_of};
use crate::report::SyncReport;
use crate::room::Room;
use crate::scan::{Ground, Walk};
use crate::{Error, Result};

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
        let is_python = PeerTable::load(&*node.disk)?.is_python(owner);
        let room = node.room_at(owner);
        let batch = Batch::new(room.within(Limits::PROPOSAL_CONTENT));
        let mut sending = Sending { owner, is_python, room, gate: None, batch, outgoing, report };
        let mut together: Vec<NewFile> = Vec::new();
        for (path, metadata) in &walk.files {
            let Some(seen) = self.see(&mut index, owner, path, metadata)? else { continue };
            let judged = self.judge(pass, owner, path, metadata, seen, sending.report)?;
            let Some(content) = judged else { continue };
            if content.wire_len() > Limits::PROPOSAL_CONTENT {
                sending.report.notes.push(format!("{owner}/{path}: too large to be sent"));
                continue;
            }
            if together.first().is_some_and(|first| !self.are_of_one_job(owner, &first.path, path))
            {
                self.enqueue(pass, &mut sending, std::mem::take(&mut together))?;
            }
            together.push(NewFile { path: path.clone(), content });
        }
        self.enqueue(pass, &mut sending, together)?;
        index.save(&node.disk, owner, &walk.files, &BTreeMap::new())?;
        let rest = sending.batch.take();
        self.address(pass, owner, rest, sending.outgoing, sending.report)
    }

    /// Files that are of use together alone go into the next message, unless the owner
    /// could not take them.
    fn enqueue(
        &self,
        pass: &mut Pass<'_>,
        sending: &mut Sending<'_>,
        together: Vec<NewFile>,
    ) -> Result<()> {
        let Sending { owner, is_python, room, gate, batch, outgoing, report } = sending;
        if let Some(refused) = large(room, &together) {
            let others =
                if together.len() > 1 { ", and neither is the rest of its job" } else { "" };
            report.notes.push(format!("{owner}/{refused}; it is not sent{others}"));
            return Ok(());
        }
        if *is_python {
            let state = pass.ledger.state();
            let (layout, me) = (self.node.layouts.of(owner), &self.node.email);
            let gate = gate.get_or_insert_with(|| ToOwner::new(state, layout, me, owner));
            if let Err(unfit) = gate.take(&together) {
                let others = match together.len() > unfit.len() {
                    true => ", and neither is the rest of its job",
                    false => "",
                };
                let note = |(path, reason)| format!("{owner}/{path}: not sent{others}; {reason}");
                report.notes.extend(unfit.into_iter().map(note));
                return Ok(());
            }
        }
        // An owner may look at a job between two messages.
        let size = together.iter().map(|file| file.content.wire_len()).sum();
        if !batch.fits(together.len(), size) {
            self.address(pass, owner, batch.take(), outgoing, report)?;
        }
        for file in together {
            let size = file.content.wire_len();
            if let Some(full) = batch.add(file, size) {
                self.address(pass, owner, full, outgoing, report)?;
            }
        }
        Ok(())
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

    pub(super) fn read(&self, owner: &Email, path: &DatasitePath) -> Result<Option<Content>> {
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
        let files = self.job_files(owner, name)?;
        // A submission is never larger than one message.
        let mut outgoing = Outgoing::default();
        self.address(pass, owner, files, &mut outgoing, &mut SyncReport::default())?;
        pass.send(&mut outgoing, &mut SyncReport::default()).await.map(drop)
    }

    /// Whether an owner could take a new job, over the store and with the client that it has.
    ///
    /// # Errors
    /// [`Error::Refused`] with the files that it could not take, and why; the disk.
    pub(crate) fn check_job(
        &self,
        pass: &Pass<'_>,
        owner: &Email,
        name: &JobName,
        is_python: bool,
    ) -> Result<()> {
        let room = self.node.room_at(owner);
        if !is_python && room.is_endless() {
            return Ok(());
        }
        let files = self.job_files(owner, name)?;
        if let Some(large) = large(&room, &files) {
            return Err(Error::Refused(format!("the job {name} cannot go to {owner}: {large}")));
        }
        let unfit = if is_python { self.unfit(pass, owner, &files) } else { Vec::new() };
        if unfit.is_empty() {
            return Ok(());
        }
        let folder = self.node.layouts.of(owner).job(&self.node.email, name).submission;
        let below = |path: &DatasitePath| path.strip_prefix(&folder).map(str::to_owned);
        let reasons =
            unfit.iter().map(|(path, why)| format!("{}: {why}", below(path).unwrap_or_default()));
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        Err(Error::Refused(format!("the job {name} cannot go to {owner}: {reasons}")))
    }

    /// What an owner that runs the Python client could not take of files that are of
    /// use together alone, and why.
    pub(super) fn unfit(
        &self,
        pass: &Pass<'_>,
        owner: &Email,
        files: &[NewFile],
    ) -> Vec<(DatasitePath, Unfit)> {
        let (layout, me) = (self.node.layouts.of(owner), &self.node.email);
        let mut gate = ToOwner::new(pass.ledger.state(), layout, me, owner);
        gate.take(files).err().unwrap_or_default()
    }

    /// What I send of a job of mine.
    fn job_files(&self, owner: &Email, name: &JobName) -> Result<Vec<NewFile>> {
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
        Ok(files)
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

    /// Whether two files are of use together alone: a job is run as a whole.
    fn are_of_one_job(&self, owner: &Email, one: &DatasitePath, other: &DatasitePath) -> bool {
        let layout = self.node.layouts.of(owner);
        let job = |path: &DatasitePath| {
            layout.parse_job(path.as_str()).map(|job| (job.submitter, job.name))
        };
        job(one).is_some_and(|one| job(other) == Some(one))
    }

    fn is_proposable(&self, owner: &Email, path: &DatasitePath) -> bool {
        let job = self.node.layouts.of(owner).parse_job(path.as_str());
        job.is_some_and(|job| job.submitter == self.node.email && job.is_submitters())
    }
}

/// What is being sent to one owner.
struct Sending<'a> {
    owner: &'a Email,
    is_python: bool,
    room: Room,
    /// Made when there is something for a Python client.
    gate: Option<ToOwner>,
    batch: Batch<NewFile>,
    outgoing: &'a mut Outgoing,
    report: &'a mut SyncReport,
}

/// Which of these files, that go into one message, is larger than the store takes, in words.
fn large(room: &Room, files: &[NewFile]) -> Option<String> {
    let beyond =
        |file: &NewFile| Some((file.path.clone(), room.beyond(&file.path, &file.content)?));
    let (path, size) = files.iter().find_map(beyond)?;
    Some(room.lack(path, size))
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
