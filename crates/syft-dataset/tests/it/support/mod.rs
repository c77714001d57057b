//! A home on a real disk that fails on demand, and files to hand in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use syft_core::testing::{FaultyDisk, ManualClock, SeededEntropy};
use syft_core::{DatasetName, DirDisk, Disk, Email, HomePath, LayoutKind, Layouts, Timestamp};
use syft_dataset::{Audience, DatasetStore, NewDataset};
use tempfile::TempDir;

pub struct Home {
    pub folder: TempDir,
    pub disk: Arc<FaultyDisk>,
    pub store: DatasetStore,
    pub sources: TempDir,
}

pub fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub fn alice() -> Email {
    email("alice@hospital.org")
}

pub fn name(text: &str) -> DatasetName {
    DatasetName::parse(text).unwrap()
}

pub fn users(words: &[&str]) -> Audience {
    Audience::parse(words).unwrap()
}

impl Home {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let real: Arc<dyn Disk> = Arc::new(DirDisk::open(folder.path()).unwrap());
        let disk = Arc::new(FaultyDisk::new(real));
        let noon = Timestamp::new(1_773_480_413.5).unwrap();
        let store =
            DatasetStore::new(disk.clone(), Layouts::new(alice(), LayoutKind::Native), alice())
                .with_clock(Arc::new(ManualClock::at(noon)))
                .with_entropy(Arc::new(SeededEntropy::new(1)));
        Home { folder, disk, store, sources: TempDir::new().unwrap() }
    }

    /// A file to hand in; folders above it are made.
    pub fn source(&self, path: &str, content: &str) -> PathBuf {
        let file = self.sources.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        file
    }

    /// A dataset with a mock of one file and private data of one file.
    pub fn census(&self) -> NewDataset {
        NewDataset {
            mock: Some(self.source("mock.csv", "a\n1\n")),
            private: Some(self.source("private.csv", "a\n2\n")),
            ..NewDataset::named(name("census"))
        }
    }

    pub fn path(&self, below_home: &str) -> PathBuf {
        self.folder.path().join(below_home)
    }

    pub fn text(&self, below_home: &str) -> String {
        std::fs::read_to_string(self.path(below_home)).unwrap()
    }

    /// Every file below the home with its content, by path.
    pub fn tree(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(self.folder.path(), self.folder.path(), &mut files);
        files.sort();
        files
    }

    /// The files of [`Home::tree`] below the datasites.
    pub fn datasites(&self) -> Vec<(String, String)> {
        self.tree().into_iter().filter(|(path, _)| !path.starts_with(".syft/")).collect()
    }

    pub fn staging_is_empty(&self) -> bool {
        let staging = HomePath::parse(".syft/staging").unwrap();
        self.disk.list(&staging).unwrap().is_empty()
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let below = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((below, std::fs::read_to_string(&path).unwrap()));
        }
    }
}
