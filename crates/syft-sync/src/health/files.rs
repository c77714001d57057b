use std::collections::BTreeSet;

use syft_core::{DatasitePath, Email, HomePath, yaml};
use syft_job::Job;
use syft_perm::{PERMISSION_FILE, Permissions};

use super::{Check, Verdict, count};
use crate::Result;
use crate::index::Index;
use crate::manager::{HeldBack, open_job_inbox};
use crate::node::{Node, Pass};
use crate::peers::{PeerState, PeerTable};
use crate::perform::hash_of;
use crate::scan::{Ground, Walk};

/// Reads every file of every datasite again, and compares with what the index
/// takes them to hold.
pub(crate) fn look_at_files(node: &Node) -> Result<Check> {
    let (mut read, mut wrong) = (0, Vec::new());
    for owner in datasites(node)? {
        if Index::is_damaged(&node.disk, &owner)? {
            wrong.push(format!("the index of {owner} cannot be read"));
        }
        let (files, stale) = stale(node, &owner)?;
        read += files;
        wrong.extend(stale.into_iter().map(|path| format!("{owner}/{path} changed unnoticed")));
    }
    Ok(match wrong.first() {
        None => {
            Check::good("files", format!("{} read, all as the index has them", count(read, "file")))
        }
        Some(first) => {
            let all = count(wrong.len(), "problem");
            Check::bad("files", Verdict::Odd, format!("{first} (1 of {all})"))
        }
    })
}

/// Makes the index doubt what is not as it says, so that the next sync reads it.
pub(crate) fn repair_indexes(node: &Node) -> Result<Vec<String>> {
    let mut repaired = Vec::new();
    for owner in datasites(node)? {
        if Index::is_damaged(&node.disk, &owner)? {
            Index::remove(&node.disk, &owner)?;
            repaired.push(format!("dropped the index of {owner}: the next sync reads every file"));
        }
        let (_, stale) = stale(node, &owner)?;
        if stale.is_empty() {
            continue;
        }
        Index::load(&node.disk, &owner).doubt(&node.disk, &owner, &stale)?;
        let files = count(stale.len(), "file");
        repaired.push(format!("the next sync reads {files} of {owner} that changed unnoticed"));
    }
    Ok(repaired)
}

/// How many files there are, and which hold something else than the index says.
fn stale(node: &Node, owner: &Email) -> Result<(usize, Vec<DatasitePath>)> {
    let walk = Walk::of(Ground { disk: &*node.disk, layout: node.layouts.of(owner), owner })?;
    let index = Index::load(&node.disk, owner);
    let mut stale = Vec::new();
    for (path, metadata) in &walk.files {
        let file = HomePath::in_datasite(owner, path);
        // Read even if nothing is known of it: a disk that fails shows here.
        let here = match hash_of(&*node.disk, &file) {
            Err(error) if !error.ends_the_pass() => None,
            here => here?,
        };
        let claimed = index.hash(path, metadata);
        if claimed.is_some() && claimed != here {
            stale.push(path.clone());
        }
    }
    for (path, metadata) in &walk.permission_files {
        let Some(known) = index.rules(path, metadata) else { continue };
        let file = HomePath::in_datasite(owner, path);
        let here = node.disk.read_if_there(&file, yaml::MAX_BYTES as u64)?;
        if here.as_deref() != Some(known.as_bytes()) && !stale.contains(path) {
            stale.push(path.clone());
        }
    }
    Ok((walk.files.len(), stale))
}

/// Mine, and the copies of my peers'.
fn datasites(node: &Node) -> Result<BTreeSet<Email>> {
    let table = PeerTable::load(&*node.disk).unwrap_or_default();
    let mut owners: BTreeSet<Email> = table.peers.into_keys().collect();
    owners.insert(node.email.clone());
    Ok(owners)
}

/// Whether every permission file can be read, and each peer's folder has its own; and
/// whether what was released reaches whom it is for.
pub(crate) fn look_at_permissions(
    node: &Node,
    permissions: &Permissions,
    held_back: Option<(Job, HeldBack)>,
    is_owner: bool,
) -> Result<Check> {
    let problems = permissions.problems();
    if let Some(first) = problems.first() {
        let folder =
            if first.folder.is_empty() { String::new() } else { format!("{}/", first.folder) };
        let all = count(problems.len(), "problem");
        let detail = format!("{folder}{PERMISSION_FILE}: {} (1 of {all})", first.reason);
        return Ok(Check::bad("permissions", Verdict::Odd, detail));
    }
    let missing = if is_owner { closed_inboxes(node)? } else { Vec::new() };
    let problem = match (missing.first(), held_back) {
        (None, None) => return Ok(Check::good("permissions", "every file can be read")),
        (Some(peer), _) => {
            format!("{peer} is a peer and may send no job: its permission file is gone")
        }
        (None, Some((job, held))) => {
            format!("released of job {} to {}, but {held}", job.id(), job.submitted_by())
        }
    };
    Ok(Check::bad("permissions", Verdict::Odd, problem))
}

/// Makes the permission files of accepted peers again that are missing.
pub(crate) fn repair_permissions(pass: &Pass<'_>) -> Result<Vec<String>> {
    let mut repaired = Vec::new();
    for peer in closed_inboxes(pass.node)? {
        open_job_inbox(pass, &peer)?;
        repaired.push(format!("made the permission file for jobs of {peer} again"));
    }
    Ok(repaired)
}

fn closed_inboxes(node: &Node) -> Result<Vec<Email>> {
    let mut closed = Vec::new();
    // A table that cannot be read is told by the check of the decisions.
    let table = PeerTable::load(&*node.disk).unwrap_or_default();
    for peer in table.in_state(PeerState::Accepted) {
        let folder = HomePath::in_datasite(&node.email, &node.layouts.own().job_inbox(peer));
        if node.disk.metadata(&folder.join(PERMISSION_FILE)?)?.is_none() {
            closed.push(peer.clone());
        }
    }
    Ok(closed)
}
