//! Datasets that a job's code names without asking for them, as each job of a Python
//! client does: its `config.yaml` has no place for them (`protocol.md` i.1).

use std::collections::{BTreeMap, BTreeSet};

use syft_core::{DatasetName, HomePath};

use crate::visible::may_be_text;
use crate::{JobStore, Result};

impl JobStore {
    /// Those of my datasets whose names stand in these files, quoted or as a part of a
    /// path, beside those that were asked for. It is a help for a reader, and grants nothing.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn named_datasets(
        &self,
        asked_for: &[DatasetName],
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Vec<DatasetName>> {
        let mut mine = BTreeSet::new();
        for folder in self.layouts.own().mock_folders() {
            let entries = self.disk.list(&HomePath::in_datasite(&self.me, &folder))?;
            let names = entries.into_iter().filter_map(|entry| entry.name.ok());
            mine.extend(names.filter_map(|name| DatasetName::parse(&name).ok()));
        }
        mine.retain(|name| !asked_for.contains(name) && self.real_data(name).is_ok());
        let texts = files.values().filter(|bytes| may_be_text(bytes));
        let texts: Vec<_> = texts.map(|bytes| String::from_utf8_lossy(bytes)).collect();
        mine.retain(|name| texts.iter().any(|text| names(text, name.as_str())));
        Ok(mine.into_iter().collect())
    }
}

/// Whether a text holds a name between quotes, or as one part of a path.
fn names(text: &str, name: &str) -> bool {
    let is_edge = |c: Option<char>| matches!(c, Some('"' | '\'' | '/'));
    text.match_indices(name).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.strip_prefix(name).and_then(|after| after.chars().next());
        is_edge(before.chars().next_back()) && is_edge(after)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_name_stands_for_a_dataset_only_as_a_whole() {
        for text in [
            "resolve_dataset_file_path('beds')",
            "open(\"beds\")",
            "'syft://a@b.org/public/syft_datasets/beds/mock.csv'",
        ] {
            assert!(names(text, "beds"), "{text}");
        }
        for text in ["beds = 1", "'flowerbeds'", "'beds.csv'", "\"beds", ""] {
            assert!(!names(text, "beds"), "{text}");
        }
    }
}
