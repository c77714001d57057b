use serde::{Deserialize, Serialize};
use syft_core::{DatasetName, DatasitePath};

/// Something in an output that may disclose private data. It quotes none.
///
/// The name of the file is as the job chose it, and may itself be data: such a name
/// has a finding of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The output.
    pub file: DatasitePath,
    /// What it is.
    pub kind: FindingKind,
    /// Whether it is worth a question, or only worth knowing.
    pub severity: Severity,
    /// The first place where it was seen, if it is at one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// The dataset that it may disclose, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dataset: Option<DatasetName>,
    /// For the data owner: what was seen, why it may disclose, what to do.
    pub detail: String,
}

/// The kinds of [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A count of fewer than k people.
    SmallCount,
    /// A row of private data, as it is.
    RowCopy,
    /// A row of private data, rounded or with few cells changed.
    NearRowCopy,
    /// A table with about as many rows as the private data, and of its columns.
    RowLike,
    /// A column with very many different values of the private data, or much free text.
    ManyValues,
    /// A total or mean that is mostly one person's, or of fewer than k people.
    Dominance,
    /// A value that stands for one person, in a cell, a text, a key or a file name.
    PrivateValue,
    /// A file of a type that cannot be looked into, or that is not what its name says.
    OddType,
    /// A picture that is very large or holds more than the picture.
    Image,
    /// A result that differs from one released before by fewer than k people.
    Difference,
    /// A file of a known type that could not be read.
    Unreadable,
    /// A file that was not held against all of the private data.
    NotCompared,
    /// A count that is not rounded: a note.
    UnroundedCount,
}

impl FindingKind {
    /// Whether it is worth a question, or only worth knowing.
    pub fn severity(self) -> Severity {
        match self {
            FindingKind::UnroundedCount => Severity::Note,
            _ => Severity::Finding,
        }
    }
}

/// How much a [`Finding`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; not a reason to hold a file.
    Note,
    /// Worth a question before the file leaves.
    Finding,
}

/// Where in an output, by numbers alone: a name in it may itself be data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The row of the table, or line of the text, from 1; 0 is the header of a table.
    pub row: u64,
    /// The column of the table, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u64>,
}
