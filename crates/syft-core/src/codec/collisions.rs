//! Names that one file system would merge (`threats.md` P9).

use std::collections::BTreeMap;

use crate::{Change, ContentHash, DatasitePath, Reject, RejectCode};

/// The files that a message leaves behind so far, by key. A deletion frees its name,
/// so a rename from `README` to `readme` is no collision.
///
/// Folders are not kept but found by the files below them: a message may name 24 of
/// them with each file, and must not cost so many times its size.
#[derive(Default)]
pub(crate) struct Names<'a> {
    files: BTreeMap<String, &'a DatasitePath>,
}

/// Takes the changes of a message in their order.
pub(crate) fn check<'a>(
    changes: impl IntoIterator<Item = (&'a DatasitePath, &'a Change)>,
) -> Result<(), Reject> {
    let mut names = Names::default();
    for (path, change) in changes {
        match change {
            Change::Write(_) => {
                names.write(path)?;
            }
            Change::Delete => names.delete(path)?,
        }
    }
    Ok(())
}

impl<'a> Names<'a> {
    /// A file of this name is written; the answer is whether it was there already.
    pub(crate) fn write(&mut self, path: &'a DatasitePath) -> Result<bool, Reject> {
        let key = key_of(path);
        match self.files.get(&key) {
            Some(same) if *same == path => return Ok(true),
            Some(other) => return Err(collision(path, other)),
            None => {}
        }
        if let Some(other) = self.below(&key) {
            return Err(collision(path, other));
        }
        self.check_folders(path, &key)?;
        self.files.insert(key, path);
        Ok(false)
    }

    /// None of the folders of a file is a file, or spelled in another way.
    fn check_folders(&self, path: &DatasitePath, key: &str) -> Result<(), Reject> {
        let above = |key: &str| key.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        for folder in std::iter::successors(above(key), |folder| above(folder)) {
            if let Some(file) = self.files.get(&folder) {
                return Err(collision(path, file));
            }
            if let Some(other) = self.below(&folder) {
                let depth = folder.split('/').count();
                let is_same = path.components().take(depth).eq(other.components().take(depth));
                // What is above was compared when the other one was written.
                return if is_same { Ok(()) } else { Err(collision(path, other)) };
            }
        }
        Ok(())
    }

    /// One of the files below a folder.
    fn below(&self, folder: &str) -> Option<&'a DatasitePath> {
        let start = format!("{folder}/");
        let (key, file) = self.files.range(start.clone()..).next()?;
        key.starts_with(&start).then_some(*file)
    }

    fn delete(&mut self, path: &'a DatasitePath) -> Result<(), Reject> {
        let key = key_of(path);
        match self.files.get(&key) {
            Some(same) if *same == path => drop(self.files.remove(&key)),
            Some(other) => return Err(collision(path, other)),
            None => {}
        }
        Ok(())
    }
}

/// The fold key, but for components that folding makes longer than any name may be:
/// of those the hash is enough to tell them apart.
fn key_of(path: &DatasitePath) -> String {
    let key = path.fold_key();
    let is_short = |component: &str| component.len() <= DatasitePath::MAX_COMPONENT_BYTES;
    if key.split('/').all(is_short) {
        return key;
    }
    let short = |component: &str| match is_short(component) {
        true => component.to_owned(),
        false => format!(":{}", ContentHash::of(component.as_bytes())),
    };
    key.split('/').map(short).collect::<Vec<_>>().join("/")
}

fn collision(path: &DatasitePath, other: &DatasitePath) -> Reject {
    Reject::new(RejectCode::NameCollision, format!("{path} and {other} cannot stand side by side"))
}
