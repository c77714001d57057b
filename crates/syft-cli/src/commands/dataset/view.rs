use serde::Serialize;
use syft_sync::core::{DatasetName, Email};
use syft_sync::dataset::{Audience, Dataset, FileInfo};

use crate::output::{Page, Table, count, iso};

/// A dataset as programs read it.
#[derive(Debug, Serialize)]
pub(super) struct DatasetView {
    pub(super) name: DatasetName,
    pub(super) owner: Email,
    pub(super) summary: Option<String>,
    pub(super) tags: Vec<String>,
    /// Only the owner knows.
    pub(super) shared_with: Option<Vec<String>>,
    pub(super) mock: Vec<FileInfo>,
    /// Only on the owner's machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) private: Option<Vec<FileInfo>>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

impl From<Dataset> for DatasetView {
    fn from(dataset: Dataset) -> Self {
        DatasetView {
            name: dataset.name,
            owner: dataset.owner,
            summary: dataset.summary,
            tags: dataset.tags,
            shared_with: dataset.audience.map(|audience| audience.words()),
            mock: dataset.mock,
            private: dataset.private,
            created_at: dataset.created_at.map(iso),
            updated_at: dataset.updated_at.map(iso),
        }
    }
}

impl DatasetView {
    /// `OWNER/NAME`.
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Who may have it, as far as is known here.
    pub(super) fn shared_in_words(&self) -> String {
        match &self.shared_with {
            None => "with you".to_owned(),
            Some(words) if words.is_empty() => "with nobody".to_owned(),
            Some(words) if words.iter().any(|word| word == Audience::ANY) => {
                "with any peer".to_owned()
            }
            Some(words) => format!("with {}", words.join(", ")),
        }
    }

    /// One page about it.
    pub(super) fn write(&self, page: &mut Page) {
        page.title(self.full_name());
        let private = match &self.private {
            Some(files) => format!("{}, stays here", files_in_words(files)),
            None => String::new(),
        };
        page.fields([
            ("summary", self.summary.clone().unwrap_or_default()),
            ("tags", self.tags.join(", ")),
            ("shared", self.shared_in_words()),
            ("mock", files_in_words(&self.mock)),
            ("private", private),
            ("created", self.created_at.clone().unwrap_or_default()),
            ("updated", self.updated_at.clone().unwrap_or_default()),
        ]);
    }

    /// Its files.
    pub(super) fn write_files(&self, page: &mut Page) {
        page.gap();
        let mut table = Table::new(["PART", "FILE", "SIZE", "SHA-256"]);
        let parts = [("mock", Some(&self.mock)), ("private", self.private.as_ref())];
        for (part, files) in parts {
            for file in files.into_iter().flatten() {
                table.row([
                    part.to_owned(),
                    file.path.to_string(),
                    bytes(file.size),
                    file.sha256.short(),
                ]);
            }
        }
        page.table(table);
    }
}

/// How many files, and how large.
pub(super) fn files_in_words(files: &[FileInfo]) -> String {
    let size = files.iter().map(|file| file.size).sum();
    format!("{}, {}", count(files.len(), "file", "files"), bytes(size))
}

/// A size for people.
pub(in crate::commands) fn bytes(size: u64) -> String {
    const STEP: u64 = 1024;
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if size < STEP {
        return format!("{size} B");
    }
    let mut unit = STEP;
    let mut name = "KiB";
    for next in units.into_iter().skip(1) {
        if size / unit < STEP {
            break;
        }
        unit *= STEP;
        name = next;
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let number = size as f64 / unit as f64;
    format!("{number:.1} {name}")
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_told_in_units() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(1_024), "1.0 KiB");
        assert_eq!(bytes(1_572_864), "1.5 MiB");
        assert_eq!(bytes(3 << 30), "3.0 GiB");
    }
}
