//! The corpus: people who do not exist, what a job may say of them, and what it must not.

pub(crate) mod innocent;
pub(crate) mod leaks;
pub(crate) mod people;
pub(crate) mod pictures;
pub(crate) mod sheet;

use syft_core::DatasitePath;
use syft_disclosure::{Checked, Checker, Earlier, Output, Private};

/// A file that a job made.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    pub(crate) fn new(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        File { path: path.to_owned(), bytes: bytes.into() }
    }
}

pub(crate) fn check_with(
    checker: &Checker,
    private: &[Private],
    earlier: &[Earlier],
    file: &File,
) -> Checked {
    let path = DatasitePath::parse(&file.path).unwrap();
    checker.check(private, earlier, &[Output { path: &path, bytes: &file.bytes }])
}

pub(crate) fn check(file: &File, earlier: &[Earlier]) -> Checked {
    check_with(&Checker::default(), &[people::private()], earlier, file)
}
