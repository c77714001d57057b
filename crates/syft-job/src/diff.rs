use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use similar::TextDiff;
use syft_core::{ContentHash, DatasetName, safe_text};

use crate::Meaning;
use crate::records::Revision;

/// So long the smallest difference of a file is looked for; after that a larger one will do.
const LONGEST: Duration = Duration::from_secs(2);

/// The files of a revision, by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The fields and files in which two revisions differ, as a unified diff. Every
/// line is safe to show.
pub(crate) fn unified(old: (&Revision, &Files), new: (&Revision, &Files)) -> String {
    let mut text = fields(old.0, new.0);
    let paths: BTreeSet<&String> = old.1.keys().chain(new.1.keys()).collect();
    for path in paths {
        let (before, after) = (old.1.get(path), new.1.get(path));
        if before != after {
            text.push_str(&file(path, before.map(Vec::as_slice), after.map(Vec::as_slice)));
        }
    }
    text
}

fn fields(old: &Revision, new: &Revision) -> String {
    let names = |names: &[DatasetName]| {
        names.iter().map(DatasetName::as_str).collect::<Vec<_>>().join(", ")
    };
    let pairs = [
        ("entrypoint", old.entrypoint.clone(), new.entrypoint.clone()),
        ("dependencies", Some(old.dependencies.join(", ")), Some(new.dependencies.join(", "))),
        ("datasets", Some(names(&old.datasets)), Some(names(&new.datasets))),
    ];
    let mut text = String::new();
    for (name, before, after) in pairs {
        if before != after {
            for (sign, value) in [('-', before), ('+', after)] {
                let value = value.unwrap_or_default();
                text.push_str(&format!("{sign}{name}: {}\n", safe_text(&value)));
            }
        }
    }
    text
}

fn file(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let shown = safe_text(path);
    let header = match (before, after) {
        (None, _) => ("/dev/null".to_owned(), format!("new/{shown}")),
        (_, None) => (format!("old/{shown}"), "/dev/null".to_owned()),
        _ => (format!("old/{shown}"), format!("new/{shown}")),
    };
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let (Ok(old), Ok(new)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else {
        let (was, is) = (ContentHash::of(before), ContentHash::of(after));
        return format!(
            "--- {}\n+++ {}\nno text: {} bytes, sha256 {was}, to {} bytes, sha256 {is}\n",
            header.0,
            header.1,
            before.len(),
            after.len()
        );
    };
    let diff = TextDiff::configure().timeout(LONGEST).diff_lines(old, new);
    let unified = diff.unified_diff().context_radius(3).header(&header.0, &header.1).to_string();
    let mut safe = String::new();
    for line in unified.strip_suffix('\n').unwrap_or(&unified).split('\n') {
        safe.push_str(&safe_text(line));
        safe.push('\n');
    }
    safe
}

/// How many lines of the old and the new file are still to come in a part of a diff. What
/// stands in files may look like a head.
#[derive(Debug, Default)]
pub(crate) struct Hunk {
    old: usize,
    new: usize,
}

impl Hunk {
    /// How the next line of a unified diff is meant.
    pub(crate) fn meaning(&mut self, line: &str) -> Meaning {
        let is_inside = self.old > 0 || self.new > 0;
        match line.as_bytes().first() {
            Some(b'+') if is_inside => {
                self.new = self.new.saturating_sub(1);
                Meaning::Added
            }
            Some(b'-') if is_inside => {
                self.old = self.old.saturating_sub(1);
                Meaning::Removed
            }
            // That there is no line break at the end of a file.
            Some(b'\\') => Meaning::Faint,
            _ if is_inside => {
                (self.old, self.new) = (self.old.saturating_sub(1), self.new.saturating_sub(1));
                Meaning::Plain
            }
            _ => self.outside(line),
        }
    }

    fn outside(&mut self, line: &str) -> Meaning {
        if let Some((old, new)) = counts(line) {
            (self.old, self.new) = (old, new);
            return Meaning::Faint;
        }
        match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Meaning::Title,
            [b'+', ..] => Meaning::Added,
            [b'-', ..] => Meaning::Removed,
            _ => Meaning::Plain,
        }
    }
}

/// The numbers of lines in `@@ -a,b +c,d @@`; one where none is said.
fn counts(line: &str) -> Option<(usize, usize)> {
    let (old, new) = line.strip_prefix("@@ -")?.strip_suffix(" @@")?.split_once(" +")?;
    let count =
        |range: &str| range.split_once(',').map_or(Some(1), |(_, count)| count.parse().ok());
    Some((count(old)?, count(new)?))
}
