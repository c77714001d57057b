use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, DatasitePath, Email, HomePath, Timestamp};

use crate::Audience;

/// A dataset as it stands in a datasite.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its name: the name of its folder.
    pub name: DatasetName,
    /// Whose it is: the datasite that it stands in.
    pub owner: Email,
    /// What its owner identifies it by; foreign text in a copy.
    pub uid: String,
    /// One line on what it is; foreign text in a copy.
    pub summary: Option<String>,
    /// Words to find it by; foreign text in a copy.
    pub tags: Vec<String>,
    /// Who may have the mock; only the owner knows.
    pub audience: Option<Audience>,
    /// The files of the mock, by path within the dataset.
    pub mock: Vec<FileInfo>,
    /// The private files; `None` on any machine but the owner's, and for a
    /// dataset that is a mock only.
    pub private: Option<Vec<FileInfo>>,
    /// The readme, a file of the mock folder.
    pub readme: Option<DatasitePath>,
    /// When it was created, as its owner says.
    pub created_at: Option<Timestamp>,
    /// When its content last changed, as its owner says.
    pub updated_at: Option<Timestamp>,
}

/// One file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Path within the mock or private folder.
    pub path: DatasitePath,
    /// Size in bytes.
    pub size: u64,
    /// Hash of the content.
    pub sha256: ContentHash,
}

/// The datasets of a datasite.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that can be read, by name.
    pub datasets: Vec<Dataset>,
    /// Folders that should be datasets and are not: one never hides the others.
    pub unreadable: Vec<Unreadable>,
}

/// A folder that should be a dataset and is not.
#[derive(Debug)]
pub struct Unreadable {
    /// Its name; foreign text in a copy.
    pub folder: String,
    /// Why not.
    pub reason: crate::Error,
}

/// Where a dataset's content lies: its file, or its folder if it has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The mock.
    pub mock: HomePath,
    /// The private data; `None` on any machine but the owner's, and for a
    /// dataset that is a mock only.
    pub private: Option<HomePath>,
}
