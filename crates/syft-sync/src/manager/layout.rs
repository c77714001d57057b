//! The layout of a datasite: which one a home has, and how it takes another.

use syft_core::{Disk, Email, HomePath, LayoutKind};

use super::{SyftboxManager, setup};
use crate::node::Pass;
use crate::{NodeConfig, Result};

/// What the folder of a home of the Python peer is called before the address.
const PYTHON_BOX: &str = "SyftBox_";

/// The home of a Python peer, by its name: `SyftBox_<email>` with the datasite in it
/// (`protocol.md` f.1).
pub(crate) fn owner_of_python_box(disk: &dyn Disk) -> Result<Option<Email>> {
    let home = disk.real_path(&HomePath::home());
    let name = home.file_name().and_then(|name| name.to_str());
    let email = name.and_then(|name| name.strip_prefix(PYTHON_BOX)).map(Email::parse);
    let Some(Ok(email)) = email else { return Ok(None) };
    let is_there = disk.metadata(&HomePath::datasite(&email))?.is_some();
    Ok(is_there.then_some(email))
}

/// The layout that a login is to leave: the one that was asked for, else the one that
/// the home has, else that of what stands there, else the native one.
pub(super) fn wanted(
    disk: &dyn Disk,
    me: &Email,
    asked: Option<LayoutKind>,
    known: Option<&NodeConfig>,
) -> Result<LayoutKind> {
    if let Some(layout) = asked.or(known.map(|known| known.layout)) {
        return Ok(layout);
    }
    Ok(LayoutKind::found(disk, me)?.unwrap_or_default())
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
        let _no_runs = self.jobs.hold_runs()?;
        self.jobs.check_layout(to)?;
        known = NodeConfig { layout: to, converting_from: Some(from), ..known };
        known.save(&*self.node.disk)?;
        self.jobs.take_layout(from, to)?;
        setup::move_job_inboxes(pass, from)?;
        self.datasets.take_layout(from)?;
        self.remove_empty(from)?;
        self.jobs.project_all()?;
        pass.note("layout", format!("from {from} to {to}"))?;
        NodeConfig { converting_from: None, ..known }.save(&*self.node.disk)
    }

    /// Finishes a change of the layout that was cut short.
    pub(super) fn finish_layout(&self, known: &NodeConfig) -> Result<()> {
        match known.converting_from {
            None => Ok(()),
            Some(_) => self.take_layout(&self.node.pass()?, known.clone()),
        }
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
