//! What a datasite has from the first day, and what each accepted peer gets.

use syft_core::{Access, DatasitePath, Email, HomePath, yaml};
use syft_perm::{PermissionFile, Rule};

use crate::Result;
use crate::node::Pass;
use crate::peers::PeerTable;

const PERMISSION_FILE: &str = "syft.pub.yaml";

/// Makes the datasite: private by default, with a public folder.
pub(super) fn prepare(pass: &Pass<'_>) -> Result<()> {
    let me = pass.node.email.clone();
    let layout = &pass.node.layout;
    let private = HomePath::in_datasite(&me, &layout.private());
    pass.node.disk.create_dir_all(&private, Access::OwnerOnly)?;
    for (folder, file) in first_files(pass)? {
        put(pass, &folder, &file)?;
    }
    let jobs = HomePath::in_datasite(&me, &layout.jobs());
    pass.node.disk.create_dir_all(&jobs, Access::Shared)?;
    Ok(())
}

/// The permission files of the first day, by their folders.
fn first_files(pass: &Pass<'_>) -> Result<[(HomePath, PermissionFile); 3]> {
    let me = &pass.node.email;
    let public = HomePath::in_datasite(me, &DatasitePath::parse("public")?);
    let private = HomePath::in_datasite(me, &pass.node.layout.private());
    Ok([
        (HomePath::datasite(me), PermissionFile::new([])),
        (public, PermissionFile::new([Rule::new("**").read(["*"])])),
        (private, PermissionFile::new([])),
    ])
}

/// Whether a file is as [`prepare`] or [`open_job_inbox`] made it.
pub(crate) fn is_as_prepared(pass: &Pass<'_>, path: &HomePath) -> Result<bool> {
    let mut made = first_files(pass)?.to_vec();
    for peer in PeerTable::load(&*pass.node.disk)?.peers.keys() {
        made.push((job_inbox(pass, peer), job_inbox_rules(peer)));
    }
    for (folder, file) in made {
        if folder.join(PERMISSION_FILE)? == *path {
            let there = pass.node.disk.read_if_there(path, yaml::MAX_BYTES as u64)?;
            return Ok(there.as_deref() == Some(file.to_yaml().as_bytes()));
        }
    }
    Ok(false)
}

/// Makes the folder into which a peer may write jobs: the only gateway.
pub(crate) fn open_job_inbox(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    put(pass, &job_inbox(pass, peer), &job_inbox_rules(peer))
}

fn job_inbox(pass: &Pass<'_>, peer: &Email) -> HomePath {
    HomePath::in_datasite(&pass.node.email, &pass.node.layout.job_inbox(peer))
}

fn job_inbox_rules(peer: &Email) -> PermissionFile {
    let written = ["*/run.sh", "*/config.yaml", "*/code/**", "*/cancel"];
    let rules = written.map(|pattern| Rule::new(pattern).write([peer.as_str()]));
    let read = Rule::new("**").read([peer.as_str()]);
    PermissionFile::new(rules.into_iter().chain([read]))
}

/// Opens the folder again that [`close_job_inbox`] closed.
pub(super) fn reopen_job_inbox(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    let file = job_inbox_file(pass, peer)?;
    let closed = PermissionFile::new([]).to_yaml();
    let here = pass.node.disk.read_if_there(&file, syft_core::yaml::MAX_BYTES as u64)?;
    if here.as_deref() == Some(closed.as_bytes()) {
        pass.node.disk.remove_file(&file)?;
    }
    open_job_inbox(pass, peer)
}

/// Closes the folder into which a peer wrote jobs: it is mine alone from now on.
pub(super) fn close_job_inbox(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    let file = job_inbox_file(pass, peer)?;
    if pass.node.disk.metadata(&file)?.is_some() {
        let closed = PermissionFile::new([]).to_yaml();
        pass.node.disk.write(&file, closed.as_bytes(), Access::Shared)?;
    }
    Ok(())
}

fn job_inbox_file(pass: &Pass<'_>, peer: &Email) -> Result<HomePath> {
    Ok(job_inbox(pass, peer).join(PERMISSION_FILE)?)
}

/// Writes a permission file where there is none: the owner's own edits stay.
fn put(pass: &Pass<'_>, folder: &HomePath, file: &PermissionFile) -> Result<()> {
    let path = folder.join(PERMISSION_FILE)?;
    if pass.node.disk.metadata(&path)?.is_none() {
        pass.node.disk.write(&path, file.to_yaml().as_bytes(), Access::Shared)?;
    }
    Ok(())
}
