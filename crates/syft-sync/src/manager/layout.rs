//! The layout of a datasite: which one a home has, and how it takes another.

use syft_core::{Disk, Email, HomePath, LayoutKind, Layouts};

use super::{SyftboxManager, setup};
use crate::node::Pass;
use crate::peers::{PeerState, PeerTable};
use crate::{Error, NodeConfig, Result, rights};

/// What the folder of a home of the Python peer is called before the address.
const PYTHON_BOX: &str = "SyftBox_";

/// The home of a Python peer, by its name: `SyftBox_<email>` with the datasite in it
/// (`protocol.md` f.1).
pub(crate) fn owner_of_python_box(disk: &dyn Disk) -> Result<Option<Email>> {
    let Some(email) = named_like_a_python_box(disk) else { return Ok(None) };
    let is_there = disk.metadata(&HomePath::datasite(&email))?.is_some();
    Ok(is_there.then_some(email))
}

fn named_like_a_python_box(disk: &dyn Disk) -> Option<Email> {
    let home = disk.real_path(&HomePath::home());
    let name = home.file_name()?.to_str()?;
    Email::parse(name.strip_prefix(PYTHON_BOX)?).ok()
}

/// The layout of a home that nobody has logged in to: what stands there tells it, or
/// its name.
pub(super) fn found(disk: &dyn Disk, me: &Email) -> Result<LayoutKind> {
    let by_name = named_like_a_python_box(disk).map(|_| LayoutKind::Pysyft);
    Ok(LayoutKind::found(disk, me)?.or(by_name).unwrap_or_default())
}

/// What the peers said of their datasites before. A record that cannot be read is told
/// by whoever needs it.
pub(super) fn remember(disk: &dyn Disk, layouts: &Layouts) {
    for (peer, record) in PeerTable::load(disk).unwrap_or_default().peers {
        if let Some(layout) = record.layout {
            layouts.learn(&peer, layout, record.install_source.as_deref());
        }
    }
}

/// A peer with whom a datasite that has another layout cannot work.
fn python_peer(disk: &dyn Disk) -> Result<Option<Email>> {
    let table = PeerTable::load(disk)?;
    let mut peers = table.in_state(PeerState::Accepted);
    Ok(peers.find(|peer| table.is_python(peer)).cloned())
}

impl SyftboxManager {
    /// Moves the datasite into the layout of this manager from the one that the home
    /// had until now. The home's configuration says so until it is done, so that a
    /// call that was cut short is finished by the next one.
    pub(super) fn take_layout(&self, pass: &Pass<'_>, mut known: NodeConfig) -> Result<()> {
        let to = self.node.layouts.own().kind();
        let from = known.converting_from.unwrap_or(known.layout);
        if from == to {
            return Ok(());
        }
        let disk = &*self.node.disk;
        let begins = known.converting_from.is_none();
        if let (true, Some(peer)) = (begins && to == LayoutKind::Native, python_peer(disk)?) {
            return Err(Error::Refused(format!(
                "{peer} uses PySyft, which finds nothing in the native layout: keep the layout \
                 pysyft, or remove that peer"
            )));
        }
        let _no_runs = self.jobs.hold_runs()?;
        self.datasets.recover()?;
        if begins {
            // What nobody has looked at yet is to be known before it moves.
            let as_it_was = Layouts::new(self.node.email.clone(), from);
            self.jobs.clone().with_layouts(as_it_was).intake_all()?;
        }
        self.jobs.check_layout(from, to)?;
        self.datasets.check_layout(from)?;
        known = NodeConfig { layout: to, converting_from: Some(from), ..known };
        known.save(disk)?;
        self.jobs.take_layout(from, to)?;
        let mut about = setup::move_job_inboxes(pass, from)?;
        self.datasets.take_layout(from)?;
        self.remove_empty(from)?;
        self.jobs.project_all()?;
        let walk = self.perm_context().walk()?;
        let place = |path| HomePath::in_datasite(&self.node.email, path);
        about.extend(walk.permission_files.keys().map(place));
        let rules = rights::rules(pass, &about)?;
        pass.note_with("layout", format!("from {from} to {to}"), [rules])?;
        NodeConfig { converting_from: None, ..known }.save(&*self.node.disk)
    }

    /// Finishes a change of the layout that was cut short.
    pub(super) fn finish_layout(&self, known: &NodeConfig) -> Result<()> {
        match known.converting_from {
            None => Ok(()),
            Some(_) => self.take_layout(&self.node.pass()?, known.clone()),
        }
    }

    /// Remembers what the peers said of their datasites. Jobs that I sent to one, and
    /// that it has not taken yet, move to where its layout has them: they were put
    /// where mine does before it had said anything.
    pub(super) fn learn(&self, pass: &Pass<'_>, table: &PeerTable) -> Result<()> {
        for (peer, record) in &table.peers {
            let Some(layout) = record.layout else { continue };
            let had = self.node.layouts.of(peer).kind();
            if had != layout {
                self.datasets.take_layout_of(peer, had, layout)?;
            }
            // Also of a layout that was known before: the move may have been cut short.
            self.move_sent(pass, peer, layout)?;
            self.node.layouts.learn(peer, layout, record.install_source.as_deref());
        }
        Ok(())
    }

    fn move_sent(&self, pass: &Pass<'_>, owner: &Email, to: LayoutKind) -> Result<()> {
        let known = pass.ledger.state().copies.get(owner);
        for from in LayoutKind::ALL.into_iter().filter(|from| *from != to) {
            for name in self.jobs.sent_names(owner, from)? {
                let folder = from.layout().job(&self.node.email, &name).submission;
                let is_taken =
                    known.is_some_and(|files| files.keys().any(|path| path.is_within(&folder)));
                if !is_taken {
                    self.jobs.take_layout_of(owner, &name, from, to)?;
                }
            }
        }
        Ok(())
    }

    /// Removes the folders of a layout in which nothing is left.
    fn remove_empty(&self, layout: LayoutKind) -> Result<()> {
        let layout = layout.layout();
        let mut folders = vec![layout.mocks(), layout.job_inboxes(), layout.jobs()];
        if let Some(parent) = layout.jobs().parent() {
            folders.push(parent);
        }
        let disk = &*self.node.disk;
        for folder in folders {
            let folder = HomePath::in_datasite(&self.node.email, &folder);
            if disk.metadata(&folder)?.is_some() && disk.list(&folder)?.is_empty() {
                disk.remove_dir_all(&folder)?;
            }
        }
        Ok(())
    }
}
