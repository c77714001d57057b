use syft_core::{FileKind, HomePath, NodePaths};

use super::{Check, count};
use crate::Result;
use crate::collections::SPOOL;
use crate::node::Node;

/// What was touched more recently may belong to something that is under way.
const LEFT_AFTER_NS: i64 = 3_600_000_000_000;
/// How is called what holds one thing each while it is made, or on its way.
const STAGES: [&str; 4] = ["snapshot-", "submit-", "packages-", SPOOL];

/// What a crash has left: harmless, and in nobody's way.
pub(crate) fn look_for_leftovers(node: &Node) -> Result<Check> {
    Ok(match sweep(node, false)? {
        0 => Check::good("leftovers", "none"),
        n => {
            let detail = format!("{} of unfinished writes: harmless", count(n, "leftover"));
            Check::good("leftovers", detail)
        }
    })
}

/// Removes it.
pub(crate) fn clear_leftovers(node: &Node) -> Result<Vec<String>> {
    Ok(match sweep(node, true)? {
        0 => Vec::new(),
        n => vec![format!("removed {} of unfinished writes", count(n, "leftover"))],
    })
}

fn sweep(node: &Node, remove: bool) -> Result<usize> {
    #[expect(clippy::cast_possible_truncation, reason = "nanoseconds fit i64 until 2262")]
    let before = (node.clock.now().seconds() * 1e9) as i64 - LEFT_AFTER_NS;
    let disk = &*node.disk;
    let mut found = 0;
    for entry in disk.list(&NodePaths::staging())? {
        let Ok(name) = entry.name else { continue };
        let is_stage = STAGES.iter().any(|stage| name.starts_with(stage));
        if is_stage && entry.metadata.modified_ns < before {
            if remove {
                let path = NodePaths::staging().join(&name)?;
                match entry.metadata.kind {
                    FileKind::Folder => disk.remove_dir_all(&path)?,
                    _ => disk.remove_file(&path)?,
                }
            }
            found += 1;
        }
    }
    let mut folders = vec![HomePath::home()];
    while let Some(folder) = folders.pop() {
        // What cannot be looked into is not ours to clear.
        let Ok(unfinished) = disk.unfinished(&folder, before, remove) else { continue };
        found += usize::try_from(unfinished).unwrap_or(usize::MAX);
        for entry in disk.list(&folder)? {
            if let (FileKind::Folder, Ok(name)) = (entry.metadata.kind, entry.name) {
                folders.extend(folder.join(&name).ok());
            }
        }
    }
    Ok(found)
}
