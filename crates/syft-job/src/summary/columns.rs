use std::collections::BTreeSet;
use std::io::Read as _;

use syft_core::{DatasetName, DatasitePath, Email, FileKind, HomePath, yaml};
use syft_disclosure::{ReadLimits, Table};
use syft_perm::{Level, PERMISSION_FILE, Permissions};

use crate::{JobStore, Result};

/// So much of a message is looked at, in bytes.
const LOOKED_AT: usize = 4096;
/// polars lists the columns of the private table behind these words.
const LIST: &str = "valid columns";
/// So many files of a mock are looked at.
const MAX_FILES: usize = 64;
/// So much of each of them, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// The first column of a mock that the message of a missing key quotes.
pub(super) fn missing_column<'a>(
    exception: Option<&str>,
    message: &str,
    columns: &'a BTreeSet<String>,
) -> Option<&'a str> {
    if !matches!(exception, Some("KeyError" | "ColumnNotFoundError")) {
        return None;
    }
    let message = message.get(..message.floor_char_boundary(LOOKED_AT))?;
    let message = message.split(LIST).next()?;
    let quoted = |column: &str| {
        let at = |quote: char| message.find(&format!("{quote}{column}{quote}"));
        [at('\''), at('"')].into_iter().flatten().min()
    };
    let named = columns.iter().filter(|column| !column.trim().is_empty());
    let found = named.filter_map(|column| Some((quoted(column)?, column)));
    found.min().map(|(_, column)| column.as_str())
}

impl JobStore {
    /// The columns of the mocks of datasets of mine that somebody may have. A mock that is
    /// not there or cannot be read has none.
    pub(crate) fn mock_columns(
        &self,
        datasets: &[DatasetName],
        reader: &Email,
    ) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        for name in datasets {
            for (path, bytes) in self.mock_files(name, reader).unwrap_or_default() {
                let tables = Table::read(&path, &bytes, &ReadLimits::default()).unwrap_or_default();
                columns.extend(tables.iter().flat_map(Table::columns).cloned());
            }
        }
        columns
    }

    /// The first files of a mock of mine that somebody may have, each as far as its columns
    /// need it.
    fn mock_files(
        &self,
        name: &DatasetName,
        reader: &Email,
    ) -> Result<Vec<(DatasitePath, Vec<u8>)>> {
        let folder = self.layouts.mock(&*self.disk, &self.me, name)?;
        let mut files = Vec::new();
        let permissions = self.permissions_to(&folder)?;
        let may_read = |path: String| permissions.allows(reader.as_str(), &path, Level::Read);
        if !may_read(format!("{}/", in_datasite(&folder))) {
            return Ok(files);
        }
        let mut pending = Vec::new();
        for (entry, kind) in self.mock_entries(&folder)? {
            pending.push((folder.join(&entry)?, kind));
        }
        while let Some((path, kind)) = pending.pop()
            && files.len() < MAX_FILES
        {
            match kind {
                FileKind::File if may_read(in_datasite(&path)) => {
                    files.push((DatasitePath::parse(path.file_name())?, self.beginning(&path)?));
                }
                // What is below may be for others, by a permission file of its own.
                FileKind::Folder if self.permission_file(&path)?.is_none() => {
                    for entry in self.disk.list(&path)? {
                        let Ok(name) = entry.name else { continue };
                        pending.push((path.join(&name)?, entry.metadata.kind));
                    }
                }
                _ => {}
            }
        }
        Ok(files)
    }

    /// Who may do what in a folder of my datasite, by the permission files on the way to it.
    fn permissions_to(&self, folder: &HomePath) -> Result<Permissions> {
        let mut files = Vec::new();
        let mut next = Some(folder.clone());
        while let Some(here) = next {
            if let Some(text) = self.permission_file(&here)? {
                files.push((in_datasite(&here), text));
            }
            next = here.parent();
        }
        Ok(Permissions::compile(self.me.as_str(), files))
    }

    /// The permission file of a folder, or why it cannot be read.
    fn permission_file(
        &self,
        folder: &HomePath,
    ) -> Result<Option<std::result::Result<String, String>>> {
        let path = folder.join(PERMISSION_FILE)?;
        let bytes = self.disk.read_if_there(&path, yaml::MAX_BYTES as u64)?;
        Ok(bytes.map(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string())))
    }

    /// A file, or its first lines if it is large.
    fn beginning(&self, path: &HomePath) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let body = self.disk.open(path)?;
        body.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|source| syft_core::Error::Io {
            action: "read",
            path: path.to_string(),
            source,
        })?;
        if bytes.len() as u64 == MAX_BYTES {
            let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            bytes.truncate(end);
        }
        Ok(bytes)
    }
}

/// A place in a datasite, without whose it is.
fn in_datasite(path: &HomePath) -> String {
    path.components().skip(1).collect::<Vec<_>>().join("/")
}
