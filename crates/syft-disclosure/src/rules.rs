use serde::{Deserialize, Serialize};

/// How strict the checks are. The defaults suit tables about people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// A count of people below this, and above 0, is a finding.
    pub k: u32,
    /// The share of the cells of a row that make it a near copy of a private one.
    pub near: f64,
    /// The share of a total that one person may contribute.
    pub dominance: f64,
    /// A table with at least this share of the private rows is like the rows themselves.
    pub rows_share: f64,
    /// Pictures with more pixels may hold a table.
    pub most_image_pixels: u64,
    /// How much of a file is read.
    pub limits: ReadLimits,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            k: 5,
            near: 0.8,
            dominance: 0.85,
            rows_share: 0.5,
            most_image_pixels: 4_000_000,
            limits: ReadLimits::default(),
        }
    }
}

/// What is read of one file at most. What is beyond is told, and not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadLimits {
    /// Bytes of a file, and of what a Parquet file unpacks to.
    pub bytes: usize,
    /// Cells of a file. One that can be taken for several tables may have three times as
    /// many in all of them.
    pub cells: usize,
    /// Columns of a table.
    pub columns: usize,
    /// Comparisons between an output and private rows, in cells.
    pub comparisons: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        ReadLimits { bytes: 32 << 20, cells: 2_000_000, columns: 2_000, comparisons: 400_000_000 }
    }
}
