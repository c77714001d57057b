//! What a datasite has from the first day, and what each accepted peer gets.

use std::collections::BTreeSet;

use syft_core::{Access, DatasitePath, Email, HomePath, Layout, LayoutKind, yaml};
use syft_perm::{PermissionFile, Rule};

use super::closing::close;
use crate::Result;
use crate::node::Pass;
use crate::peers::PeerTable;

pub(super) const PERMISSION_FILE: &str = "syft.pub.yaml";

/// Makes the datasite: private by default, with a public folder.
pub(super) fn prepare(pass: &Pass<'_>, is_new: bool) -> Result<()> {
    let me = pass.node.email.clone();
    let root = HomePath::datasite(&me).join(PERMISSION_FILE)?;
    let layout = pass.node.layouts.own();
    let private = HomePath::in_datasite(&me, &layout.private());
    pass.node.disk.create_dir_all(&private, Access::OwnerOnly)?;
    // What stood here before without a rule was the owner's alone, and stays so.
    let is_new = is_new || pass.node.disk.metadata(&root)?.is_some();
    for (folder, file) in first_files(pass)?.into_iter().filter(|_| is_new) {
        put(pass, &folder, &file)?;
    }
    let jobs = HomePath::in_datasite(&me, &layout.job_inboxes());
    pass.node.disk.create_dir_all(&jobs, Access::Shared)?;
    Ok(())
}

/// The permission files of the first day, by their folders. The Python peer makes
/// none: what no file governs is its owner's alone.
fn first_files(pass: &Pass<'_>) -> Result<Vec<(HomePath, PermissionFile)>> {
    if pass.node.layouts.own().kind() == LayoutKind::Pysyft {
        return Ok(Vec::new());
    }
    let me = &pass.node.email;
    let public = HomePath::in_datasite(me, &DatasitePath::parse("public")?);
    let private = HomePath::in_datasite(me, &pass.node.layouts.own().private());
    Ok(vec![
        (HomePath::datasite(me), PermissionFile::new([])),
        (public, PermissionFile::new([Rule::new("**").read(["*"])])),
        (private, PermissionFile::new([])),
    ])
}

/// Whether a file is as [`prepare`] or [`open_job_inbox`] made it.
pub(crate) fn is_as_prepared(pass: &Pass<'_>, path: &HomePath) -> Result<bool> {
    let Some(made) = prepared(pass, path)? else { return Ok(false) };
    let there = pass.node.disk.read_if_there(path, yaml::MAX_BYTES as u64)?;
    Ok(there.as_deref() == Some(made.as_bytes()))
}

/// What [`prepare`] or [`open_job_inbox`] writes into a file, if they write it.
pub(crate) fn prepared(pass: &Pass<'_>, path: &HomePath) -> Result<Option<String>> {
    let mut made = first_files(pass)?;
    for peer in PeerTable::load(&*pass.node.disk)?.peers.keys() {
        made.extend(job_rules(pass, peer));
    }
    for (folder, file) in made {
        if folder.join(PERMISSION_FILE)? == *path {
            return Ok(Some(file.to_yaml()));
        }
    }
    Ok(None)
}

/// Makes the folder into which a peer may write jobs: the only gateway.
pub(crate) fn open_job_inbox(pass: &Pass<'_>, peer: &Email) -> Result<()> {
    job_rules(pass, peer).iter().try_for_each(|(folder, file)| put(pass, folder, file))
}

/// The permission files for a peer's jobs, by their folders; in the PySyft layout as
/// the Python peer writes them (`protocol.md` f.2).
pub(super) fn job_rules(pass: &Pass<'_>, peer: &Email) -> Vec<(HomePath, PermissionFile)> {
    rules_in(pass.node.layouts.own(), &pass.node.email, peer)
}

fn rules_in(layout: &dyn Layout, me: &Email, peer: &Email) -> Vec<(HomePath, PermissionFile)> {
    let place = |path: &DatasitePath| HomePath::in_datasite(me, path);
    let inbox = place(&layout.job_inbox(peer));
    match layout.job_review(peer) {
        None => vec![(inbox, native_rules(peer))],
        Some(review) => vec![
            (inbox, PermissionFile::new([Rule::new("**").write([peer.as_str()])])),
            (place(&review), PermissionFile::new([Rule::new("**").read([peer.as_str()])])),
        ],
    }
}

fn native_rules(peer: &Email) -> PermissionFile {
    let written = ["*/run.sh", "*/config.yaml", "*/code/**", "*/cancel"];
    let rules = written.map(|pattern| Rule::new(pattern).write([peer.as_str()]));
    let read = Rule::new("**").read([peer.as_str()]);
    PermissionFile::new(rules.into_iter().chain([read]))
}

/// Writes the permission files for jobs anew where my layout has them, and removes
/// those of the layout that it had. A folder that was closed stays closed, and so is one
/// of somebody who is no peer. Rules that the owner wrote there are kept as they are:
/// they may fit the new places no better than none.
/// Returns which permission files that is about.
pub(super) fn move_job_inboxes(pass: &Pass<'_>, from: LayoutKind) -> Result<Vec<HomePath>> {
    let mut about = Vec::new();
    let me = &pass.node.email;
    let disk = &*pass.node.disk;
    let peers = PeerTable::load(disk)?.peers;
    let mut strangers = submitters(pass, from.layout())?;
    strangers.retain(|submitter| !peers.contains_key(submitter));
    for stranger in &strangers {
        about.extend(close(pass, &rules_in(from.layout(), me, stranger))?);
    }
    for peer in peers.keys().chain(&strangers) {
        let old = rules_in(from.layout(), me, peer);
        let mut kept = None;
        for (folder, made) in &old {
            let file = folder.join(PERMISSION_FILE)?;
            let here = disk.read_if_there(&file, yaml::MAX_BYTES as u64)?;
            kept = kept.or(here.filter(|here| here != made.to_yaml().as_bytes()));
        }
        for (folder, made) in job_rules(pass, peer) {
            let file = folder.join(PERMISSION_FILE)?;
            let is_new = disk.metadata(&file)?.is_none();
            about.push(file.clone());
            match &kept {
                Some(text) if is_new => disk.write(&file, text, Access::Shared)?,
                None if strangers.contains(peer) => {}
                _ => put(pass, &folder, &made)?,
            }
        }
        for (folder, _) in &old {
            let file = folder.join(PERMISSION_FILE)?;
            disk.remove_file(&file)?;
            about.push(file);
            if disk.metadata(folder)?.is_some() && disk.list(folder)?.is_empty() {
                disk.remove_dir_all(folder)?;
            }
        }
    }
    Ok(about)
}

/// Whoever has a folder for jobs, peer or not.
fn submitters(pass: &Pass<'_>, layout: &dyn Layout) -> Result<BTreeSet<Email>> {
    let place = |path: &DatasitePath| HomePath::in_datasite(&pass.node.email, path);
    let mut found = BTreeSet::new();
    let inboxes = layout.job_inboxes();
    let review = layout.job_review(&pass.node.email).and_then(|review| review.parent());
    for folder in std::iter::once(inboxes).chain(review) {
        let entries = match pass.node.disk.list(&place(&folder)) {
            Err(syft_core::Error::NotRegular { .. }) => continue,
            entries => entries?,
        };
        let names = entries.into_iter().filter_map(|entry| entry.name.ok());
        found.extend(names.filter_map(|name| Email::parse(&name).ok()));
    }
    Ok(found)
}

/// Writes a permission file where there is none: the owner's own edits stay.
fn put(pass: &Pass<'_>, folder: &HomePath, file: &PermissionFile) -> Result<()> {
    let path = folder.join(PERMISSION_FILE)?;
    if pass.node.disk.metadata(&path)?.is_none() {
        pass.node.disk.write(&path, file.to_yaml().as_bytes(), Access::Shared)?;
    }
    Ok(())
}
