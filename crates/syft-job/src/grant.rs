//! What of a dataset a job may read: of all its datasets the real data, or of all
//! of them the mock.

use std::path::PathBuf;

use serde::Deserialize;
use syft_core::{DatasetName, Email, FileKind, HomePath, yaml};

use crate::{Error, JobStore, Result};

/// Files that the owner keeps beside the real data.
const BESIDE_REAL: [&str; 2] = ["syft.pub.yaml", "private_metadata.yaml"];
/// Files that describe a mock, and are not part of it.
const BESIDE_MOCK: [&str; 2] = ["syft.pub.yaml", METADATA];
const METADATA: &str = "dataset.yaml";

/// Which side of its datasets a job reads. One job reads one side: there is no
/// way to ask for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataSide<'a> {
    /// A run: the real data of this home's owner.
    Real,
    /// A rehearsal: what this home has of this owner's mocks.
    Mock(&'a Email),
}

/// One granted dataset.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) variable: String,
    /// Its one file, or its folder.
    pub(crate) path: PathBuf,
    /// The data in it. What else stands in the folder is the owner's.
    pub(crate) entries: Vec<PathBuf>,
}

/// All that is read here of `dataset.yaml`.
#[derive(Debug, Default, Deserialize)]
struct MockMetadata {
    #[serde(default)]
    readme_url: Option<String>,
}

impl JobStore {
    /// One side of these datasets; `job` is what they are for, as an error names it.
    pub(crate) fn grants(
        &self,
        job: &str,
        datasets: &[DatasetName],
        side: DataSide<'_>,
    ) -> Result<Vec<Grant>> {
        let mut grants: Vec<Grant> = Vec::new();
        for name in datasets {
            let variable = name.variable();
            if grants.iter().any(|grant| grant.variable == variable) {
                let reason = format!("two of its datasets are both ${variable}");
                return Err(Error::Malformed { job: job.to_owned(), reason });
            }
            let (path, entries) = match side {
                DataSide::Real => self.real_data(name)?,
                DataSide::Mock(owner) => self.mock_data(owner, name)?,
            };
            grants.push(Grant { variable, path, entries });
        }
        Ok(grants)
    }

    /// The file of a dataset of mine, or its folder if it has several; and its data,
    /// entry by entry.
    pub(crate) fn real_data(&self, name: &DatasetName) -> Result<(PathBuf, Vec<PathBuf>)> {
        let folder = self.layouts.real_data(&*self.disk, name)?;
        let data = self.granted(&folder, &self.real_entries(&folder)?)?;
        data.ok_or_else(|| Error::NoDataset(name.clone()))
    }

    /// The data in the folder of a dataset of mine: what a job is granted of it.
    pub(crate) fn real_entries(&self, folder: &HomePath) -> Result<Vec<(String, FileKind)>> {
        self.data_in(folder, |entry| BESIDE_REAL.contains(&entry))
    }

    /// The same of what this home has of a mock.
    pub(crate) fn mock_data(
        &self,
        owner: &Email,
        name: &DatasetName,
    ) -> Result<(PathBuf, Vec<PathBuf>)> {
        let folder = self.layouts.mock(&*self.disk, owner, name)?;
        let data = self.granted(&folder, &self.mock_entries(&folder)?)?;
        data.ok_or_else(|| Error::NoMock { owner: owner.clone(), dataset: name.clone() })
    }

    /// The data in the folder of a mock.
    pub(crate) fn mock_entries(&self, folder: &HomePath) -> Result<Vec<(String, FileKind)>> {
        let readme = self.readme_of(folder)?;
        let beside = |entry: &str| BESIDE_MOCK.contains(&entry) || Some(entry) == readme.as_deref();
        self.data_in(folder, beside)
    }

    /// The Markdown file that a mock names as its readme.
    fn readme_of(&self, folder: &HomePath) -> Result<Option<String>> {
        let bytes = self.disk.read_if_there(&folder.join(METADATA)?, yaml::MAX_BYTES as u64)?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        // What cannot be read names no readme: then all files are data.
        let metadata: MockMetadata = yaml::from_str(&text).unwrap_or_default();
        let name = metadata.readme_url.as_deref().and_then(|url| url.rsplit('/').next());
        Ok(name.filter(|name| name.ends_with(".md")).map(str::to_owned))
    }

    fn data_in(
        &self,
        folder: &HomePath,
        is_beside: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, FileKind)>> {
        let entries = self.disk.list(folder)?.into_iter();
        let data = entries.filter_map(|entry| {
            let name = entry.name.ok()?;
            (!is_beside(&name) && !name.starts_with('.')).then_some((name, entry.metadata.kind))
        });
        Ok(data.collect())
    }

    /// The file that this data is, or its folder; and all of it, entry by entry.
    fn granted(
        &self,
        folder: &HomePath,
        data: &[(String, FileKind)],
    ) -> Result<Option<(PathBuf, Vec<PathBuf>)>> {
        let path = match data {
            [] => return Ok(None),
            [(file, FileKind::File)] => folder.join(file)?,
            _ => folder.clone(),
        };
        let mut granted = Vec::new();
        for (entry, kind) in data {
            // A link would grant what it leads to.
            if matches!(kind, FileKind::File | FileKind::Folder) {
                granted.push(self.disk.real_path(&folder.join(entry)?));
            }
        }
        Ok(Some((self.disk.real_path(&path), granted)))
    }
}
