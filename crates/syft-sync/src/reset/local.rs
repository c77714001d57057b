use syft_core::{Disk, Email, FileKind, HomePath, NodePaths};

use super::{Left, LocalItem, kept};
use crate::node::Node;
use crate::{Notice, Result, Work};

/// What of this home is ours, in the order in which it goes, and what is not: the
/// datasites are folders that are named by the address of somebody whom the records
/// `know`, the node's state is one folder, and nothing else was made by this program.
pub(crate) fn local_items(
    disk: &dyn Disk,
    know: impl Fn(&Email) -> bool,
) -> Result<(Vec<LocalItem>, Vec<Left>)> {
    let (mut items, mut left) = (Vec::new(), Vec::new());
    for entry in disk.list(&HomePath::home())? {
        let name = match entry.name {
            Ok(name) => name,
            Err(lossy) => {
                left.push(Left::new(lossy, "it is no datasite"));
                continue;
            }
        };
        let email = Email::parse(&name).ok().filter(|email| email.as_str() == name);
        let is_ours = email.as_ref().is_some_and(&know);
        match entry.metadata.kind {
            FileKind::Folder if name == NodePaths::root().as_str() => {}
            FileKind::Folder if is_ours => items.push(item(disk, &HomePath::parse(&name)?)?),
            FileKind::Link if is_ours => left.push(Left::new(name, "it is a link")),
            FileKind::Folder if email.is_some() => {
                left.push(Left::new(name, "no record here says that it is a datasite"));
            }
            _ => left.push(Left::new(name, "it is no datasite")),
        }
    }
    items.push(item(disk, &NodePaths::root())?);
    Ok((items, left))
}

/// Takes it all away. The configuration goes when all else is gone: until then
/// the command can be repeated.
pub(crate) fn clear_local(node: &Node, items: &[LocalItem]) -> Result<()> {
    let disk = &*node.disk;
    disk.remove_dir_all(&NodePaths::cache())?;
    let total = items.iter().map(|item| item.files).sum();
    let mut done = 0;
    for item in items {
        let path = HomePath::parse(&item.path)?;
        if path == NodePaths::root() {
            continue;
        }
        disk.remove_dir_all(&path)?;
        done += item.files;
        node.notices.notice(&Notice::Progress { work: Work::Deleting, done, total });
    }
    let last = [NodePaths::config(), NodePaths::lock(), NodePaths::root().join(kept::NAME)?];
    for entry in disk.list(&NodePaths::root())? {
        let Ok(name) = entry.name else { continue };
        let path = NodePaths::root().join(&name)?;
        if last.contains(&path) {
            continue;
        }
        match entry.metadata.kind {
            FileKind::Folder => disk.remove_dir_all(&path)?,
            _ => disk.remove_file(&path)?,
        }
    }
    disk.remove_file(&NodePaths::config())?;
    disk.remove_dir_all(&NodePaths::root())?;
    node.notices.notice(&Notice::Progress { work: Work::Deleting, done: total, total });
    Ok(())
}

fn item(disk: &dyn Disk, folder: &HomePath) -> Result<LocalItem> {
    let mut item = LocalItem { path: folder.to_string(), files: 0, bytes: 0 };
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        // What cannot be looked into is not counted, and goes all the same.
        for entry in disk.list(&folder).unwrap_or_default() {
            match (entry.metadata.kind, entry.name) {
                (FileKind::Folder, Ok(name)) => folders.extend(folder.join(&name).ok()),
                (FileKind::Folder, Err(_)) => {}
                _ => {
                    item.files += 1;
                    item.bytes += entry.metadata.size;
                }
            }
        }
    }
    Ok(item)
}
