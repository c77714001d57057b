//! Names that one file system would merge (`threats.md` P9).

use std::collections::HashMap;

use crate::{Change, DatasitePath, Reject, RejectCode};

/// The files that a message leaves behind so far, by fold key. A deletion
/// frees its name, so a rename from `README` to `readme` is no collision.
#[derive(Default)]
pub(crate) struct Names<'a> {
    files: HashMap<String, &'a DatasitePath>,
    /// Folders of those files: one spelling, and how many files keep it.
    folders: HashMap<String, (DatasitePath, usize)>,
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
        let key = path.fold_key();
        match self.files.get(&key) {
            Some(same) if *same == path => return Ok(true),
            Some(other) => return Err(collision(path, other)),
            None => {}
        }
        if let Some((folder, _)) = self.folders.get(&key) {
            return Err(collision(path, folder));
        }
        for folder in parents(path) {
            let key = folder.fold_key();
            if let Some(file) = self.files.get(&key) {
                return Err(collision(path, file));
            }
            let (spelled, files) = self.folders.entry(key).or_insert_with(|| (folder.clone(), 0));
            if *spelled != folder {
                return Err(collision(path, spelled));
            }
            *files += 1;
        }
        self.files.insert(key, path);
        Ok(false)
    }

    fn delete(&mut self, path: &'a DatasitePath) -> Result<(), Reject> {
        let key = path.fold_key();
        match self.files.get(&key) {
            Some(same) if *same == path => {}
            Some(other) => return Err(collision(path, other)),
            None => return Ok(()),
        }
        self.files.remove(&key);
        for folder in parents(path) {
            let key = folder.fold_key();
            if let Some((_, files)) = self.folders.get_mut(&key) {
                *files -= 1;
                if *files == 0 {
                    self.folders.remove(&key);
                }
            }
        }
        Ok(())
    }
}

fn parents(path: &DatasitePath) -> impl Iterator<Item = DatasitePath> {
    std::iter::successors(path.parent(), DatasitePath::parent)
}

fn collision(path: &DatasitePath, other: &DatasitePath) -> Reject {
    Reject::new(RejectCode::NameCollision, format!("{path} and {other} cannot stand side by side"))
}
