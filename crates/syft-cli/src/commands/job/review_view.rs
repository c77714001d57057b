use serde::Serialize;
use syft_sync::core::{ContentHash, DatasetName};
use syft_sync::job::sandbox::{IsolationLevel, Limits};
use syft_sync::job::{DiffBase, FileChange, FlagKind, JobDiff, Review};

/// What a program reads of a review: all that a person is shown.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct ReviewView {
    digest: ContentHash,
    /// Safe to show.
    description: Option<String>,
    flags: Vec<FlagView>,
    one_key_approval: bool,
    /// What it would run with, or asks for.
    packages: Vec<String>,
    changed: Vec<String>,
    /// Since the bytes that were approved last; `None` if none were.
    difference: Option<DifferenceView>,
    files: Vec<FileView>,
    allows: AllowsView,
}

/// What an approval would allow: one run of exactly these bytes. Nothing of what it produces
/// leaves by that.
#[derive(Debug, Serialize)]
struct AllowsView {
    datasets: Vec<DatasetName>,
    packages: Vec<String>,
    /// Whether these are versions, and not what it asks for.
    packages_known: bool,
    limits: Limits,
    /// The weakest box.
    isolation: IsolationLevel,
}

#[derive(Debug, Serialize)]
struct FlagView {
    kind: FlagKind,
    file: Option<String>,
    line: Option<usize>,
    detail: String,
    suspicious: bool,
}

#[derive(Debug, Serialize)]
struct DifferenceView {
    base: DiffBase,
    files: Vec<FileChange>,
    /// Safe to show.
    diff: String,
}

#[derive(Debug, Serialize)]
struct FileView {
    path: String,
    size: u64,
    sha256: ContentHash,
    /// Safe to show; `None` if a person cannot read it.
    lines: Option<Vec<String>>,
}

impl ReviewView {
    pub(in crate::commands) fn new(review: Review) -> Self {
        let flags = review.flags.iter().cloned();
        let files = review.files.iter().cloned();
        ReviewView {
            digest: review.digest,
            one_key_approval: review.one_key_approval_allowed(),
            flags: flags
                .map(|flag| FlagView {
                    kind: flag.kind,
                    suspicious: flag.kind.is_suspicious(),
                    file: flag.file,
                    line: flag.line,
                    detail: flag.detail,
                })
                .collect(),
            files: files
                .map(|file| FileView {
                    path: file.path,
                    size: file.size,
                    sha256: file.sha256,
                    lines: file.lines,
                })
                .collect(),
            difference: review.difference.map(DifferenceView::from),
            changed: review.changed,
            description: review.description,
            packages: review.packages.clone(),
            allows: AllowsView {
                datasets: review.datasets,
                packages: review.packages,
                packages_known: review.packages_are_known,
                limits: review.limits,
                isolation: review.minimum,
            },
        }
    }
}

impl From<JobDiff> for DifferenceView {
    fn from(of: JobDiff) -> Self {
        DifferenceView { base: of.base, files: of.files, diff: of.text }
    }
}
