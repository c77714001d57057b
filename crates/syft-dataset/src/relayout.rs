//! Datasets move with their datasite when it takes another layout.

use syft_core::{Access, DatasetName, FileKind, HomePath, LayoutKind, SyftUrl, yaml};

use crate::metadata::{self, Metadata, PrivateMetadata};
use crate::{DatasetStore, Result, permission};

impl DatasetStore {
    /// Moves all my datasets from where one layout has them to where mine has them
    /// now, with their addresses changed. Repeating it finishes what was begun.
    ///
    /// # Errors
    /// The disk's.
    pub fn take_layout(&self, from: LayoutKind) -> Result<()> {
        let (old, new) = (from.layout(), self.layouts.own());
        for name in self.names_in(&old.mocks())? {
            self.move_to(&old.mock(&name), &new.mock(&name), Access::Shared)?;
        }
        let private = |layout: &dyn syft_core::Layout, name: &DatasetName| layout.real_data(name);
        for name in self.names_in_parent(old)? {
            self.move_to(&private(old, &name), &private(new, &name), Access::OwnerOnly)?;
        }
        for name in self.names_in(&new.mocks())? {
            self.readdress(&name, from)?;
        }
        Ok(())
    }

    fn names_in_parent(&self, layout: &dyn syft_core::Layout) -> Result<Vec<DatasetName>> {
        let any = DatasetName::parse("any")?;
        match layout.real_data(&any).parent() {
            Some(folder) => self.names_in(&folder),
            None => Ok(Vec::new()),
        }
    }

    fn names_in(&self, folder: &syft_core::DatasitePath) -> Result<Vec<DatasetName>> {
        let entries = self.disk().list(&HomePath::in_datasite(&self.owner, folder))?;
        let folders = entries.into_iter().filter(|entry| entry.metadata.kind == FileKind::Folder);
        Ok(folders.filter_map(|entry| DatasetName::existing(&entry.name.ok()?).ok()).collect())
    }

    fn move_to(
        &self,
        from: &syft_core::DatasitePath,
        to: &syft_core::DatasitePath,
        access: Access,
    ) -> Result<()> {
        let place = |path| HomePath::in_datasite(&self.owner, path);
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
        let path = folder.join(metadata::PRIVATE_FILE)?;
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
