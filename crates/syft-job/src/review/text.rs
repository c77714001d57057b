use std::collections::BTreeSet;
use std::fmt;

use syft_core::{DatasetName, safe_text};

use crate::lines::{self, COLUMNS, Lines, numbered};
use crate::{Meaning, Review, ReviewFile, ShownLine};

/// Of what a rehearsal printed, the last lines are shown.
const LOG_LINES: usize = 5;

impl Review {
    /// The whole review for a terminal of so many columns: lines of files are numbered and
    /// never cut, and what goes on in the next line is marked.
    #[must_use]
    pub fn lines(&self, columns: usize) -> Vec<ShownLine> {
        let mut lines = Lines::new(columns);
        lines.add(Meaning::Title, &format!("job {}  ", self.id), &self.title);
        lines.add(Meaning::Faint, "digest ", &self.digest.to_string());
        if let Some(description) = &self.description {
            lines.foreign(description);
        }
        for flag in &self.flags {
            let meaning = match flag.kind.is_suspicious() {
                true => Meaning::Suspicious,
                false => Meaning::Notable,
            };
            lines.add(meaning, "", &flag.to_string());
        }
        if let Some(rehearsal) = &self.rehearsal {
            lines.sentence("rehearsed on the mock: ", &rehearsal.to_string());
            self.rehearsal_printed().iter().for_each(|line| lines.foreign(line));
        }
        let difference = self.difference.iter().map(|difference| difference.lines(columns));
        for difference in difference {
            lines.empty();
            lines.extend(difference);
        }
        for file in &self.files {
            lines.empty();
            self.file(&mut lines, file);
        }
        lines.empty();
        self.allowed(&mut lines);
        lines.into_vec()
    }

    /// The last lines that the rehearsal printed, each safe to show.
    #[must_use]
    pub fn rehearsal_printed(&self) -> Vec<String> {
        self.rehearsal.as_ref().map(|it| it.last_lines(LOG_LINES)).unwrap_or_default()
    }

    fn file(&self, lines: &mut Lines, file: &ReviewFile) {
        let (path, size) = (safe_text(&file.path), file.size);
        let Some(content) = &file.lines else {
            let title = format!("{path} ({size} bytes, no text, sha256 {})", file.sha256);
            return lines.add(Meaning::Title, "── ", &title);
        };
        lines.add(Meaning::Title, "── ", &format!("{path} ({size} bytes)"));
        let suspicious = self.flags.iter().filter(|flag| flag.kind.is_suspicious());
        let suspicious: BTreeSet<usize> = suspicious
            .filter(|flag| flag.file.as_ref() == Some(&file.path))
            .filter_map(|flag| flag.line)
            .collect();
        for (index, line) in content.iter().enumerate() {
            let meaning = match suspicious.contains(&(index + 1)) {
                true => Meaning::Suspicious,
                false => Meaning::Plain,
            };
            lines.add(meaning, &numbered(index), line);
        }
    }

    fn allowed(&self, lines: &mut Lines) {
        let names: Vec<&str> = self.datasets.iter().map(DatasetName::as_str).collect();
        let datasets = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        lines.add(Meaning::Title, "", "approving allows one run of exactly these bytes:");
        lines.sentence("  real data   ", &datasets);
        if !self.packages.is_empty() {
            let mut packages = self.packages.join(", ");
            if !self.packages_are_known {
                packages.push_str("; you are told the versions when you approve");
            }
            lines.sentence("  packages    ", &packages);
        }
        let level = format!("{} or stronger: {}", self.minimum, self.minimum.in_words());
        lines.sentence("  box         ", &level);
        lines.sentence("  limits      ", &self.limits.in_words().join(", "));
        lines.plain("", "nothing of what it produces leaves before you release it");
    }
}

/// The same as text, in lines of 100 columns.
impl fmt::Display for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines::write(f, &self.lines(COLUMNS))
    }
}
