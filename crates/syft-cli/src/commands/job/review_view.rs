use serde::Serialize;
use syft_sync::core::{ContentHash, DatasetName};
use syft_sync::job::sandbox::{IsolationLevel, Limits};
use syft_sync::job::{DiffBase, FileChange, Flag, FlagKind, JobDiff, Review, ReviewFile};

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
    /// On the mock, here; `None` if it was not tried.
    rehearsal: Option<RehearsalView>,
    files: Vec<FileView>,
    allows: AllowsView,
}

#[derive(Debug, Serialize)]
struct RehearsalView {
    in_words: String,
    /// The last lines that it printed, each safe to show.
    printed: Vec<String>,
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
    pub(in crate::commands) fn new(review: &Review) -> Self {
        let flag = |flag: &Flag| FlagView {
            kind: flag.kind,
            suspicious: flag.kind.is_suspicious(),
            file: flag.file.clone(),
            line: flag.line,
            detail: flag.detail.clone(),
        };
        let file = |file: &ReviewFile| FileView {
            path: file.path.clone(),
            size: file.size,
            sha256: file.sha256,
            lines: file.lines.clone(),
        };
        ReviewView {
            digest: review.digest,
            description: review.description.clone(),
            flags: review.flags.iter().map(flag).collect(),
            one_key_approval: review.one_key_approval_allowed(),
            packages: review.packages.clone(),
            changed: review.changed.clone(),
            difference: review.difference.as_ref().map(DifferenceView::from),
            rehearsal: review.rehearsal.as_ref().map(|it| RehearsalView {
                in_words: it.to_string(),
                printed: review.rehearsal_printed(),
            }),
            files: review.files.iter().map(file).collect(),
            allows: AllowsView {
                datasets: review.datasets.clone(),
                packages: review.packages.clone(),
                packages_known: review.packages_are_known,
                limits: review.limits.clone(),
                isolation: review.minimum,
            },
        }
    }
}

impl From<&JobDiff> for DifferenceView {
    fn from(of: &JobDiff) -> Self {
        DifferenceView { base: of.base.clone(), files: of.files.clone(), diff: of.text.clone() }
    }
}
