use rustix::fs::FileType;

use super::errors::error;
use super::fs::{Root, file_type, stat};
use super::names::{Name, names};
use crate::Result;
use crate::keys::Child;

/// What lies directly in a folder, by all components of its key.
pub(super) fn children(root: &Root, components: &[&str]) -> Result<Vec<Child>> {
    let Some(folder) = root.folder("discover", components)? else {
        return Ok(Vec::new());
    };
    let failed = |errno| error("discover", components.join("/"), errno);
    let mut children = Vec::new();
    for name in names(&folder).map_err(failed)? {
        children.push(match name {
            Name::Bad(name, why) => Child::Bad(name, why.to_owned()),
            Name::Text(name) => {
                let Some(stat) = stat(&folder, &name).map_err(failed)? else { continue };
                match file_type(&stat) {
                    FileType::Directory => Child::Folder(name),
                    FileType::RegularFile => Child::Object(name),
                    _ => Child::Bad(name, "it is neither a folder nor a file".to_owned()),
                }
            }
        });
    }
    Ok(children)
}
