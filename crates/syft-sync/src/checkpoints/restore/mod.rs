//! A fresh machine becomes the old one: full checkpoint, incremental ones,
//! rolling state, newer events of the log; then peers, decisions and datasets.
//!
//! All is fetched and checked before anything is decided; then one plan of the
//! journal brings everything about, so that a crash leaves either a home as if
//! nothing had been tried, or one that the next pass finishes. A piece that is
//! missing or not what it should be means that nothing is restored, and that the
//! owner's side waits: an owner who knows half of the datasite would take the
//! other half away from the readers.

mod datasets;
mod files;
mod history;
mod outboxes;
mod plan;
mod python;

use std::collections::BTreeSet;

use serde::Serialize;
use syft_core::{
    Error as CoreError, FileKind, HomePath, LayoutKind, NodePaths, Reject, RejectCode, safe_text,
    shorten,
};
use syft_crypto::verification_words;
use syft_transport::{Space, SpaceKind};

pub(crate) use datasets::listed as listed_mock;
use history::History;
pub(super) use outboxes::{listed as listed_outbox, readers};
use plan::Findings;
use python::PythonClient;

use super::record::Backup;
use super::{checkpoints_of, log_of, rolling_of};
use crate::channels::patiently;
use crate::engine::Draft;
use crate::ledger::Fact;
use crate::node::Pass;
use crate::scan::{Ground, Walk};
use crate::sealed::reject_of;
use crate::{Error, Notice, Result, Work, manager};

/// Longest reason why a piece is damaged, in characters.
const MAX_REASON: usize = 500;
/// Longest name of such a piece, in characters: it may be one that stands in another.
const MAX_NAME: usize = 200;

/// What a restore brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Files of my datasite.
    pub files: usize,
    /// Decisions on peers.
    pub peers: usize,
    /// Jobs with their decisions and runs.
    pub jobs: usize,
    /// Datasets of mine that are shared with somebody; their mocks.
    pub datasets: usize,
    /// Datasets of mine whose private part I keep in the store.
    pub private: usize,
    /// What could not be had, or should be looked at.
    pub notes: Vec<String>,
    /// Why nothing was restored although there may be a backup. Until this is
    /// settled my datasite is neither read nor sent.
    pub waits: Option<String>,
}

/// How a home stands to the backup in the store.
#[derive(Debug)]
pub(crate) enum Home {
    /// It has a history of its own, or there is no backup.
    Kept,
    /// It was made from the backup, just now.
    Restored(Restored),
    /// The store, which may have a backup, is away.
    Away(String),
    /// The backup cannot be taken, for this reason.
    Waits(String),
    /// The backup is not as the keys of this home sealed it, in words.
    NotMine(String),
    /// The backup is of a datasite that was laid out like this.
    OtherLayout(LayoutKind),
}

impl Home {
    /// The same, with what came of private parts: also of a restore that was cut
    /// short before them.
    pub(crate) fn with_private(self, private: usize, notes: Vec<String>) -> Self {
        let mut restored = match self {
            Home::Restored(restored) => restored,
            Home::Kept if private > 0 || !notes.is_empty() => Restored::default(),
            other => return other,
        };
        restored.private += private;
        restored.notes.extend(notes);
        Home::Restored(restored)
    }

    /// What a login says of it; nothing if there was nothing to bring.
    pub(crate) fn told(self) -> Option<Restored> {
        match self {
            Home::Kept => None,
            Home::Restored(restored) => Some(restored),
            Home::Away(reason) | Home::Waits(reason) | Home::NotMine(reason) => {
                Some(Restored { waits: Some(reason), ..Restored::default() })
            }
            Home::OtherLayout(layout) => {
                Some(Restored { waits: Some(other_layout(layout)), ..Restored::default() })
            }
        }
    }
}

/// What there is to do about a backup of another layout.
pub(crate) fn other_layout(layout: LayoutKind) -> String {
    format!("its backup has the layout {layout}: log in again, with --layout {layout}")
}

/// Restores a home in which my datasite has not begun, if the store has a backup. If
/// it has none, the datasite begins here.
pub(crate) async fn restore_if_new(pass: &mut Pass<'_>) -> Result<Home> {
    if pass.ledger.state().has_begun() {
        return Ok(Home::Kept);
    }
    match restore(pass).await {
        Ok(None) => {
            let mut draft = Draft::default();
            draft.fact(Fact::Begun);
            pass.carry_out(draft).await?;
            Ok(Home::Kept)
        }
        Ok(Some(restored)) => Ok(Home::Restored(restored)),
        Err(Error::OtherLayout(layout)) => Ok(Home::OtherLayout(layout)),
        Err(Error::Transport(error)) => Ok(Home::Away(error.to_string())),
        Err(Error::Integrity(reason)) => Ok(Home::Waits(format!(
            "the backup of this datasite is damaged, and nothing of it was restored: {reason}"
        ))),
        Err(Error::Core(CoreError::Rejected(reject))) => Ok(Home::NotMine(not_mine(&reject))),
        Err(error) => Err(error),
    }
}

/// What there is to do about a backup that the keys of this home do not open.
fn not_mine(reject: &Reject) -> String {
    let detail = &reject.detail;
    match reject.code {
        RejectCode::NotSealed => format!(
            "the store has a backup in the open, which whoever can write there may have made, and \
             nothing of it was restored ({detail}); to take it all the same, log in with --encrypt off"
        ),
        _ => format!(
            "the store has a backup that is not as the keys of this home sealed it, and nothing of \
             it was restored ({detail}); if you sealed it with other keys, import them: syft keys \
             import FILE --replace; if not, somebody changed it or put something into the place of \
             something else: ask whoever runs the store"
        ),
    }
}

async fn restore(pass: &mut Pass<'_>) -> Result<Option<Restored>> {
    let mut notes = Vec::new();
    look_around(pass).await;
    let found = history::find(pass, &mut notes).await?;
    let mut backup = Backup::fetch(pass, &mut notes).await?;
    let python = match &backup {
        Some(_) => None,
        None => PythonClient::found(pass).await?,
    };
    if found.is_empty() && backup.is_none() && python.is_none() {
        return Ok(None);
    }
    if let Some(file) = own_file(pass)? {
        return Err(Error::Integrity(format!(
            "the store has one, and {file} stands here already; move what stands here away to \
             restore the backup, or take the backup out of the store"
        )));
    }
    let own = pass.node.layouts.own().kind();
    let as_mine = |told: Option<LayoutKind>| match told.filter(|layout| *layout != own) {
        Some(other) => Err(Error::OtherLayout(other)),
        None => Ok(()),
    };
    as_mine(backup.as_ref().map(|backup| backup.body.layout))?;
    let mut progress = Progress { pass, done: 0, total: found.objects() };
    progress.tell();
    let history = History::fetch(&mut progress, found, &mut backup, &mut notes).await?;
    notes.extend(other_key(pass, backup.as_ref()));
    if backup.is_none() {
        // A Python peer keeps no backup that says it, nor does a store without access control.
        as_mine(history.files.layout())?;
    }
    let outboxes = outboxes::fetch(&mut progress, backup.as_ref(), &mut notes).await?;
    let mut wanted: Vec<_> = backup.iter().flat_map(|backup| &backup.body.datasets).collect();
    wanted.extend(python.iter().flat_map(|python| &python.datasets));
    let datasets = datasets::fetch(&mut progress, wanted, &mut notes).await?;
    let total = progress.total;
    if let Some(python) = &python {
        python.bundles.save(&*pass.node.disk)?;
    }
    let peers = python.map(|python| python.peers);
    let findings = Findings { history, backup, peers, outboxes, datasets };
    let (draft, restored) = findings.plan(pass, notes)?;
    pass.carry_out(draft).await?;
    pass.ledger.drop_idle_blobs()?;
    Progress { pass, done: total, total }.tell();
    Ok(Some(restored))
}

/// Has a store that keeps what it lists look at all that a restore asks for, in few calls.
/// What is wrong with any of it is told when that is asked for.
async fn look_around(pass: &Pass<'_>) {
    let (transport, me) = (&*pass.node.transport, &pass.node.email);
    if transport.changes().is_none() {
        return;
    }
    let look = async {
        transport.refresh().await?;
        let mine = transport.discover(SpaceKind::Mine).await?.spaces.into_iter();
        let mut spaces: BTreeSet<Space> =
            mine.filter(|it| matches!(it, Space::Collection { .. })).collect();
        for space in transport.discover(SpaceKind::Inbox).await?.spaces {
            if let Space::Inbox { sender, .. } = space {
                spaces.insert(Space::Outbox { owner: me.clone(), recipient: sender });
            }
        }
        spaces.insert(Space::State { owner: me.clone() });
        spaces.extend([log_of(me), checkpoints_of(me), rolling_of(me)]);
        let spaces: Vec<Space> = spaces.into_iter().collect();
        transport.list_many(&spaces).await.map(drop)
    };
    drop(patiently(&"the store", 0, look).await);
}

/// That the peers know this datasite by a key that this home does not have.
fn other_key(pass: &Pass<'_>, backup: Option<&Backup>) -> Option<String> {
    let (had, keys) = (backup?.body.key?, pass.node.keys.as_ref()?);
    let is_other = keys.bundle().fingerprint() != had;
    is_other.then(|| {
        format!(
            "the backup was made with other keys, by which your peers know you as \"{}\": until \
             you import those, or your peers compare the new ones, they take nothing from you",
            verification_words(&pass.node.email, &had)
        )
    })
}

/// A file of the owner's that stands here already, if there is one.
fn own_file(pass: &Pass<'_>) -> Result<Option<HomePath>> {
    let node = pass.node;
    let ground = Ground { disk: &*node.disk, layout: node.layouts.own(), owner: &node.email };
    for path in Walk::of(ground)?.files.into_keys() {
        let path = HomePath::in_datasite(&node.email, &path);
        if !manager::is_as_prepared(pass, &path)? {
            return Ok(Some(path));
        }
    }
    let mocks = HomePath::in_datasite(&node.email, &node.layouts.own().mocks());
    let mut datasets = node.disk.list(&mocks)?.into_iter();
    let dataset = datasets.find(|entry| entry.metadata.kind == FileKind::Folder);
    if let Some(name) = dataset.and_then(|entry| entry.name.ok()) {
        return Ok(Some(mocks.join(&name)?));
    }
    let records = NodePaths::root().join("jobs")?;
    let entries = node.disk.list(&records)?;
    let record = entries.into_iter().filter_map(|entry| entry.name.ok());
    let mut record = record.filter(|name| name.ends_with(".json"));
    Ok(record.next().map(|name| records.join(&name)).transpose()?)
}

/// How far a restore is, in objects.
struct Progress<'p, 'n> {
    pass: &'p Pass<'n>,
    done: u64,
    total: u64,
}

impl Progress<'_, '_> {
    fn step(&mut self) {
        self.done += 1;
        self.total = self.total.max(self.done + 1);
        self.tell();
    }

    fn tell(&self) {
        let (work, done, total) = (Work::Restoring, self.done, self.total);
        self.pass.node.notices.notice(&Notice::Progress { work, done, total });
    }
}

/// That a piece cannot be had: it is not of this home's keys, or the store does not give it.
pub(super) fn unusable(name: impl std::fmt::Display, error: syft_transport::Error) -> Error {
    match reject_of(&error).filter(|reject| reject.code.is_forgery()) {
        Some(reject) => {
            let detail = format!("{name}: {}", reject.detail);
            Error::Core(CoreError::Rejected(Reject::new(reject.code, detail)))
        }
        None if error.is_retryable() => error.into(),
        None => damaged(name, error),
    }
}

pub(super) fn damaged(name: impl std::fmt::Display, reason: impl std::fmt::Display) -> Error {
    // A reader quotes what it reads, which may be all of a body.
    let quoted = |text: String, limit| shorten(&safe_text(&shorten(&text, limit)), limit);
    let name = quoted(name.to_string(), MAX_NAME);
    let reason = quoted(reason.to_string(), MAX_REASON);
    Error::Integrity(format!("{name}: {reason}"))
}
