//! Datasets move with their datasite when it takes another layout.

use std::collections::BTreeSet;

use syft_core::{
    Access, DatasetName, DatasitePath, Email, FileKind, HomePath, Layout, LayoutKind, SyftUrl, yaml,
};

use crate::metadata::{self, Metadata, PrivateMetadata};
use crate::{DatasetStore, Error, Result, permission};

impl DatasetStore {
    /// Whether each of my datasets has a place of its own when it leaves a layout for
    /// mine.
    ///
    /// # Errors
    /// [`Error::NoPlace`] if two would have the same; the disk's.
    pub fn check_layout(&self, from: LayoutKind) -> Result<()> {
        let (old, new) = (from.layout(), self.layouts.own());
        for name in self.named_in(&self.owner, old)? {
            let places = [Some(old.mock(&name)), old.other_mock(&name), Some(new.mock(&name))];
            self.check_one_is_there(&name, places)?;
        }
        for name in self.private_names(old)? {
            let places = [
                Some(old.real_data(&name)),
                old.other_real_data(&name),
                Some(new.real_data(&name)),
            ];
            self.check_one_is_there(&name, places)?;
        }
        Ok(())
    }

    fn check_one_is_there(
        &self,
        name: &DatasetName,
        places: [Option<DatasitePath>; 3],
    ) -> Result<()> {
        let mut taken = Vec::new();
        for place in places.into_iter().flatten() {
            let folder = HomePath::in_datasite(&self.owner, &place);
            if self.is_there(&folder)? {
                taken.push(folder);
            }
        }
        if let [one, other, ..] = &*taken {
            let (one, other) = (one.clone(), other.clone());
            return Err(Error::NoPlace { name: name.clone(), one, other });
        }
        Ok(())
    }

    /// Moves all my datasets from where one layout has them to where mine has them
    /// now, with their addresses changed. Repeating it finishes what was begun.
    ///
    /// # Errors
    /// The disk's.
    pub fn take_layout(&self, from: LayoutKind) -> Result<()> {
        let (old, new) = (from.layout(), self.layouts.own());
        for name in self.named_in(&self.owner, old)? {
            for place in [Some(old.mock(&name)), old.other_mock(&name)].into_iter().flatten() {
                self.move_to(&self.owner, &place, &new.mock(&name), Access::Shared)?;
            }
        }
        for name in self.private_names(old)? {
            let places = [Some(old.real_data(&name)), old.other_real_data(&name)];
            for place in places.into_iter().flatten() {
                self.move_to(&self.owner, &place, &new.real_data(&name), Access::OwnerOnly)?;
            }
        }
        for name in self.named_in(&self.owner, new)? {
            self.readdress(&name, from)?;
        }
        Ok(())
    }

    /// Moves the copies of a peer's mocks to where its layout has them now. Where a copy
    /// is there already, the older one goes.
    ///
    /// # Errors
    /// The disk's.
    pub fn take_layout_of(&self, owner: &Email, from: LayoutKind, to: LayoutKind) -> Result<()> {
        let (old, new) = (from.layout(), to.layout());
        for name in self.named_in(owner, old)? {
            self.move_to(owner, &old.mock(&name), &new.mock(&name), Access::Shared)?;
            self.disk().remove_dir_all(&HomePath::in_datasite(owner, &old.mock(&name)))?;
        }
        Ok(())
    }

    /// The names of all mocks where a layout has them.
    fn named_in(&self, owner: &Email, layout: &dyn Layout) -> Result<BTreeSet<DatasetName>> {
        let mut names = BTreeSet::new();
        for folder in layout.mock_folders() {
            names.extend(self.names_in(owner, &folder)?);
        }
        Ok(names)
    }

    fn private_names(&self, layout: &dyn Layout) -> Result<BTreeSet<DatasetName>> {
        let any = DatasetName::parse("any")?;
        let mut names = BTreeSet::new();
        let places = [Some(layout.real_data(&any)), layout.other_real_data(&any)];
        for folder in places.into_iter().flatten().filter_map(|place| place.parent()) {
            names.extend(self.names_in(&self.owner, &folder)?);
        }
        Ok(names)
    }

    fn names_in(&self, owner: &Email, folder: &DatasitePath) -> Result<Vec<DatasetName>> {
        let entries = self.disk().list(&HomePath::in_datasite(owner, folder))?;
        let folders = entries.into_iter().filter(|entry| entry.metadata.kind == FileKind::Folder);
        Ok(folders.filter_map(|entry| DatasetName::existing(&entry.name.ok()?).ok()).collect())
    }

    fn move_to(
        &self,
        owner: &Email,
        from: &DatasitePath,
        to: &DatasitePath,
        access: Access,
    ) -> Result<()> {
        let place = |path| HomePath::in_datasite(owner, path);
        let (from, to) = (place(from), place(to));
        if self.is_there(&from)? && !self.is_there(&to)? {
            self.move_into(&from, &to, access)?;
        }
        Ok(())
    }

    /// Writes the addresses anew of a dataset that was moved.
    fn readdress(&self, name: &DatasetName, from: LayoutKind) -> Result<()> {
        let url = |path| SyftUrl::of(&HomePath::in_datasite(&self.owner, path)).to_string();
        let (old, new) = (from.layout(), self.layouts.own());
        let moved = [
            (url(&old.mock(name)), url(&new.mock(name))),
            (url(&old.real_data(name)), url(&new.real_data(name))),
        ];
        let path = self.mock_folder(&self.owner, name).join(metadata::FILE)?;
        let known = self.disk().read_if_there(&path, yaml::MAX_BYTES as u64)?;
        // What cannot be read is no dataset, here as there.
        let Some(Ok(mut metadata)) = known.as_deref().map(Metadata::parse) else { return Ok(()) };
        let new_address = |address: &mut String| {
            for (from, to) in &moved {
                let rest = address.strip_prefix(from.as_str());
                if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                    *address = format!("{to}{rest}");
                    return;
                }
            }
        };
        let single = [&mut metadata.mock_url, &mut metadata.private_url, &mut metadata.readme_url];
        single.into_iter().flatten().for_each(new_address);
        metadata.mock_files_urls.iter_mut().flatten().for_each(new_address);
        let private = self.private_folder(name);
        metadata.private_url = match new.kind() {
            LayoutKind::Pysyft => Some(SyftUrl::of(&private).to_string()),
            LayoutKind::Native => {
                metadata.private_url.filter(|_| self.is_there(&private).unwrap_or(true))
            }
        };
        let text = metadata.text()?;
        if known.as_deref() != Some(text.as_bytes()) {
            self.disk().write(&path, text.as_bytes(), Access::Shared)?;
        }
        self.redescribe_private(name)
    }

    fn redescribe_private(&self, name: &DatasetName) -> Result<()> {
        let folder = self.private_folder(name);
        let path = folder.join(metadata::PRIVATE_METADATA)?;
        let known = self.disk().read_if_there(&path, yaml::MAX_BYTES as u64)?;
        let text = known.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        let Some(Ok(private)) = text.map(yaml::from_str::<PrivateMetadata>) else { return Ok(()) };
        if self.layouts.own().kind() == LayoutKind::Native {
            let rules = folder.join(permission::FILE)?;
            let written = permission::owner_alone(&self.owner)?;
            let there = self.disk().read_if_there(&rules, yaml::MAX_BYTES as u64)?;
            if there.as_deref() == Some(written.as_bytes()) {
                self.disk().remove_file(&rules)?;
            }
        }
        self.describe_private(&folder, name, &private.uid)
    }
}
